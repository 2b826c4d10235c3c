"""Small pictures that are compared point by point: how they are made, and their keypoints."""

from __future__ import annotations

import math
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.transforms.media.hashes import Box, inside_bars

Plane = NDArray[np.uint8]
Points = NDArray[np.float64]
Descriptors = NDArray[np.float32]

#: Pixels of a sketch, about: enough to tell words of a screenshot apart by their lengths.
_PIXELS = 60_000
#: Sides below which there is nothing to compare, and beyond which a picture is no more than a line.
_LEAST_SIDE, _MOST_SIDE = 8, 2000
#: Keypoints of a sketch, and the contrast of the faintest one, 0..1.
_KEYPOINTS, _CONTRAST = 400, 0.02


def sketch_of(luma: Plane) -> Plane:
    """A picture at some 60,000 pixels; as it is where it has fewer. ``luma``: (height, width)."""
    return shrunk(luma, _PIXELS)


def shrunk(luma: Plane, pixels: int) -> Plane:
    """A picture at so many pixels, about; as it is where it has fewer. ``luma``: (height, width)."""
    height, width = luma.shape
    scale = min(1.0, math.sqrt(pixels / (width * height)))
    size = [min(_MOST_SIDE, max(_LEAST_SIDE, round(side * scale))) for side in (width, height)]
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA))


class Sketch:
    """A small picture, with what of it is needed to find it in others, each computed once.

    Args:
        luma: (height, width).
    """

    def __init__(self, luma: Plane) -> None:
        self.luma = luma

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.luma.shape[1], self.luma.shape[0]

    @cached_property
    def boxes(self) -> list[Box]:
        """All of it, and what is inside its letterbox bars."""
        inside = inside_bars(self.luma)
        whole = Box(0, 0, *self.size)
        return [whole, inside] if inside else [whole]

    @cached_property
    def keypoints(self) -> tuple[Points, Descriptors]:
        """Places of its keypoints, of shape (n, 2), and their descriptors, (n, 128), of length 1."""
        return _keypoints(self.luma)

    @cached_property
    def mirrored_keypoints(self) -> tuple[Points, Descriptors]:
        """The same of the mirrored picture; places are those in the mirrored one."""
        return _keypoints(np.ascontiguousarray(self.luma[:, ::-1]))


def _keypoints(luma: Plane) -> tuple[Points, Descriptors]:
    """SIFT (Lowe 2004) with the descriptors of RootSIFT (Arandjelovic, Zisserman 2012)."""
    found, descriptors = cv2.SIFT.create(_KEYPOINTS, 3, _CONTRAST).detectAndCompute(luma, None)
    if not found:
        return np.empty((0, 2)), np.empty((0, 128), np.float32)
    sums = np.maximum(descriptors.sum(axis=1, keepdims=True), 1.0)
    return np.array([point.pt for point in found], np.float64), np.sqrt(descriptors / sums).astype(np.float32)
