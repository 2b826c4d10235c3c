"""Planes of luma and chroma to pictures, in the arithmetic of FFmpeg's converter, so that values equal its own."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

#: How much of V there is in red, of U in blue, of U and of V less in green, as 16.16 fixed point: FFmpeg's
#: ``ff_yuv2rgb_coeffs``, by its number of the colour space (ITU-T H.273, table 4). Files that say nothing are BT.601.
_BT601 = (104597, 132201, 25675, 53279)
_COEFFICIENTS = {
    1: (117489, 138438, 13975, 34925),
    4: (104448, 132798, 24759, 53109),
    7: (117579, 136230, 16907, 35559),
    9: (110013, 140363, 12277, 42626),
    10: (110013, 140363, 12277, 42626),
}


class _Tables(NamedTuple):
    """What a sample adds to each colour, int16, (256,)."""

    luma: NDArray[np.int16]
    v_red: NDArray[np.int16]
    u_green: NDArray[np.int16]
    v_green: NDArray[np.int16]
    u_blue: NDArray[np.int16]


def to_bgr(luma: Plane, u: Plane, v: Plane, colorspace: int, *, full_range: bool) -> Plane:
    """A BGR picture (height, width, 3) of three planes of one size.

    The values are those of libswscale's conversion of 8-bit 4:2:0 to BGR without scaling, bit for bit: products are
    cut, not rounded. It matters in dark pictures, where the hue of almost black pixels hangs on the last bit.

    Args:
        luma: and ``u``, ``v``: (height, width).
        colorspace: FFmpeg's number.
        full_range: samples take 0..255, not 16..235.
    """
    tables = _tables(colorspace, full_range=full_range)
    base = cv2.LUT(luma, tables.luma)
    green = cv2.add(cv2.LUT(u, tables.u_green), cv2.LUT(v, tables.v_green))
    colours = (
        cv2.add(base, cv2.LUT(u, tables.u_blue), dtype=cv2.CV_8U),
        cv2.add(base, green, dtype=cv2.CV_8U),
        cv2.add(base, cv2.LUT(v, tables.v_red), dtype=cv2.CV_8U),
    )
    return np.asarray(cv2.merge(colours))


@cache
def _tables(colorspace: int, *, full_range: bool) -> _Tables:
    v_red, u_blue, u_green, v_green = _COEFFICIENTS.get(colorspace, _BT601)
    luma, offset = 1 << 16, 0
    if full_range:
        v_red, u_blue, u_green, v_green = (value * 224 // 255 for value in (v_red, u_blue, u_green, v_green))
    else:
        luma, offset = luma * 255 // 219, 16
    sample = np.arange(256)
    chroma = (sample - 128) * 8
    return _Tables(
        _product((sample - offset) * 8, luma),
        _product(chroma, v_red),
        _product(chroma, -u_green),
        _product(chroma, -v_green),
        _product(chroma, u_blue),
    )


def _product(samples: NDArray[np.int64], coefficient: int) -> NDArray[np.int16]:
    """The upper half of a product of 16-bit numbers, as the processor's ``pmulhw`` gives it."""
    rounded = (coefficient * 8192 + (1 << 15)) >> 16
    return ((samples * rounded) >> 16).astype(np.int16)
