"""Video through decord: some frames out of many, which it finds by their number or their time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import decord
import numpy as np

from blift.connectors.media.frames import ArrayFrame
from blift.connectors.media.limits import Limits, Refused, check_length
from blift.connectors.media.pyav import facts_of
from blift.schemas.media import Decoder
from blift.schemas.reasons import Reason

#: Frames that are fetched together.
_BATCH = 16


class DecordVideo:
    """A video opened with decord. ``longest``: of the working size, pixels.

    What the container says is read, and held against the limits, by PyAV before decord sees the file.
    """

    decoder = Decoder.DECORD
    damage = None  # decord gives all frames or fails

    def __init__(self, path: str, limits: Limits, longest: int) -> None:
        self.facts = facts_of(path, limits)
        self._longest = longest
        decord.logging.set_level(decord.logging.FATAL)
        try:
            self._reader = decord.VideoReader(path, num_threads=1)
            times = np.asarray(self._reader.get_frame_timestamp(range(len(self._reader))), dtype=np.float64)
        except (decord.DECORDError, RuntimeError, IndexError) as error:
            raise Refused(Reason.DAMAGED, _cause(error)) from error
        self._starts, self._ends = (times - times[0, 0]).T
        check_length(len(self._starts), float(self._ends[-1]), limits)

    @property
    def claimed_s(self) -> float:
        """How long the video is, seconds."""
        return float(self._ends[-1])

    def every_frame(self) -> Iterator[ArrayFrame]:
        """All frames, in order."""
        yield from self._numbered(range(len(self._starts)))

    def frames_at(self, times_s: Sequence[float]) -> Iterator[ArrayFrame]:
        """The frames shown at some times, in seconds from the first frame."""
        places = np.searchsorted(self._ends, np.sort(np.asarray(times_s, dtype=np.float64)), side="right")
        yield from self._numbered(sorted({int(place) for place in places if place < len(self._ends)}))

    def key_frames(self) -> Iterator[ArrayFrame]:
        """The frames that are coded by themselves."""
        yield from self._numbered(self._reader.get_key_indices())

    def close(self) -> None:
        """Let the file go."""
        del self._reader

    def _numbered(self, numbers: Sequence[int]) -> Iterator[ArrayFrame]:
        bounds = [*range(0, len(numbers), _BATCH), len(numbers)]
        for first, stop in pairwise(bounds):
            some = list(numbers[first:stop])
            try:
                pictures = self._reader.get_batch(some).asnumpy()
            except (decord.DECORDError, RuntimeError, IndexError) as error:
                raise Refused(Reason.DAMAGED, _cause(error)) from error
            for number, rgb in zip(some, pictures, strict=True):
                start_s, end_s = float(self._starts[number]), float(self._ends[number])
                yield ArrayFrame(number, start_s, end_s, rgb, self._longest)


def _cause(error: Exception) -> str:
    """The last clause of decord's message: the others name its own source files."""
    return str(error).strip().splitlines()[0].rsplit(": ", 1)[-1].lower()
