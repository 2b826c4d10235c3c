"""Where one scene ends and the next begins, as pictures come: cuts, and the picture that stands for each scene."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

#: Candidates for the keyframe of a scene that are held, and as many after its possible end; each is a decoded frame.
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
class Candidates(Generic[T]):
    """A few pictures of a scene that begins at ``first``: every n-th, where n doubles when they become too many.

    The nearest to the middle is at most an eighth of the scene away from it, wherever the scene ends.
    """

    first: int
    _step: int = 1
    _held: dict[int, T] = field(default_factory=dict)

    def add(self, number: int, picture: T, until: int | None = None) -> None:
        """Take the next picture. ``until``: where the scene may turn out to have ended, if anywhere."""
        if (number - self.first) % self._step:
            return
        self._held[number] = picture
        within = len(self._held) if until is None else sum(held < until for held in self._held)
        if within > _HELD or len(self._held) > 2 * _HELD:
            self._step *= 2
            self._held = {held: kept for held, kept in self._held.items() if (held - self.first) % self._step == 0}

    def scene(self, stop: int) -> Stretch[T]:
        """The scene that ends before ``stop``."""
        middle = (self.first + stop) // 2
        chosen = min((held for held in self._held if held < stop), key=lambda held: (abs(held - middle), held))
        return Stretch(self.first, stop, chosen, self._held[chosen])


@dataclass
class SceneCutter(Generic[T]):
    """Pictures to scenes, each with a keyframe within an eighth of it from its middle, holding a few pictures only.

    A cut is at the picture that changed last, and may be certain only ``min_frames`` later. So pictures are held both
    since the last cut and since the last change.
    """

    min_frames: int
    _filter: CutFilter = field(init=False)
    _next: int = 0
    _running: Candidates[T] = field(default_factory=lambda: Candidates(0))
    _changed: Candidates[T] | None = None

    def __post_init__(self) -> None:
        self._filter = CutFilter(self.min_frames)

    def feed(self, picture: T, *, changed: bool) -> Iterator[Stretch[T]]:
        """Take the next picture; gives the scene that is now certain to have ended, if one has."""
        number = self._next
        self._next += 1
        if changed:
            self._changed = Candidates(number)
        self._running.add(number, picture, None if self._changed is None else self._changed.first)
        if self._changed is not None:
            self._changed.add(number, picture)
        cut = self._filter.feed(number, changed=changed)
        if cut is not None and self._changed is not None and cut > self._running.first:
            yield self._running.scene(cut)
            self._running, self._changed = self._changed, None
        elif self._changed is not None and number - self._changed.first > self.min_frames:
            self._changed = None  # too long ago to be a cut

    def end(self) -> Iterator[Stretch[T]]:
        """The last scene; none where no picture came."""
        if self._next:
            yield self._running.scene(self._next)
