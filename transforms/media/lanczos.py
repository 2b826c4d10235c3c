"""Pillow's LANCZOS scaling of luma to 32 x 32 pixels, value for value, in less than half of its time."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Plane = NDArray[np.uint8]

#: Pixels to which each side is scaled: what ``imagehash.phash`` asks for.
SIDE = 32
#: Lobes of the filter, and bits behind the point of Pillow's weights (``Resample.c``: 32 - 8 - 2).
_LOBES, _BITS = 3.0, 22
#: Weights are split here, so that sums of 8-bit samples times either half are whole numbers of 24 bits.
_LOW = 1 << 7
#: Longer lines might add up to more than that (a test adds the weights of the longest).
LONGEST = 8192
#: Results that are computed together: neighbours, which see much the same pixels.
_GROUP = 4
#: Matrix products of so many multiplications stay in one thread of OpenBLAS; a second would spin longer than it helps.
_PRODUCT = 250_000
#: Beyond this, Pillow scales a picture that is higher than wide downwards first.
_TALL = 100


class _Group(NamedTuple):
    """The pixels that count for some results, and their weights: lower halves, then upper, (pixels, 2 * results)."""

    first: int
    stop: int
    weights: NDArray[np.float32]


def scaled(luma: Plane) -> Plane:
    """``PIL.Image.resize((32, 32), LANCZOS)`` of luma (height, width)."""
    if not has_two_passes(luma):
        return np.asarray(Image.fromarray(luma).resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return scaled_down(scaled_across(luma))


def has_two_passes(luma: Plane) -> bool:
    """Whether such a picture is scaled across, then down, exactly: it is not extremely tall or large."""
    height, width = luma.shape
    return bool(height <= _TALL * width and max(width, height) <= LONGEST)


def scaled_across(luma: Plane) -> Plane:
    """Every line of luma scaled to 32 pixels, (height, 32): Pillow's first pass.

    Pillow adds products of samples and whole weights in 32 bits. As 32-bit floating point, products with either half
    of a weight add up without rounding in any order, so matrix products give the same values.
    """
    height, width = luma.shape
    groups = _groups(width)
    lines = min(height, max(1, _PRODUCT // (2 * _GROUP * max(group.stop - group.first for group in groups))))
    samples, sums = np.empty((lines, width), np.float32), np.empty((lines, len(groups), 2 * _GROUP), np.float32)
    across = np.empty((height, SIDE), np.uint8)
    for top in range(0, height, lines):
        some = luma[top : top + lines]
        block = samples[: len(some)]
        block[:] = some
        for place, (first, stop, weights) in enumerate(groups):
            np.matmul(block[:, first:stop], weights, out=sums[: len(some), place])
        across[top : top + lines] = _rounded(sums[: len(some)])
    return across


def _rounded(sums: NDArray[np.float32]) -> NDArray[np.int32]:
    """Bytes, (lines, 32), of sums with either half of the weights."""
    whole = sums.astype(np.int32)
    added = whole[..., :_GROUP] + whole[..., _GROUP:] * _LOW + (1 << _BITS - 1) >> _BITS
    return np.asarray(np.clip(added, 0, 255), dtype=np.int32).reshape(-1, SIDE)


def scaled_down(lines: Plane) -> Plane:
    """What ``scaled_across`` gave, or some lines of it, scaled to 32 x 32: Pillow's second pass."""
    return np.ascontiguousarray(scaled_across(lines.T).T)


@lru_cache(maxsize=64)
def _groups(length: int) -> list[_Group]:
    low, high = halves(length)
    groups = []
    for start in range(0, SIDE, _GROUP):
        both = np.hstack([half[:, start : start + _GROUP] for half in (low, high)])
        counting = np.flatnonzero(both.any(axis=1))
        first, stop = int(counting[0]), int(counting[-1]) + 1
        groups.append(_Group(first, stop, both[first:stop].astype(np.float32)))
    return groups


def halves(length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Weights of lines of this length as low + 128 * high, each (length, 32)."""
    weights = _weights(length)
    high = (weights + _LOW // 2) // _LOW
    return weights - high * _LOW, high


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
