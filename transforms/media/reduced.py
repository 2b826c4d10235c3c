"""The hash of a picture out of a part of its pixels, as decoding a JPEG at a quarter gives them.

Such a pixel is the mean of a block of the picture's. What the hash scales to is a sum of pixels with weights, so the
means give it up to what varies within a block, up to rounding, and up to colours that are cut off at the ends of their
range before they are averaged. Where these cannot turn a bit, the hash is that of the whole picture.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import scipy.fft
from numpy.typing import NDArray

from blift.transforms.media.hashes import BITS, Look, Plane
from blift.transforms.media.lanczos import SIDE

#: Lobes of the filter LANCZOS on either side.
_LOBES = 3
_NOTHING = 1e-3
#: How far apart the two coefficients around the median must be: what rounding takes (the largest gap over which they
#: ever changed sides was 75), and what a mean cut-off of one level adds. docs/benchmarks.md: no hash of 1,400 was other
#: than the whole picture's, and none would be with three fifths of it.
_ROUNDING, _CUT_OFF = 80.0, 100.0
#: By how much of the contrast around a pixel decoding overshoots, one part of so many.
_OVERSHOOT = 10
#: How much contrast there may be around a pixel of each level until decoding is cut off at 0, or at 255.
_ABOVE_0 = np.minimum(np.arange(256) * _OVERSHOOT, 255).astype(np.uint8)
_BELOW_255 = np.ascontiguousarray(_ABOVE_0[::-1])
_AROUND = np.ones((3, 3), np.uint8)
_RED, _GREEN, _BLUE = 0.299, 0.587, 0.114

#: Pixels of the whole size by which the blocks reach beyond the picture: left, top, right, bottom.
Margins = tuple[int, int, int, int]


def look_at_means(luma: Plane, block: int, margins: Margins) -> Look:
    """A whole picture as the hash sees it, out of the means of its blocks.

    Args:
        luma: the means, (height, width).
        block: pixels along each side of a block.
        margins: of the picture, which need not be a multiple of blocks.
    """
    height, width = luma.shape
    left, top, right, bottom = margins
    across = _weights(width * block - left - right, block, left)
    down = _weights(height * block - top - bottom, block, top)
    # OpenCV's products, as numpy's wake all cores for so little.
    lines = np.clip(cv2.gemm(luma.astype(np.float32), across, 1.0, None, 0.0, flags=cv2.GEMM_2_T), 0, 255)
    small = np.clip(np.rint(cv2.gemm(down, lines, 1.0, None, 0.0)), 0, 255).astype(np.uint8)
    return Look(small, float(small.std()))


def is_certain(look: Look, rgb: Plane) -> bool:
    """Whether the hash of a look at means is that of the whole picture. ``rgb``: the means, (height, width, 3)."""
    apart = _apart(look)
    return apart > _ROUNDING and apart > _needed(rgb)  # the first is cheaper, and often enough


def certainty(look: Look, rgb: Plane) -> float:
    """How far apart the two coefficients around the median are, in shares of what is needed to be certain.

    A bit says on which side of the median a coefficient lies. Where the two in the middle are far enough apart, none
    changes sides.
    """
    return _apart(look) / _needed(rgb)


def _needed(rgb: Plane) -> float:
    return _ROUNDING + _CUT_OFF * cut_off(rgb)


def _apart(look: Look) -> float:
    coefficients = np.sort(scipy.fft.dctn(look.luma.astype(np.float64), type=2)[:BITS, :BITS], axis=None)
    middle = len(coefficients) // 2
    return float(coefficients[middle] - coefficients[middle - 1])


def cut_off(rgb: Plane) -> float:
    """By how many levels, 0..255 on average, luma may differ because decoding overshoots at edges and is cut off."""
    high, low = cv2.dilate(rgb, _AROUND), cv2.erode(rgb, _AROUND)
    swing = cv2.subtract(high, low)
    # Bytes saturate, so each difference is 0 where the range has room for the overshoot.
    over, under = cv2.subtract(swing, cv2.LUT(high, _BELOW_255)), cv2.subtract(swing, cv2.LUT(low, _ABOVE_0))
    colours = np.add(cv2.mean(over), cv2.mean(under))[:3]
    return float(colours @ (_RED, _GREEN, _BLUE)) / _OVERSHOOT


@lru_cache(maxsize=64)
def _weights(pixels: int, block: int, before: int) -> NDArray[np.float32]:
    """Shares of blocks in each line or column of the small picture, (``SIDE``, blocks).

    They are the sums of Pillow's weights of LANCZOS over the pixels of a block. The picture is taken as a parabola
    within each, with the block's mean and the means of its neighbours.

    Args:
        pixels: of the whole picture, along the axis.
        block: pixels of a block.
        before: pixels by which the first block reaches beyond the picture.
    """
    step = pixels / SIDE
    centres = (np.arange(SIDE) + 0.5) * step
    first = ((np.maximum(0, centres - _LOBES * step) + before) // block).astype(np.int64)
    span = int(2 * _LOBES * step / block) + 2
    places = (first * block - before)[:, None] + np.arange(span * block)
    offset = ((places + 0.5 - centres[:, None]) / step).astype(np.float32)
    within = (np.abs(offset) < _LOBES) & (places >= 0) & (places < pixels)
    shares = np.where(within, _lanczos(offset), np.float32(0.0))
    shares = (shares / shares.sum(axis=1, keepdims=True)).reshape(SIDE, span, block)

    place = (np.arange(block) + 0.5) / block - 0.5
    parts = np.stack([np.ones(block), place / 2, (place**2 - (place**2).mean()) / 2], axis=1).astype(np.float32)
    level, slope, bend = np.moveaxis(shares @ parts, 2, 0)
    count = -(-(pixels + before) // block)
    found = np.zeros((SIDE, count + span + 2), dtype=np.float32)
    rows, columns = np.arange(SIDE)[:, None], 1 + first[:, None] + np.arange(span)
    found[rows, columns] += level - 2 * bend
    found[rows, columns + 1] += bend + slope
    found[rows, columns - 1] += bend - slope
    found[:, 1] += found[:, 0]
    found[:, count] += found[:, count + 1 :].sum(axis=1)
    return found[:, 1 : count + 1]


def _lanczos(offset: NDArray[np.float32]) -> NDArray[np.float32]:
    """sinc(x) sinc(x / 3); ``np.sinc`` of single precision is of double, and a dozen times slower."""
    angle = np.float32(np.pi) * np.where(np.abs(offset) < _NOTHING, np.float32(_NOTHING), offset)
    return np.asarray(np.sin(angle) * np.sin(angle / _LOBES) * _LOBES / (angle * angle))
