"""Marks of a picture: hashes of patches around its keypoints, which stay when it is turned, cropped or framed."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.transforms.media.sketches import Plane, shrunk

Patches = NDArray[np.uint8]

#: Pixels of the picture in which keypoints are looked for, about; SIFT doubles its sides first.
_PIXELS = 30_000
#: Keypoints that are described, and marks that are kept of them.
_DESCRIBED, _KEPT = 128, 60
#: Marks are spread over so many cells a side, of which none has more than this.
_CELLS, _IN_CELL = 5, 6
#: Contrast of the faintest keypoint, 0..1; pixels across the smallest.
_CONTRAST, _SMALLEST = 0.02, 3.2
#: A patch: its side, and the radius that it shows, in radii of the keypoint.
_SIDE, _REACH = 32, 8.0
#: Standard deviation of the window that takes the patch's rim out, pixels of the patch.
_WINDOW = 9.0
#: How many frequencies along each axis a transform of a patch has, of which the lowest 64 make the hash.
_FREQUENCIES, _BITS = 9, 64
#: The share of a patch's coefficients that are weak: how strong the strongest of them is says how sure its bits are.
_WEAK = 0.25


class Mark(NamedTuple):
    """A keypoint: its place, its radius (pixels of the reduced picture), and its direction, radians."""

    x: float
    y: float
    radius: float
    angle: float


def _basis() -> NDArray[np.float32]:
    angles = np.pi * np.outer(np.arange(_FREQUENCIES), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE)
    return np.cos(angles).astype(np.float32)


def _window() -> NDArray[np.float32]:
    along = np.exp(-((np.arange(_SIDE) - (_SIDE - 1) / 2) ** 2) / (2 * _WINDOW**2))
    return np.outer(along, along).astype(np.float32)


_BASIS, _RIM = _basis(), _window()
#: Frequencies (down, across) of the bits of a hash, by their sum, without the mean.
_ORDER = sorted(np.ndindex(_FREQUENCIES, _FREQUENCIES), key=lambda pair: (sum(pair), pair))[1 : _BITS + 1]
_DOWN, _ACROSS = (np.array(side) for side in zip(*_ORDER, strict=True))


def marks(luma: Plane) -> NDArray[np.uint64]:
    """Hashes of the patches of a picture that are surest to come again, at most 60, in ascending order.

    A mark is a patch around a keypoint (SIFT, Lowe 2004), turned to the keypoint's direction; a bit is the sign of one
    coefficient of its cosine transform. Of patches those stay whose weak coefficients are strong: few of their bits
    change when the picture is scaled, turned or recompressed.

    Args:
        luma: (height, width).
    """
    reduced = shrunk(luma, _PIXELS)
    found = _keypoints(reduced)
    if not found:
        return np.empty(0, np.uint64)
    coefficients = _transformed(_patches(reduced, found))
    bits = np.ascontiguousarray(np.packbits(coefficients > 0, axis=1))
    hashes = bits.view(">u8").astype(np.uint64).ravel()
    size = np.abs(coefficients)
    sureness = np.quantile(size, _WEAK, axis=1) / (1 + np.sqrt((size**2).mean(axis=1)))
    return np.unique(hashes[_spread(found, sureness, reduced.shape)])


def _keypoints(reduced: Plane) -> list[Mark]:
    found = cv2.SIFT.create(contrastThreshold=_CONTRAST).detect(reduced, None)
    large = (point for point in found if point.size >= _SMALLEST)
    ranked = sorted(large, key=lambda point: (-point.response * math.sqrt(point.size), point.pt, point.angle))
    return [Mark(point.pt[0], point.pt[1], point.size / 2, math.radians(point.angle)) for point in ranked[:_DESCRIBED]]


def _patches(reduced: Plane, found: list[Mark]) -> Patches:
    pyramid = [reduced]
    while min(pyramid[-1].shape) > _SIDE:
        pyramid.append(np.asarray(cv2.pyrDown(pyramid[-1])))
    return np.stack([_patch(pyramid, mark) for mark in found])


def _patch(pyramid: list[Plane], mark: Mark) -> Plane:
    """What is around a keypoint, out of the level that has its size."""
    middle = (_SIDE - 1) / 2
    step = _REACH * mark.radius / middle
    level = min(len(pyramid) - 1, max(0, math.floor(math.log2(step))))
    step /= 2**level
    across, down = step * math.cos(mark.angle), step * math.sin(mark.angle)
    x, y = ((place + 0.5) / 2**level - 0.5 for place in (mark.x, mark.y))
    where = np.array([[across, -down, x - middle * (across - down)], [down, across, y - middle * (across + down)]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(pyramid[level], where, (_SIDE, _SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )


def _transformed(patches: Patches) -> NDArray[np.float32]:
    """The lowest frequencies of patches: of shape (patches, 64)."""
    values = patches.astype(np.float32)
    windowed = (values - values.mean(axis=(1, 2), keepdims=True)) * _RIM
    return np.asarray((_BASIS @ windowed @ _BASIS.T)[:, _DOWN, _ACROSS])


def _spread(found: list[Mark], sureness: NDArray[np.floating], shape: tuple[int, ...]) -> list[int]:
    """The surest, spread over the picture."""
    kept: list[int] = []
    held: dict[tuple[int, int], int] = {}
    for place in np.argsort(-sureness, kind="stable").tolist():
        mark = found[place]
        cell = int(mark.x * _CELLS / shape[1]), int(mark.y * _CELLS / shape[0])
        if held.get(cell, 0) < _IN_CELL:
            held[cell] = held.get(cell, 0) + 1
            kept.append(place)
    return kept[:_KEPT]
