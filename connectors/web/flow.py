"""How fast an answer comes. One that drips holds a worker for as long as its server likes."""

from __future__ import annotations

import time

from blift.connectors.web.refusals import NotNow

#: After so long, a body must have come at so many bytes a second on average.
_DRIP_AFTER_S, _DRIP_PER_S = 30.0, 1_000


class Flow:
    """The bytes of one answer, as they come.

    Args:
        max_s: seconds that all of it may take; None for as many as it needs.
    """

    def __init__(self, max_s: float | None = None) -> None:
        self._max_s = max_s
        self._began = time.monotonic()
        self._received = 0

    def take(self, size_bytes: int) -> None:
        """Count bytes that came.

        Raises:
            NotNow: it takes too long.
        """
        self._received += size_bytes
        seconds = time.monotonic() - self._began
        if self._max_s is not None and seconds > self._max_s:
            raise NotNow(f"it took more than {self._max_s:g} s")
        if seconds > _DRIP_AFTER_S and self._received < _DRIP_PER_S * seconds:
            raise NotNow(f"{self._received:,} bytes came in {seconds:.0f} s, which is too slow")
