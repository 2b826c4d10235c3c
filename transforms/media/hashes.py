"""Perceptual hashes: of a picture, of its flips and quarter turns, and of what is inside its letterbox bars."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import cv2
import imagehash
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import fftpack

from schemas.media import FramePart

Plane = NDArray[np.uint8]

#: What ``imagehash.phash`` scales a picture to before it takes the cosine transform.
SIDE = 32
#: Coefficients of the transform that the hash takes, along each axis.
BITS = 8
#: The ring hash: side of the disc, rings between which it compares, angles, and the frequencies that it takes.
_DISC, _RINGS, _ANGLES, _FREQUENCIES = 128, 9, 128, 8
#: Radii of the rings: the centre has too few pixels to have a spectrum, and the rim touches the corners' filling.
_INNER, _OUTER = 6, 58
#: Parts: the side of the scaled picture, how much of it a part has along one axis, and the standard deviation of luma
#: below which a part has no telling hash.
_PARTED, _PART, _PLAIN_PART = 160, 96, 4.0
#: Bars are looked for in a picture of this many pixels along its longer side.
_SMALL = 192
#: A line belongs to a bar where its luma varies by less than this, and differs from the outermost line by less.
_BAR_SPREAD, _BAR_SHIFT = 6.0, 6.0
#: A bar is at least this share of a side; what is inside is at least that share of it.
_BAR_SHARE, _INSIDE_SHARE = 0.02, 0.3


class Look(NamedTuple):
    """A picture as the hash sees it: 32 x 32 luma, and its standard deviation (0..127.5)."""

    luma: Plane
    detail: float


def look_at(luma: Image.Image) -> Look:
    """The picture as the hash sees it. ``luma``: mode ``L``, any size."""
    small = np.asarray(luma.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    return Look(small, float(small.std()))


def phash(look: Look) -> str:
    """``imagehash.phash`` of the picture, 16 hex digits."""
    return str(imagehash.phash(Image.fromarray(look.luma)))


def phash_turned(look: Look) -> list[str]:
    """The hashes of the 8 flips and quarter turns: upright by 0, 90, 180, 270 degrees, then the same mirrored.

    Each is ``imagehash.phash`` of its picture; one transform of all takes a sixth of the time of eight.
    """
    turned = [np.rot90(picture, turns) for picture in (look.luma, look.luma[:, ::-1]) for turns in range(4)]
    down = fftpack.dct(np.stack(turned).astype(np.float64), axis=1)
    low = fftpack.dct(down, axis=2)[:, :BITS, :BITS].reshape(len(turned), -1)
    bits = np.packbits(low > np.median(low, axis=1, keepdims=True), axis=1)
    return [own.tobytes().hex() for own in bits]


def part_hashes(luma: Image.Image) -> dict[FramePart, str]:
    """The hash of each part of a picture that is not plain, 16 hex digits.

    A logo or a ticker at an edge changes the hash of the whole picture, and leaves the opposite part as it is. The
    picture is scaled by averaging, so these are no values of ``imagehash``. ``luma``: mode ``L``, any size.
    """
    reduced = np.asarray(luma.reduce(max(1, min(luma.size) // _PARTED)))
    small = cv2.resize(reduced, (_PARTED, _PARTED), interpolation=cv2.INTER_AREA)
    far = _PARTED - _PART
    parts = {
        FramePart.LEFT: small[:, :_PART],
        FramePart.RIGHT: small[:, far:],
        FramePart.UPPER: small[:_PART],
        FramePart.LOWER: small[far:],
    }
    return {name: _hash_of(part) for name, part in parts.items() if part.std() >= _PLAIN_PART}


def _hash_of(part: Plane) -> str:
    scaled = cv2.resize(part, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(scaled)[:BITS, :BITS]
    return np.packbits(low > np.median(low)).tobytes().hex()


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
    width, height = luma.size
    scale = min(1.0, _SMALL / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(np.asarray(luma), size), dtype=np.float32)
    top, bottom = _bars(small)
    left, right = _bars(small.T)
    if not (top or bottom or left or right):
        return None
    if top + bottom > (1 - _INSIDE_SHARE) * size[1] or left + right > (1 - _INSIDE_SHARE) * size[0]:
        return None
    across, down = width / size[0], height / size[1]
    return luma.crop(
        (
            int(np.ceil(left * across)),
            int(np.ceil(top * down)),
            int(width - np.ceil(right * across)),
            int(height - np.ceil(bottom * down)),
        )
    )


def _bars(lines: NDArray[np.float32]) -> tuple[int, int]:
    """How many lines at the start and at the end are of one colour, 0 where too few to be a bar."""
    means, plain = lines.mean(axis=1), lines.std(axis=1) < _BAR_SPREAD
    return _run(means, plain), _run(means[::-1], plain[::-1])


def _run(means: NDArray[np.float32], plain: NDArray[np.bool_]) -> int:
    of_bar = plain & (np.abs(means - means[0]) < _BAR_SHIFT)
    length = len(of_bar) if of_bar.all() else int(np.argmin(of_bar))
    # The line where bar and picture mix belongs to neither.
    return length + 1 if _BAR_SHARE * len(of_bar) <= length < len(of_bar) else 0
