"""How contents travel by Xet: so much under way at a time that the line is full, and that a kill loses little."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blift.connectors.hub.xet import XORB_BYTES, Transfers

#: What is on its way is this part of all: 4 %.
_UNDER_WAY = 25
#: Where the line sends more than that part in so many seconds, what it sends in them.
_UNDER_WAY_S = 0.5
#: A call takes four requests one after another, whatever it sends: so no less than this, and in few lanes.
_LEAST_CALL_BYTES = 1 << 20
_MOST_CALL_BYTES = 1 << 30
_LEAST_LANES, _MOST_LANES = 2, 8
#: Calls that ask, or wait for an answer, while those in the lanes send.
_ASKING = 2


@dataclass(frozen=True)
class Pace:
    """What one call sends, how many calls there are at a time, and what is on its way of them.

    Attributes:
        call_bytes: bytes of one call, at most, but one file at least; more where the line is fast.
        lanes: how many such calls are to fill the line.
        calls: calls at a time.
        transfers: how many objects are on their way at a time; None for what the client finds best.
    """

    call_bytes: int
    lanes: int = 1
    calls: int = 1
    transfers: Transfers | None = None


#: By LFS each file is kept when it is there, and the client sends several of a call: one call for all.
LFS_PACE = Pace(_MOST_CALL_BYTES)


def xet_pace(sizes: Sequence[int]) -> Pace:
    """The pace by Xet for files of these sizes, in bytes.

    An object is kept when it is there, and a call makes one at least. So objects are a 25th of all by as many as travel
    at a time, where files are no larger: a file is never cut into several calls.
    """
    under_way, largest = sum(sizes) // _UNDER_WAY, max(sizes)
    lanes = min(_MOST_LANES, max(_LEAST_LANES, under_way // max(_LEAST_CALL_BYTES, largest)))
    call_bytes = min(_MOST_CALL_BYTES, max(_LEAST_CALL_BYTES, under_way // lanes))
    calls, most = lanes + _ASKING, max(call_bytes, largest)
    if most <= XORB_BYTES:
        return Pace(call_bytes, lanes, calls, Transfers(lanes, calls))
    return Pace(call_bytes, lanes, calls, Transfers(max(_LEAST_LANES, under_way // XORB_BYTES)))


class Calls:
    """Files that wait, taken a call's worth at a time by any thread.

    Args:
        sizes: of the files, in bytes.
        pace: how many bytes a call has.
        sent_bytes: how many bytes have travelled until now.
    """

    def __init__(self, sizes: Sequence[int], pace: Pace, sent_bytes: Callable[[], int]) -> None:
        self._sizes, self._pace, self._sent_bytes = sizes, pace, sent_bytes
        self._started, self._sent_before = time.monotonic(), sent_bytes()
        self._lock = threading.Lock()
        self._taken = 0

    def take(self) -> range:
        """The places of the files that the next call sends; none where all are taken."""
        with self._lock:
            most, first = self._most_bytes(), self._taken
            stop, size = first, 0
            while stop < len(self._sizes) and (stop == first or size + self._sizes[stop] <= most):
                size += self._sizes[stop]
                stop += 1
            self._taken = stop
            return range(first, stop)

    def _most_bytes(self) -> float:
        """Bytes of a call: as the pace says, or the lane's part of what the line has shown to send in half a second."""
        seconds = max(1e-3, time.monotonic() - self._started)
        rate = (self._sent_bytes() - self._sent_before) / seconds
        return max(self._pace.call_bytes, rate * _UNDER_WAY_S / self._pace.lanes)
