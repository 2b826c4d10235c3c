"""Planes of luma and chroma to pictures, in the arithmetic of FFmpeg's converter, so that values equal its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import NamedTuple

import cv2
import numpy as np
from av.video.plane import VideoPlane
from numpy.typing import NDArray

try:
    from blift.connectors.media import _planes as compiled
except ImportError:  # installed where there is no C compiler
    compiled = None  # type: ignore[assignment]

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


def small_bgr(
    planes: Sequence[VideoPlane], size: tuple[int, int], shift: int, colorspace: int, *, full_range: bool
) -> Plane:
    """A BGR picture (height, width, 3) of pixels that are picked as OpenCV's INTER_NEAREST picks them.

    Args:
        planes: luma, U and V.
        size: width and height.
        shift: bits above 8 of each sample.
        colorspace: FFmpeg's number.
        full_range: samples take 0..255, not 16..235.
    """
    if compiled is None:
        luma, u, v = (
            narrowed(cv2.resize(samples(plane, shift), size, interpolation=cv2.INTER_NEAREST), shift)
            for plane in planes
        )
        return to_bgr(luma, u, v, colorspace, full_range=full_range)
    luma, u, v = planes
    width, height = size
    places = _places(luma.width, luma.height, u.width, u.height, width, height)
    factors = _factors(colorspace, full_range=full_range)
    bgr = np.empty((height, width, 3), np.uint8)
    compiled.picked(bgr, width, height, shift, factors, places, luma, luma.line_size, u, u.line_size, v, v.line_size)
    return bgr


@lru_cache(maxsize=16)
def _places(
    luma_width: int, luma_height: int, chroma_width: int, chroma_height: int, width: int, height: int
) -> NDArray[np.int32]:
    """Columns and lines of luma, then of chroma, that OpenCV picks, (2 * (width + height),)."""
    picks = ((luma_width, width), (luma_height, height), (chroma_width, width), (chroma_height, height))
    return np.concatenate([picked_of(length, wanted) for length, wanted in picks])


def picked_of(length: int, wanted: int) -> NDArray[np.int32]:
    """Which of ``length`` pixels OpenCV's INTER_NEAREST picks for ``wanted``."""
    ramp = np.arange(length, dtype=np.float64)[np.newaxis]
    return np.asarray(cv2.resize(ramp, (wanted, 1), interpolation=cv2.INTER_NEAREST)[0], dtype=np.int32)


def samples(plane: VideoPlane, shift: int) -> NDArray[np.uint8 | np.uint16]:
    """A plane as it is in memory, without what pads its lines; 16-bit samples where there are more than 8 bits."""
    kind: type[np.uint8 | np.uint16] = np.uint16 if shift else np.uint8
    strides = (plane.line_size, np.dtype(kind).itemsize)
    return np.ndarray((plane.height, plane.width), kind, memoryview(plane), strides=strides)


def narrowed(values: NDArray[np.uint8 | np.uint16], shift: int) -> Plane:
    """Samples of 8 bits."""
    return (values >> shift).astype(np.uint8) if shift else values.astype(np.uint8, copy=False)


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
def _factors(colorspace: int, *, full_range: bool) -> NDArray[np.int16]:
    """The offset of luma; then what luma, V for red, U and V for green, and U for blue are multiplied with."""
    v_red, u_blue, u_green, v_green = _COEFFICIENTS.get(colorspace, _BT601)
    luma, offset = 1 << 16, 0
    if full_range:
        v_red, u_blue, u_green, v_green = (value * 224 // 255 for value in (v_red, u_blue, u_green, v_green))
    else:
        luma, offset = luma * 255 // 219, 16
    rounded = [(value * 8192 + (1 << 15)) >> 16 for value in (luma, v_red, -u_green, -v_green, u_blue)]
    return np.array([offset, *rounded], dtype=np.int16)


@cache
def _tables(colorspace: int, *, full_range: bool) -> _Tables:
    offset, *factors = (int(value) for value in _factors(colorspace, full_range=full_range))
    sample = np.arange(256)
    offsets = (offset, 128, 128, 128, 128)
    return _Tables(*(_product((sample - zero) * 8, factor) for zero, factor in zip(offsets, factors, strict=True)))


def _product(values: NDArray[np.int64], factor: int) -> NDArray[np.int16]:
    """The upper half of a product of 16-bit numbers, as the processor's ``pmulhw`` gives it."""
    return ((values * factor) >> 16).astype(np.int16)
