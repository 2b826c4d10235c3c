"""Where one picture lies in another: maps between sketches, by their frames and by their keypoints, best first."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.transforms.media.hashes import Box
from blift.transforms.media.sketches import Descriptors, Plane, Points, Sketch

#: An affine map from places in one picture to places in the other, of shape (2, 3).
Map = NDArray[np.float64]

#: The ratio of width to height of two frames that may be one picture differs by this factor at most.
_STRETCH = 1.1
#: Of the nearest descriptor's distance, the second nearest is further by this factor (Lowe 2004, 7.1).
_TELLING = 0.85
#: Keypoints that must agree on one map, and the pixels by which each may miss its place.
_LEAST_POINTS, _MISS = 6, 3.0
#: Pictures are looked at roughly at a quarter of their width, to tell which map is worth a closer look.
_ROUGHLY = 4
#: Correlation from which on it is, and how many maps are.
_WORTH, _MAPS = 0.3, 2
#: The map is refined until it changes by less than this, or so many times (Evangelidis, Psarakis 2008).
_REFINED = (3, 30, 1e-4)
#: Of either picture, the part that must lie in the other.
_LEAST_OVERLAP = 0.15


def scale_of(where: Map) -> float:
    """By how much a map enlarges."""
    return math.sqrt(abs(float(np.linalg.det(where[:, :2]))))


def back(where: Map) -> Map:
    """The map in the other direction."""
    return np.asarray(cv2.invertAffineTransform(where), np.float64)


def alignments(one: Sketch, other: Sketch) -> Iterator[tuple[Plane, Plane, Map]]:
    """The finer picture, the coarser one, and where the first lies in the second; the likeliest first."""
    found = [_down(one, other, where) for where in (*_by_frames(one, other), *_by_keypoints(one, other))]
    rated = [(_rough_correlation(*way), place) for place, way in enumerate(found)]
    for correlation, place in sorted(rated, key=lambda entry: (-entry[0], entry[1]))[:_MAPS]:
        if correlation >= _WORTH:
            finer, coarser, where = found[place]
            yield finer, coarser, _refined(finer, coarser, where)


def laid_over(finer: Plane, where: Map, size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The finer picture as it lies in the coarser one, of ``size``, and which of its pixels it covers."""
    laid = cv2.warpAffine(softened(finer, where).astype(np.float32), where, size, flags=cv2.INTER_LINEAR)
    covers = cv2.warpAffine(np.ones(finer.shape, np.float32), where, size, flags=cv2.INTER_LINEAR)
    return np.asarray(laid), np.asarray(covers > 0.99)  # noqa: PLR2004 - all but what rounding takes


def softened(finer: Plane, where: Map) -> Plane:
    """The finer picture without what is too fine for the coarser one."""
    sigma = 0.5 * math.sqrt(max(0.0, 1 / scale_of(where) ** 2 - 1))
    return np.asarray(cv2.GaussianBlur(finer, (0, 0), sigma)) if sigma > 0.2 else finer  # noqa: PLR2004 - no change


def _down(one: Sketch, other: Sketch, where: Map) -> tuple[Plane, Plane, Map]:
    if scale_of(where) > 1.0001:  # noqa: PLR2004 - the same for pictures of one size, in either order
        return other.luma, one.luma, back(where)
    return one.luma, other.luma, where


def _by_frames(one: Sketch, other: Sketch) -> Iterator[Map]:
    """Frame laid on frame, with and without bars, in all flips and quarter turns that fit."""
    for ours, theirs in product(one.boxes, other.boxes):
        for turns, mirrored in product(range(4), (False, True)):
            if _fits(ours, theirs, turns):
                yield _frame_map(ours, theirs, turns, mirrored=mirrored)


def _fits(ours: Box, theirs: Box, turns: int) -> bool:
    ratio = (ours.right - ours.left) / (ours.bottom - ours.top)
    wanted = (theirs.right - theirs.left) / (theirs.bottom - theirs.top)
    stretch = (1 / ratio if turns % 2 else ratio) / wanted
    return 1 / _STRETCH <= stretch <= _STRETCH


def _frame_map(ours: Box, theirs: Box, turns: int, *, mirrored: bool) -> Map:
    corners = np.array([(0, 0), (1, 0), (0, 1)], np.float64)
    goal = corners.copy()
    if mirrored:
        goal[:, 0] = 1 - goal[:, 0]
    for _ in range(turns):
        goal = np.stack([goal[:, 1], 1 - goal[:, 0]], axis=1)
    return np.asarray(cv2.getAffineTransform(_in_box(corners, ours), _in_box(goal, theirs)), np.float64)


def _in_box(corners: Points, box: Box) -> NDArray[np.float32]:
    start = np.array([box.left, box.top], np.float64)
    size = np.array([box.right - box.left, box.bottom - box.top], np.float64)
    return (start + corners * size - 0.5).astype(np.float32)


def _by_keypoints(one: Sketch, other: Sketch) -> Iterator[Map]:
    """The similarity on which most keypoints agree, and the same with one picture mirrored."""
    points, descriptors = one.keypoints
    straight = _consensus(points, descriptors, *other.keypoints)
    if straight is not None:
        yield straight
    mirrored = _consensus(points, descriptors, *other.mirrored_keypoints)
    if mirrored is not None:
        flip = np.array([[-1.0, 0.0, other.size[0] - 1.0], [0.0, 1.0, 0.0]])
        turned = flip[:, :2] @ mirrored
        turned[:, 2] += flip[:, 2]
        yield turned


def _consensus(ours: Points, our_words: Descriptors, theirs: Points, their_words: Descriptors) -> Map | None:
    if min(len(ours), len(theirs)) < _LEAST_POINTS:
        return None
    likeness = our_words @ their_words.T
    nearest, rows = likeness.argmax(axis=1), np.arange(len(ours))
    best = likeness[rows, nearest]
    mutual = likeness.argmax(axis=0)[nearest] == rows
    likeness[rows, nearest] = -1
    telling = _distance(best) < _TELLING * _distance(likeness.max(axis=1))
    alike = mutual & telling
    if alike.sum() < _LEAST_POINTS:
        return None
    found, agree = cv2.estimateAffinePartial2D(
        ours[alike], theirs[nearest[alike]], method=cv2.RANSAC, ransacReprojThreshold=_MISS
    )
    if found is None or agree.sum() < _LEAST_POINTS:
        return None
    return np.asarray(found, np.float64)


def _distance(likeness: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.maximum(0, 2 - 2 * likeness))


def _rough_correlation(finer: Plane, coarser: Plane, where: Map) -> float:
    """How alike two pictures are where they lie over each other, -1 to 1, seen roughly."""
    size = (max(1, coarser.shape[1] // _ROUGHLY), max(1, coarser.shape[0] // _ROUGHLY))
    rough = cv2.resize(coarser, size, interpolation=cv2.INTER_AREA)
    across, down = size[0] / coarser.shape[1], size[1] / coarser.shape[0]
    shrunk = np.array([[across], [down]]) * where
    shrunk[:, 2] += np.array([across, down]) / 2 - 0.5
    laid, covers = laid_over(finer, shrunk, size)
    least = _LEAST_OVERLAP * min(rough.size, finer.size * scale_of(shrunk) ** 2)
    if covers.sum() < max(least, 2):
        return -1.0
    ours, theirs = laid[covers].astype(np.float64), rough[covers].astype(np.float64)
    ours, theirs = ours - ours.mean(), theirs - theirs.mean()
    return float((ours * theirs).sum() / math.sqrt((ours**2).sum() * (theirs**2).sum() + 1))


def _refined(finer: Plane, coarser: Plane, where: Map) -> Map:
    """The map moved, turned and scaled a little so that the pictures fit best; as it is where that leads nowhere."""
    soft = cv2.GaussianBlur(softened(finer, where), (0, 0), 1.5)
    wanted = cv2.GaussianBlur(coarser, (0, 0), 1.5)
    covers = laid_over(finer, where, (coarser.shape[1], coarser.shape[0]))[1].astype(np.uint8)
    try:
        _, found = cv2.findTransformECC(
            wanted, soft, back(where).astype(np.float32), cv2.MOTION_AFFINE, _REFINED, covers, 1
        )
    except cv2.error:  # it does not converge
        return where
    return back(np.asarray(found, np.float64))
