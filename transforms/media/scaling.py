"""Scaling pictures down at little cost, to the same values on every processor."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


def halved(picture: Plane, least: tuple[int, int]) -> Plane:
    """A picture of which each side is halved while it keeps at least so many pixels.

    Each pixel is the mean of all that it stands for; an odd line or column at the end is left out. Halving is the one
    way of averaging for which OpenCV has fast loops at every size.

    Args:
        picture: (height, width) or (height, width, channels).
        least: height and width.
    """
    while True:
        height, width = picture.shape[:2]
        down, across = 1 + (height >= 2 * least[0]), 1 + (width >= 2 * least[1])
        if down == across == 1:
            return picture
        height, width = height // down, width // across
        picture = between(picture[: height * down, : width * across], (height, width))


def between(picture: Plane, size: tuple[int, int]) -> Plane:
    """A picture scaled to a height and width, each pixel between its four neighbours; the means of two where halved."""
    return np.asarray(cv2.resize(picture, size[::-1], interpolation=cv2.INTER_LINEAR_EXACT), dtype=np.uint8)
