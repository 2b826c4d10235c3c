"""Where one scene ends and the next begins, as pictures come: cuts, and the picture that stands for each scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

#: Candidates for the keyframe of the running scene that are held; each holds a decoded frame.
_HELD = 8


@dataclass
class CutFilter:
    """Cuts at least ``min_frames`` apart, out of pictures that differ enough from the one before.

    A burst of changes within that distance counts as one cut, at its last change, as
    ``scenedetect.detector.FlashFilter`` does in its mode MERGE, whose cuts these are (a test compares them).
    """

    min_frames: int
    _last: int | None = None
    _started: bool = False
    _burst: int | None = None

    def feed(self, number: int, *, changed: bool) -> int | None:
        """The frame number of a cut that is now certain, if there is one; it may lie behind ``number``."""
        if self.min_frames <= 0:
            return number if changed else None
        if self._last is None:
            self._last = number
        far = number - self._last >= self.min_frames
        if changed:
            self._last = number
        if self._burst is not None:
            if far and not changed and self._last - self._burst >= self.min_frames:
                self._burst = None
                return self._last
            return None
        if not changed:
            return None
        if far:
            self._started = True
            return number
        if self._started:
            self._burst = number
        return None


@dataclass(frozen=True)
class Stretch(Generic[T]):
    """Frames ``first`` to ``stop`` - 1, and the one that stands for them: a frame near the middle."""

    first: int
    stop: int
    keyframe_number: int
    keyframe: T


@dataclass
class SceneCutter(Generic[T]):
    """Pictures to scenes, each with a keyframe, holding a few pictures only.

    Whoever cuts does not know a scene's middle before its end. So every n-th frame since the cut is held, and n
    doubles when they become too many: the nearest to the middle is at most an eighth of the scene away from it.
    """

    min_frames: int
    _filter: CutFilter = field(init=False)
    _first: int = 0
    _next: int = 0
    _step: int = 1
    _held: dict[int, T] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._filter = CutFilter(self.min_frames)

    def feed(self, picture: T, *, changed: bool) -> Iterator[Stretch[T]]:
        """Take the next picture; gives the scene that is now certain to have ended, if one has."""
        number = self._next
        self._next += 1
        if number % self._step == 0:
            self._hold(number, picture)
        cut = self._filter.feed(number, changed=changed)
        if cut is not None and cut > self._first:
            yield self._close(cut)
            self._held[number] = picture  # so that the new scene has one whenever it ends

    def end(self) -> Iterator[Stretch[T]]:
        """The last scene; none where no picture came."""
        if self._next:
            yield self._close(self._next)

    def _hold(self, number: int, picture: T) -> None:
        self._held[number] = picture
        while len(self._held) > _HELD:
            self._step *= 2
            first = min(self._held)
            self._held = {held: kept for held, kept in self._held.items() if held % self._step == 0 or held == first}

    def _close(self, stop: int) -> Stretch[T]:
        middle = (self._first + stop) // 2
        of_scene = [number for number in self._held if self._first <= number < stop]
        chosen = min(of_scene, key=lambda number: (abs(number - middle), number))
        scene = Stretch(self._first, stop, chosen, self._held[chosen])
        self._held = {number: picture for number, picture in self._held.items() if number >= stop}
        self._first, self._step = stop, 1
        return scene
