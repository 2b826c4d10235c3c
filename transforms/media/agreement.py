"""Whether two pictures are one, point by point: what both show must be alike everywhere, and be most of both."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.transforms.media.alignment import Map, alignments, back, laid_over
from blift.transforms.media.sketches import Plane, Sketch

Values = NDArray[np.float64]
Flags = NDArray[np.bool_]

#: Side of the windows in which two pictures are compared, pixels of a sketch.
_WINDOW = 15
#: Standard deviation of luma from which on a window shows something, and from which on more of it does not count more.
_SHOWS, _ENOUGH = 3.0, 25.0
#: Likeness of two windows below which they differ; and correlation below which they show different things, where both
#: show something clearly.
_DIFFERS, _CONFLICTS, _CLEARLY = 0.5, 0.3, 8.0
#: Of what both pictures show, the share that may differ, and the share that may be in conflict.
_MOST_DIFFERING, _MOST_CONFLICTING = 0.03, 0.003
#: The same share in pictures that resemble each other.
_MOST_UNLIKE = 0.35
#: A turn that is no quarter turn, degrees.
_TURN = 2.0
#: What one picture shows beside what both show, over that: at most, in the one that shows more, and in the one that
#: shows less. A turned picture loses more at its corners.
_MORE, _LESS = 0.8, 0.15
_MORE_TURNED, _LESS_TURNED = 3.0, 0.7
#: Pixels that show something, at least.
_LEAST = 300


class Agreement(NamedTuple):
    """How two pictures agree.

    Attributes:
        shared: pixels of the coarser picture at which both show something.
        differing: the share of what both show that is unlike.
        conflicting: the same where both clearly show something, and different things.
        beside: what each shows outside of what both show, over that; the smaller first.
        turn: degrees from the nearest quarter turn.
    """

    shared: int
    differing: float
    conflicting: float
    beside: tuple[float, float]
    turn: float

    @property
    def same(self) -> bool:
        """The two are one picture."""
        less, more = (_LESS_TURNED, _MORE_TURNED) if self.turn > _TURN else (_LESS, _MORE)
        return (
            self.shared >= _LEAST
            and self.differing <= _MOST_DIFFERING
            and self.conflicting <= _MOST_CONFLICTING
            and self.beside[0] <= less
            and self.beside[1] <= more
        )

    @property
    def alike(self) -> bool:
        """The two resemble each other in most of what both show, which is much of either."""
        return self.shared >= _LEAST and self.differing <= _MOST_UNLIKE and self.beside[1] <= _MORE_TURNED


def like_picture(one: Sketch, other: Sketch) -> bool:
    """Two sketches resemble each other: they may be of one picture behind a logo, or of one a moment later."""
    return any(agreement(finer, coarser, where).alike for finer, coarser, where in alignments(one, other))


def same_picture(one: Sketch, other: Sketch) -> bool:
    """Two sketches are of one picture, though it may be turned, mirrored, cropped a little, framed, or recompressed."""
    return any(agreement(finer, coarser, where).same for finer, coarser, where in alignments(one, other))


def agreement(finer: Plane, coarser: Plane, where: Map) -> Agreement:
    """How two pictures agree, of which the finer lies at ``where`` in the coarser."""
    size = (coarser.shape[1], coarser.shape[0])
    laid, covers = laid_over(np.asarray(cv2.GaussianBlur(finer, (0, 0), 1.0)), where, size)
    ours, theirs = laid.astype(np.float64), _soft(coarser)
    inside = cv2.erode(covers.astype(np.uint8), np.ones((_WINDOW, _WINDOW), np.uint8)).astype(bool)
    our_variance, their_variance = _variance(ours), _variance(theirs)
    gain = math.sqrt(max(1.0, _mean(their_variance, inside)) / max(1.0, _mean(our_variance, inside)))
    own, other = np.sqrt(our_variance) * gain, np.sqrt(their_variance)
    covariance = gain * (_local(ours * theirs) - _local(ours) * _local(theirs))
    strength = np.maximum(own, other)
    shown = inside & (strength > _SHOWS)
    weight = np.minimum(strength, _ENOUGH) * shown
    total = max(1.0, float(weight.sum()))
    likeness = (2 * covariance + _SHOWS**2) / (own**2 + other**2 + _SHOWS**2)
    clear = np.minimum(own, other) > _CLEARLY
    conflict = clear & (covariance < _CONFLICTS * own * other)
    covered = cv2.warpAffine(np.ones(coarser.shape, np.uint8), back(where), finer.shape[::-1], flags=cv2.INTER_NEAREST)
    beside = sorted((_beside(theirs, covers), _beside(_soft(finer), covered.astype(bool))))
    return Agreement(
        int(shown.sum()),
        float((weight * (likeness < _DIFFERS)).sum()) / total,
        float((weight * conflict).sum()) / total,
        (beside[0], beside[1]),
        _turn(where),
    )


def _beside(picture: Values, shared: Flags) -> float:
    """Pixels that show something outside of the shared part, over those inside."""
    shows = np.sqrt(_variance(picture)) > _SHOWS
    return float((shows & ~shared).sum()) / max(1.0, float((shows & shared).sum()))


def _turn(where: Map) -> float:
    degrees = math.degrees(math.atan2(where[1, 0], where[0, 0])) % 90
    return min(degrees, 90 - degrees)


def _soft(picture: Plane) -> Values:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0), np.float64)


def _local(values: Values) -> Values:
    return np.asarray(cv2.boxFilter(values, cv2.CV_64F, (_WINDOW, _WINDOW)))


def _variance(values: Values) -> Values:
    return np.maximum(_local(values**2) - _local(values) ** 2, 0)


def _mean(values: Values, where: Flags) -> float:
    return float(values[where].mean()) if where.any() else 0.0
