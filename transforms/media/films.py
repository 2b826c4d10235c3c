"""Whether two videos are one: the samples that they have in common must fill most of both, at one shift in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blift.schemas.media import FramePart
from blift.transforms.media.looks import TURNS, DuplicateOptions, turned_hashes

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Times = NDArray[np.float64]

#: Steps in which likely shifts are looked for, seconds.
_NEAR_S = 0.3
#: Samples at most this far apart are of one moment at a shift that fits, seconds: of whole frames a dozen are known a
#: second, of parts few. Within a wider window, frames of two moving pictures are alike by chance.
_CLOSE_S, _CLOSE_PART_S = 0.045, 0.08
#: What is tried beside each likely shift, seconds.
_BESIDE_S = (0.0, -0.05, 0.05, -0.1, 0.1, -0.15, 0.15)
#: A sample and the part of it are of one frame; sums of frame lengths miss a tick of the clock by less, in samples.
_SAME_S, _ALMOST = 0.02, 1e-6
#: Of the longer and of the shorter video, the part that the other must lie over.
_OF_LONGER, _OF_SHORTER = 0.5, 0.75
#: Of the samples that lie over each other, those that must match; and the longest stretch, of the time, without.
_MATCHED, _LONGEST_GAP = 0.7, 0.25
#: Stretches without a match up to this long are no gap, seconds: one sample.
_SHORT_GAP_S = 1.0
#: Bits by which samples at one moment may differ beyond what finds them; and where only whole frames are compared, and
#: sketches decide: a turn, a few colours or another frame rate change the hashes of pictures of little detail by more.
_SLACK, _ROUGH_SLACK = 2, 10
#: Moments of two videos that are compared, of each, and the share of them that may be alike through a part.
_COMPARED, _ALIKE = 24, 0.3
#: Samples of a video by which shifts are looked for, and how many shifts are worth a closer look.
_ANCHORS, _SHIFTS = 96, 6
#: Where the parts of a mirrored picture lie.
_MIRRORED = {FramePart.LEFT: FramePart.RIGHT, FramePart.RIGHT: FramePart.LEFT}


class Lens(NamedTuple):
    """Hashes of a video through one lens, and when what they are of is shown, seconds, ascending."""

    times: Times
    hashes: Hashes


class Compared(NamedTuple):
    """Samples of a video through a lens, and the lens of another video that they are compared with.

    Attributes:
        hashes: at each sample. ``known``: which samples have one.
        bits: by which hashes may differ; ``near_s``: the same for times, seconds.
    """

    hashes: Hashes
    known: Flags
    theirs: Lens
    bits: int
    near_s: float


@dataclass(frozen=True)
class Film:
    """What of a video is compared.

    Attributes:
        duration_s: from the first frame to the end of the last.
        samples_s: times of its samples, seconds, ascending.
        whole: glimpses of whole frames; and of what is inside letterbox bars.
        parts: parts of samples, likewise.
    """

    duration_s: float
    samples_s: Times
    whole: tuple[Lens, Lens]
    parts: Mapping[FramePart, tuple[Lens, Lens]]

    def turned(self, turns: int, *, mirrored: bool) -> Film:
        """The same video with its pictures mirrored, then turned; of turned ones, parts are not known."""
        if turns:
            return Film(self.duration_s, self.samples_s, _turned(self.whole, turns, mirrored=mirrored), {})
        if not mirrored:
            return self
        parts = {_MIRRORED.get(part, part): _turned(lenses, 0, mirrored=True) for part, lenses in self.parts.items()}
        return Film(self.duration_s, self.samples_s, _turned(self.whole, 0, mirrored=True), parts)

    def compared_with(self, other: Film, options: DuplicateOptions, *, roughly: bool = False) -> list[Compared]:
        """How the samples of this video are compared with another one."""
        bits, part_bits = options.video_distance + _SLACK, options.part_distance + _SLACK
        if roughly:
            bits = options.video_distance + _ROUGH_SLACK
        lenses = [(*pair, bits, _CLOSE_S) for pair in product(self.whole, other.whole)]
        for part in () if roughly else self.parts.keys() & other.parts.keys():
            pairs = product(self.parts[part], other.parts[part])
            lenses += [(*pair, part_bits, _CLOSE_PART_S) for pair in pairs if _tells(*pair, part_bits)]
        return [Compared(*self.at_samples(ours), theirs, most, near_s) for ours, theirs, most, near_s in lenses]

    def at_samples(self, lens: Lens) -> tuple[Hashes, Flags]:
        """The hash through a lens at each sample, and which samples have one."""
        if not len(lens.times):
            return np.zeros(len(self.samples_s), np.uint64), np.zeros(len(self.samples_s), np.bool_)
        at = np.minimum(np.searchsorted(lens.times, self.samples_s - _SAME_S), len(lens.times) - 1)
        return lens.hashes[at], np.abs(lens.times[at] - self.samples_s) <= _SAME_S


def _tells(one: Lens, other: Lens, bits: int) -> bool:
    """Whether a part shows what moves: through a large logo that is in both, all moments look alike."""
    ours, theirs = (lens.hashes[:: max(1, len(lens.hashes) // _COMPARED)] for lens in (one, other))
    alike = np.bitwise_count(ours[:, np.newaxis] ^ theirs) <= bits
    return bool(alike.size) and float(alike.mean()) <= _ALIKE


def _turned(lenses: tuple[Lens, Lens], turns: int, *, mirrored: bool) -> tuple[Lens, Lens]:
    whole, inside = (Lens(lens.times, turned_hashes(lens.hashes, turns, mirrored=mirrored)) for lens in lenses)
    return whole, inside


def film_of(row: Mapping[str, Any], options: DuplicateOptions) -> Film:
    """The film of a row of the media table with its ``glimpses``."""
    glimpses = row["glimpses"]
    times = np.array([one["time_s"] for one in glimpses], np.float64)
    _, first = np.unique(np.floor(times * options.per_s + _ALMOST), return_index=True)
    whole = _lens([(one["time_s"], one["whole"]) for one in glimpses])
    inside = _lens([(one["time_s"], one["inside"]) for one in glimpses])
    return Film(row["duration_s"] or 0.0, times[first], (whole, inside), _parts(row["part_hashes"]))


def _parts(hashes: Sequence[Mapping[str, Any]]) -> dict[FramePart, tuple[Lens, Lens]]:
    found: dict[FramePart, tuple[Lens, Lens]] = {}
    for part in FramePart:
        own = [entry for entry in hashes if entry["part"] == part.value]
        whole, inside = (
            _lens([(entry["time_s"], entry[name] and int(entry[name], 16)) for entry in own])
            for name in ("phash", "phash_unboxed")
        )
        found[part] = (whole, inside)
    return found


def _lens(seen: Sequence[tuple[float, int | None]]) -> Lens:
    known = [(time_s, own) for time_s, own in seen if own is not None]
    times, hashes = ([entry[side] for entry in known] for side in (0, 1))
    return Lens(np.array(times, np.float64), np.array(hashes, np.uint64))


class Common(NamedTuple):
    """What two videos have in common at one shift in time.

    Attributes:
        shift_s: what one shows at a time, the other shows so many seconds earlier.
        pictures: different pictures in which they match, counted up to as many as are needed.
    """

    shift_s: float
    pictures: int


def in_common(one: Film, other: Film, options: DuplicateOptions, *, roughly: bool = False) -> Common | None:
    """What fills most of both videos, whichever way their pictures are turned; None where nothing does.

    Args:
        one: a video. ``other``: the other.
        options: when two files show the same.
        roughly: hashes of whole frames may differ by more bits, so that sketches have to confirm what is found.
    """
    best: Common | None = None
    for turns, mirrored in ((0, False), (0, True), *TURNS) if options.turned else ((0, False),):
        theirs = other.turned(turns, mirrored=mirrored)
        compared = one.compared_with(theirs, options, roughly=roughly)
        for shift_s, beside_s in product(_likely_shifts(one, compared), _BESIDE_S):
            found = _at_shift(one, theirs, compared, shift_s + beside_s, options)
            if found and (best is None or found.pictures > best.pictures):
                best = found
        if best is not None and best.pictures >= options.min_matches:
            break
    return best


def _likely_shifts(one: Film, compared: Sequence[Compared]) -> list[float]:
    """The shifts at which most samples of one video match some of the other."""
    step = max(1, len(one.samples_s) // _ANCHORS)
    votes: dict[int, set[int]] = {}
    for hashes, known, theirs, bits, _ in compared:
        for place in np.flatnonzero(known)[::step].tolist():
            near = theirs.times[np.bitwise_count(theirs.hashes ^ hashes[place]) <= bits]
            for shift in np.unique(np.round((one.samples_s[place] - near) / _NEAR_S)).tolist():
                votes.setdefault(int(shift), set()).add(place)
    counts = {shift: len(votes[shift] | votes.get(shift + 1, set())) for shift in votes}
    likely = sorted(counts, key=lambda shift: (-counts[shift], abs(shift), shift))[:_SHIFTS]
    return [(shift + 0.5) * _NEAR_S if shift + 1 in votes else shift * _NEAR_S for shift in likely]


def _at_shift(
    one: Film, other: Film, compared: Sequence[Compared], shift_s: float, options: DuplicateOptions
) -> Common | None:
    start_s, end_s = max(0.0, shift_s), min(one.duration_s, other.duration_s + shift_s)
    shorter_s, longer_s = sorted((one.duration_s, other.duration_s))
    if end_s - start_s < max(_OF_LONGER * longer_s, _OF_SHORTER * shorter_s) - _NEAR_S:
        return None
    over = (one.samples_s >= start_s - _NEAR_S) & (one.samples_s < end_s)
    told, matched = _matches(one.samples_s, compared, shift_s)
    told, matched = told & over, matched & over
    if not told.any() or matched.sum() < _MATCHED * told.sum():
        return None
    if _longest_gap(one.samples_s, told, matched, end_s) > max(_SHORT_GAP_S, _LONGEST_GAP * (end_s - start_s)):
        return None
    return Common(shift_s, _different(one, matched, options))


def _matches(samples_s: Times, compared: Sequence[Compared], shift_s: float) -> tuple[Flags, Flags]:
    """Which samples of one video show something, and which of these the other has at that time."""
    told, matched = np.zeros(len(samples_s), np.bool_), np.zeros(len(samples_s), np.bool_)
    for hashes, known, theirs, bits, near_s in compared:
        first = np.searchsorted(theirs.times, samples_s - shift_s - near_s)
        count = np.searchsorted(theirs.times, samples_s - shift_s + near_s, side="right") - first
        told |= known
        for step in range(int(count.max(initial=0))):
            at = np.minimum(first + step, len(theirs.times) - 1)
            alike = np.bitwise_count(hashes ^ theirs.hashes[at]) <= bits
            matched |= alike & known & (count > step)
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
    hashes, known = film.at_samples(film.whole[0])
    seen: list[np.uint64] = []
    for own in hashes[matched & known]:
        if all(int(np.bitwise_count(own ^ other)) > options.video_distance for other in seen):
            seen.append(own)
            if len(seen) >= options.min_matches:
                break
    return len(seen)
