"""Whether two videos are one: the samples that they have in common must fill most of both, at one shift in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blift.schemas.media import FramePart
from blift.transforms.media.looks import MIRROR, DuplicateOptions

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Times = NDArray[np.float64]

#: Samples at most this far apart may show the same moment, seconds: clocks and frame rates differ.
_NEAR_S = 0.3
#: Of the longer and of the shorter video, the part that the other must lie over.
_OF_LONGER, _OF_SHORTER = 0.5, 0.75
#: Of the samples that lie over each other, those that must match; and the longest stretch, of the time, without.
_MATCHED, _LONGEST_GAP = 0.7, 0.25
#: Stretches without a match up to this long are no gap, seconds: one sample.
_SHORT_GAP_S = 1.0
#: Bits by which samples at one moment may differ beyond what finds them.
_SLACK = 2
#: Samples of a video by which shifts are looked for, and how many shifts are worth a closer look.
_ANCHORS, _SHIFTS = 96, 6
#: Where the parts of a mirrored picture lie.
_MIRRORED = {FramePart.LEFT: FramePart.RIGHT, FramePart.RIGHT: FramePart.LEFT}


class Lens(NamedTuple):
    """Hashes of the samples of a video through one lens; ``known``: which have one that tells something."""

    hashes: Hashes
    known: Flags


@dataclass(frozen=True)
class Film:
    """The samples of a video.

    Attributes:
        duration_s: from the first frame to the end of the last.
        times: when they are shown, seconds, ascending.
        whole: the whole frames; and what is inside letterbox bars.
        parts: their parts, likewise.
    """

    duration_s: float
    times: Times
    whole: tuple[Lens, Lens]
    parts: Mapping[FramePart, tuple[Lens, Lens]]

    def mirrored(self) -> Film:
        """The same video mirrored."""
        parts = {_MIRRORED.get(part, part): _flipped(lenses) for part, lenses in self.parts.items()}
        return Film(self.duration_s, self.times, _flipped(self.whole), parts)

    def reach(self, other: Film, options: DuplicateOptions) -> Iterator[tuple[Lens, Lens, int]]:
        """The lenses of both through which samples are compared, and the bits in which they may differ."""
        for ours in self.whole:
            for theirs in other.whole:
                yield ours, theirs, options.video_distance + _SLACK
        for part in FramePart:
            for ours in self.parts[part]:
                for theirs in other.parts[part]:
                    yield ours, theirs, options.part_distance + _SLACK


def _flipped(lenses: tuple[Lens, Lens]) -> tuple[Lens, Lens]:
    whole, inside = (Lens(lens.hashes ^ MIRROR, lens.known) for lens in lenses)
    return whole, inside


def film_of(row: Mapping[str, Any], options: DuplicateOptions) -> Film:
    """The samples of a row of the media table."""
    frames = row["frame_hashes"]
    times = np.array([frame["time_s"] for frame in frames], np.float64)
    plain = [frame["detail"] < options.min_detail for frame in frames]
    whole = _lens([None if dull else frame["phash"] for frame, dull in zip(frames, plain, strict=True)])
    inside = _lens([None if dull else frame["phash_unboxed"] for frame, dull in zip(frames, plain, strict=True)])
    parts = {part: _part(row["part_hashes"], part, times) for part in FramePart}
    return Film(row["duration_s"] or 0.0, times, (whole, inside), parts)


def _part(hashes: Sequence[Mapping[str, Any]], part: FramePart, times: Times) -> tuple[Lens, Lens]:
    found = {entry["time_s"]: entry for entry in hashes if entry["part"] == part.value}
    at = [found.get(time_s, {}) for time_s in times.tolist()]
    return _lens([entry.get("phash") for entry in at]), _lens([entry.get("phash_unboxed") for entry in at])


def _lens(hashes: Sequence[str | None]) -> Lens:
    known = np.array([one is not None for one in hashes], np.bool_)
    return Lens(np.array([int(one or "0", 16) for one in hashes], np.uint64), known)


class Common(NamedTuple):
    """What two videos have in common at one shift in time.

    Attributes:
        shift_s: what one shows at a time, the other shows so many seconds earlier.
        pictures: different pictures in which they match, counted up to as many as are needed.
    """

    shift_s: float
    pictures: int


def in_common(one: Film, other: Film, options: DuplicateOptions) -> Common | None:
    """What fills most of both videos; None where nothing does."""
    best: Common | None = None
    for theirs in (other, other.mirrored()) if options.turned else (other,):
        for shift_s in _likely_shifts(one, theirs, options):
            found = _at_shift(one, theirs, shift_s, options)
            if found and (best is None or found.pictures > best.pictures):
                best = found
    return best


def _likely_shifts(one: Film, other: Film, options: DuplicateOptions) -> list[float]:
    """The shifts at which most samples of one video match some of the other."""
    step = max(1, len(one.times) // _ANCHORS)
    votes: dict[int, set[int]] = {}
    for ours, theirs, bits in one.reach(other, options):
        for place in range(0, len(one.times), step):
            if not ours.known[place]:
                continue
            near = (np.bitwise_count(theirs.hashes ^ ours.hashes[place]) <= bits) & theirs.known
            for shift in np.unique(np.round((one.times[place] - other.times[near]) / _NEAR_S)).tolist():
                votes.setdefault(int(shift), set()).add(place)
    counts = {shift: len(votes[shift] | votes.get(shift + 1, set())) for shift in votes}
    likely = sorted(counts, key=lambda shift: (-counts[shift], abs(shift), shift))[:_SHIFTS]
    return [(shift + 0.5) * _NEAR_S if shift + 1 in votes else shift * _NEAR_S for shift in likely]


def _at_shift(one: Film, other: Film, shift_s: float, options: DuplicateOptions) -> Common | None:
    start_s, end_s = max(0.0, shift_s), min(one.duration_s, other.duration_s + shift_s)
    shorter_s, longer_s = sorted((one.duration_s, other.duration_s))
    if end_s - start_s < max(_OF_LONGER * longer_s, _OF_SHORTER * shorter_s) - _NEAR_S:
        return None
    over = (one.times >= start_s - _NEAR_S) & (one.times < end_s)
    told, matched = _matches(one, other, shift_s, options)
    told, matched = told & over, matched & over
    if not told.any() or matched.sum() < _MATCHED * told.sum():
        return None
    if _longest_gap(one.times, told, matched, end_s) > max(_SHORT_GAP_S, _LONGEST_GAP * (end_s - start_s)):
        return None
    return Common(shift_s, _different(one, matched, options))


def _matches(one: Film, other: Film, shift_s: float, options: DuplicateOptions) -> tuple[Flags, Flags]:
    """Which samples of one video show something, and which of these the other has at that time."""
    first = np.searchsorted(other.times, one.times - shift_s - _NEAR_S)
    count = np.searchsorted(other.times, one.times - shift_s + _NEAR_S, side="right") - first
    told, matched = np.zeros(len(one.times), np.bool_), np.zeros(len(one.times), np.bool_)
    for ours, theirs, bits in one.reach(other, options):
        told |= ours.known
        for step in range(int(count.max(initial=0))):
            at = np.minimum(first + step, len(other.times) - 1)
            alike = np.bitwise_count(ours.hashes ^ theirs.hashes[at]) <= bits
            matched |= alike & ours.known & theirs.known[at] & (count > step)
    return told, matched


def _longest_gap(times: Times, told: Flags, matched: Flags, end_s: float) -> float:
    """The longest stretch of samples that show something without a match, seconds."""
    longest = 0.0
    started: float | None = None
    for time_s, alike in zip(times[told].tolist(), matched[told].tolist(), strict=True):
        if alike:
            longest = max(longest, time_s - started if started is not None else 0.0)
            started = None
        elif started is None:
            started = time_s
    return max(longest, end_s - started) if started is not None else longest


def _different(film: Film, matched: Flags, options: DuplicateOptions) -> int:
    """Different pictures among the samples that match, counted up to as many as are needed."""
    lens = film.whole[0]
    seen: list[np.uint64] = []
    for own in lens.hashes[matched & lens.known]:
        if all(int(np.bitwise_count(own ^ other)) > options.video_distance for other in seen):
            seen.append(own)
            if len(seen) >= options.min_matches:
                break
    return len(seen)
