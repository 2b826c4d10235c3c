"""Perceptual hashes: of a picture, of its flips and quarter turns, and of what is inside its letterbox bars."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fftpack

from blift.schemas.media import FramePart
from blift.transforms.media.lanczos import SIDE, has_two_passes, scaled, scaled_across, scaled_down
from blift.transforms.media.scaling import between, halved

Plane = NDArray[np.uint8]

#: Coefficients of the transform that the hash takes, along each axis.
BITS = 8
#: The ring hash: side of the disc, rings between which it compares, angles, and the frequencies that it takes.
_DISC, _RINGS, _ANGLES, _FREQUENCIES = 128, 9, 128, 8
#: Radii of the rings: the centre has too few pixels to have a spectrum, and the rim touches the corners' filling.
_INNER, _OUTER = 6, 58
#: Parts: the side of the scaled picture, how much of it a part has along one axis, and the standard deviation of luma
#: below which it has no telling hash.
_PARTED, _PART, _PLAIN_PART = 160, 96, 4.0
#: Bars are looked for in a picture of this many pixels along its longer side.
_SMALL = 192
#: A line belongs to a bar where its luma varies by less than this, and differs from the outermost line by less.
_BAR_SPREAD, _BAR_SHIFT, _ALMOST = 6.0, 6.0, 1e-6
#: A bar is at least this share of a side; what is inside is at least that share of it.
_BAR_SHARE, _INSIDE_SHARE = 0.02, 0.3


class Look(NamedTuple):
    """A picture as the hash sees it: 32 x 32 luma, and its standard deviation (0..127.5)."""

    luma: Plane
    detail: float


class Box(NamedTuple):
    """Part of a picture: its first and its stopping column and line."""

    left: int
    top: int
    right: int
    bottom: int


def look_at(luma: Image.Image) -> Look:
    """The picture as the hash sees it. ``luma``: mode ``L``, any size."""
    return _look(scaled(np.asarray(luma)))


def looks_at(luma: Plane, inside: Box | None) -> tuple[Look, Look | None]:
    """The picture as the hash sees it, and what is inside its bars; lines that both have are scaled across once."""
    if inside is None:
        return _look(scaled(luma)), None
    part = luma[inside.top : inside.bottom, inside.left : inside.right]
    if part.shape[1] < luma.shape[1] or not has_two_passes(luma):
        return _look(scaled(luma)), _look(scaled(part))
    lines = scaled_across(luma)
    return _look(scaled_down(lines)), _look(scaled_down(lines[inside.top : inside.bottom]))


def _look(small: Plane) -> Look:
    return Look(small, float(cv2.meanStdDev(small)[1][0, 0]))  # sums of 1024 bytes are exact: numpy's value


def phash(look: Look) -> str:
    """``imagehash.phash`` of the picture, 16 hex digits."""
    return phashes([look])[0]


def phashes(looks: Sequence[Look]) -> list[str]:
    """The same of some pictures, in one transform of all."""
    return _phashes(np.stack([look.luma for look in looks]))


def phash_turned(look: Look) -> list[str]:
    """The hashes of the 8 flips and quarter turns: upright by 0, 90, 180, 270 degrees, then the same mirrored.

    Each is ``imagehash.phash`` of its picture; one transform of all takes a sixth of the time of eight.
    """
    turned = [np.rot90(picture, turns) for picture in (look.luma, look.luma[:, ::-1]) for turns in range(4)]
    return _phashes(np.stack(turned))


def _phashes(lumas: Plane) -> list[str]:
    """The hashes of pictures of 32 x 32 pixels: imagehash's own transform, without the pictures and objects between.

    Args:
        lumas: (pictures, 32, 32).
    """
    down = fftpack.dct(lumas, axis=1)[:, :BITS]
    return _above_median(fftpack.dct(down, axis=2)[:, :, :BITS])


def _above_median(low: NDArray[np.floating[Any]]) -> list[str]:
    """A bit for each of 64 coefficients of some pictures, as 16 hex digits each. ``low``: (pictures, 8, 8)."""
    coefficients = low.reshape(len(low), -1)
    ordered = np.sort(coefficients, axis=1)
    middle = ordered.shape[1] // 2
    medians = (ordered[:, middle - 1] + ordered[:, middle]) / 2
    return [bits.tobytes().hex() for bits in np.packbits(coefficients > medians[:, np.newaxis], axis=1)]


class Glimpse(NamedTuple):
    """What a short look at a frame gives: a hash of it, and one of what is inside its bars, where it has some."""

    whole: int
    inside: int | None


def glimpse(small: Plane) -> Glimpse | None:
    """The glimpse of a frame that is some 128 pixels a side; None of a plain one, which has no telling hash.

    It is taken many times a second, so it is a hash of reduced pixels, and no value of ``imagehash``.

    Args:
        small: luma, (height, width).
    """
    if cv2.meanStdDev(small)[1][0, 0] < _PLAIN_PART:
        return None
    inside = inside_bars(small)
    boxed = small[inside.top : inside.bottom, inside.left : inside.right] if inside else None
    own, *others = _above_median(np.stack([_low_frequencies(part) for part in (small, boxed) if part is not None]))
    return Glimpse(int(own, 16), int(others[0], 16) if others else None)


def part_hashes(luma: Plane, inside: Box | None = None) -> dict[FramePart, str]:
    """The hash of each part of a picture that is not plain, 16 hex digits.

    A logo or a ticker at an edge changes the hash of the whole picture, and leaves the opposite part as it is. The
    picture is halved and then scaled between neighbours, so these are no values of ``imagehash``.

    Args:
        luma: (height, width).
        inside: the picture is this part of it.
    """
    if inside is not None:
        luma = luma[inside.top : inside.bottom, inside.left : inside.right]
    square = (_PARTED, _PARTED)
    small = between(halved(luma, square), square)
    far = _PARTED - _PART
    parts = {
        FramePart.LEFT: small[:, :_PART],
        FramePart.RIGHT: small[:, far:],
        FramePart.UPPER: small[:_PART],
        FramePart.LOWER: small[far:],
    }
    telling = {name: part for name, part in parts.items() if cv2.meanStdDev(part)[1][0, 0] >= _PLAIN_PART}
    if not telling:
        return {}
    low = np.stack([_low_frequencies(part) for part in telling.values()])
    return dict(zip(telling, _above_median(low), strict=True))


def _low_frequencies(part: Plane) -> NDArray[np.float32]:
    small = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    return np.asarray(cv2.dct(small)[:BITS, :BITS])


def ring_hash(luma: Image.Image) -> str:
    """A hash that stays when the picture is turned by any angle, or mirrored; 16 hex digits.

    Turning a picture shifts its rings around, and the magnitudes of a ring's spectrum do not see shifts. A bit says
    whether a frequency (1 to 8 a turn) is stronger in a ring than in the next one inward: 8 x 8 bits. Only the
    largest disc around the centre counts, so what fills the corners after a turn does not matter.
    """
    width, height = luma.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = np.asarray(luma.crop((left, top, left + side, top + side)))
    disc = cv2.GaussianBlur(
        cv2.resize(square, (_DISC, _DISC), interpolation=cv2.INTER_AREA).astype(np.float32), (0, 0), 1.5
    )
    radius = _DISC // 2
    polar = cv2.warpPolar(disc, (radius, _ANGLES), (radius - 0.5, radius - 0.5), radius, cv2.WARP_POLAR_LINEAR)
    edges = np.linspace(_INNER, _OUTER, _RINGS + 1).astype(int)
    rings = np.stack([polar[:, first:stop].mean(axis=1) for first, stop in pairwise(edges)])
    spectrum = np.abs(np.fft.rfft(rings, axis=1))[:, 1 : _FREQUENCIES + 1]
    return np.packbits(np.diff(spectrum, axis=0) > 0).tobytes().hex()


def without_bars(luma: Image.Image) -> Image.Image | None:
    """What is inside the bars of one colour at the top and bottom, or left and right; None where there are none."""
    inside = inside_bars(np.asarray(luma))
    return luma.crop(inside) if inside else None


def inside_bars(luma: Plane) -> Box | None:
    """Where ``without_bars`` finds it."""
    height, width = luma.shape
    scale = min(1.0, _SMALL / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    reduced = cv2.resize(luma, size)
    outermost = (reduced[:1], reduced[-1:], reduced[:, :1], reduced[:, -1:])
    if all(cv2.meanStdDev(line)[1][0, 0] > _BAR_SPREAD + _ALMOST for line in outermost):
        return None  # as in most pictures, and told sooner
    small = reduced.astype(np.float32)
    top, bottom = _bars(small)
    left, right = _bars(small.T)
    if not (top or bottom or left or right):
        return None
    if top + bottom > (1 - _INSIDE_SHARE) * size[1] or left + right > (1 - _INSIDE_SHARE) * size[0]:
        return None
    across, down = width / size[0], height / size[1]
    return Box(
        int(np.ceil(left * across)),
        int(np.ceil(top * down)),
        int(width - np.ceil(right * across)),
        int(height - np.ceil(bottom * down)),
    )


def _bars(lines: NDArray[np.float32]) -> tuple[int, int]:
    """How many lines at the start and at the end are of one colour, 0 where too few to be a bar."""
    samples = lines.shape[1]
    means = np.einsum("ij->i", lines) / np.float64(samples)  # sums of 192 squares of bytes are exact in 32 bits
    plain = np.einsum("ij,ij->i", lines, lines) / np.float64(samples) - means**2 < _BAR_SPREAD**2
    return _run(means, plain), _run(means[::-1], plain[::-1])


def _run(means: NDArray[np.float64], plain: NDArray[np.bool_]) -> int:
    of_bar = plain & (np.abs(means - means[0]) < _BAR_SHIFT)
    length = len(of_bar) if of_bar.all() else int(np.argmin(of_bar))
    # The line where bar and picture mix belongs to neither.
    return length + 1 if _BAR_SHARE * len(of_bar) <= length < len(of_bar) else 0
