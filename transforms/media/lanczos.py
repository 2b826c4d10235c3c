"""Pillow's LANCZOS scaling of luma to 32 x 32 pixels, value for value, in a sixth of its time where compiled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

try:
    from blift.transforms.media import _lanczos as compiled
except ImportError:  # installed where there is no C compiler
    compiled = None  # type: ignore[assignment]

Plane = NDArray[np.uint8]

#: Pixels to which each side is scaled: what ``imagehash.phash`` asks for.
SIDE = 32
#: Lobes of the filter, and bits behind the point of Pillow's weights (``Resample.c``: 32 - 8 - 2).
_LOBES, _BITS = 3.0, 22
#: Weights are split here, so that either half fits 16 bits, and so many samples are added at a time.
_HALF, _AT_A_TIME = 1 << 8, 16
#: Sums of lower halves of longer lines might need more than 32 bits.
LONGEST = 1 << 16
#: Beyond this, Pillow scales a picture that is higher than wide downwards first.
_TALL = 100


def scaled(luma: Plane) -> Plane:
    """``PIL.Image.resize((32, 32), LANCZOS)`` of luma (height, width)."""
    if not has_two_passes(luma):
        return np.asarray(Image.fromarray(luma).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return scaled_down(scaled_across(luma))


def has_two_passes(luma: Plane) -> bool:
    """Whether such a picture is scaled by the two passes here: it is not extremely tall or large."""
    height, width = luma.shape
    return compiled is not None and bool(height <= _TALL * width and max(width, height) <= LONGEST)


def scaled_across(luma: Plane) -> Plane:
    """Every line of luma scaled to 32 pixels, (height, 32): Pillow's first pass."""
    first, weights = _windows(luma.shape[1])
    across = np.empty((len(luma), SIDE), np.uint8)
    compiled.across(luma, first, weights, across)
    return across


def scaled_down(lines: Plane) -> Plane:
    """What ``scaled_across`` gave, or some lines of it, scaled to 32 x 32: Pillow's second pass."""
    return np.ascontiguousarray(scaled_across(np.ascontiguousarray(lines.T)).T)


@lru_cache(maxsize=64)
def _windows(length: int) -> tuple[NDArray[np.int32], NDArray[np.int16]]:
    """Where the window of each of 32 results begins, and its weights: lower halves, then upper, (32, 2, samples)."""
    weights = _weights(length)
    counts = weights != 0
    first, stop = counts.argmax(axis=0), length - counts[::-1].argmax(axis=0)
    span = -(-int((stop - first).max()) // _AT_A_TIME) * _AT_A_TIME
    windows = np.zeros((SIDE, 2, span), np.int16)
    for place in range(SIDE):
        own = weights[first[place] : stop[place], place]
        upper = (own + _HALF // 2) // _HALF
        windows[place, 0, : len(own)], windows[place, 1, : len(own)] = own - upper * _HALF, upper
    return first.astype(np.int32), windows


def _weights(length: int) -> NDArray[np.int64]:
    """What each of ``length`` pixels counts in each of 32, (length, 32), as multiples of 2 ** -22.

    ``precompute_coeffs`` and ``normalize_coeffs_8bpc`` of Pillow's ``Resample.c``.
    """
    scale = length / SIDE
    widened = max(1.0, scale)
    weights = np.zeros((length, SIDE), np.int64)
    for place in range(SIDE):
        centre, reach = (place + 0.5) * scale, _LOBES * widened
        first, stop = max(0, int(centre - reach + 0.5)), min(length, int(centre + reach + 0.5))
        offsets = (np.arange(first, stop) - centre + 0.5) / widened
        own = np.where(np.abs(offsets) < _LOBES, np.sinc(offsets) * np.sinc(offsets / _LOBES), 0.0)
        own /= own.sum()
        weights[first:stop, place] = (own * (1 << _BITS) + np.copysign(0.5, own)).astype(np.int64)
    return weights
