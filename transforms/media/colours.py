"""Colours of a picture in words: those of what stands out, those of the rest, and the tone of the whole."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.transforms.media.scaling import halved

Picture = NDArray[np.uint8]

#: Named colours, sRGB: the eleven basic colour terms of English, with shades that people tell apart by name.
PALETTE: dict[str, tuple[int, int, int]] = {
    "black": (0, 0, 0),
    "dark grey": (64, 64, 64),
    "grey": (128, 128, 128),
    "light grey": (200, 200, 200),
    "white": (255, 255, 255),
    "dark red": (120, 10, 15),
    "red": (220, 25, 30),
    "pink": (245, 160, 180),
    "magenta": (220, 30, 160),
    "dark brown": (70, 42, 24),
    "brown": (135, 85, 45),
    "tan": (200, 165, 120),
    "cream": (250, 240, 210),
    "orange": (245, 135, 25),
    "gold": (205, 160, 35),
    "yellow": (250, 225, 40),
    "olive": (115, 115, 35),
    "lime": (155, 215, 45),
    "green": (40, 150, 55),
    "dark green": (20, 75, 35),
    "teal": (15, 125, 125),
    "turquoise": (70, 205, 200),
    "light blue": (150, 200, 240),
    "blue": (35, 90, 210),
    "navy": (10, 15, 115),
    "lavender": (190, 170, 230),
    "purple": (115, 45, 150),
}
#: A colour is named where it covers at least this share of its part of the picture; at most so many are.
_SHARE, _MOST = 0.1, 3
#: Pixels along the longer side in which colours are counted.
_SIDE = 96
#: Bits of a sample that the search for the nearest name leaves out.
_STEP = 3
#: What stands out is at least this many times as far from the mean colour as a pixel is on average
#: (Achanta et al. 2009, "Frequency-tuned salient region detection", section 4).
_SALIENT = 2.0
#: Fewer pixels than this share are noise, and the most salient fifth is taken in their place.
_LEAST, _FALLBACK = 0.01, 0.8

#: Lightness, in CIELAB's units (0..100), below and above which a picture is dark or bright.
_DARK, _BRIGHT = 25.0, 80.0
#: Chroma below which a picture is neutral.
_NEUTRAL = 6.0


class Colours(NamedTuple):
    """Named colours of a picture, most common first, and its tone."""

    foreground: list[str]
    background: list[str]
    tone: str


def _lab(picture: Picture) -> NDArray[np.float32]:
    return cv2.cvtColor(picture.astype(np.float32) / np.float32(255.0), cv2.COLOR_RGB2LAB)  # type: ignore[no-any-return]


_NAMES = list(PALETTE)
_PALETTE_LAB = _lab(np.array([list(PALETTE.values())], dtype=np.uint8))[0]


def colours(picture: Picture, salience: NDArray[np.float32] | None = None) -> Colours:
    """Colours of an RGB picture of shape (height, width, 3).

    Args:
        picture: the picture.
        salience: what a model says of it, 0..1, of any shape; without it, how far a pixel's colour is from the
            picture's mean colour (frequency-tuned salience) decides what stands out.
    """
    scale = min(1.0, _SIDE / max(picture.shape[:2]))
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    small = cv2.resize(halved(picture, size[::-1]), size, interpolation=cv2.INTER_AREA)
    lab = _lab(small)
    front = _salient(lab) if salience is None else cv2.resize(salience, size, interpolation=cv2.INTER_AREA) > 0.5  # noqa: PLR2004
    named = _nearest()[tuple(np.moveaxis(small >> _STEP, 2, 0))]
    return Colours(_common(named[front]), _common(named[~front]), _tone(lab))


@cache
def _nearest() -> NDArray[np.intp]:
    """For every red, green and blue, in steps of 8, the place of the palette's nearest colour, by CIE76 distance."""
    levels = np.arange(0, 256, 1 << _STEP, dtype=np.uint8) + np.uint8(1 << _STEP - 1)
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1)
    lab = _lab(cube.reshape(1, -1, 3))[0]
    lightness, a, b = np.ascontiguousarray(lab.T)
    nearest, least = np.zeros(len(lab), np.intp), np.full(len(lab), np.inf, np.float32)
    # One name after the other: the distances of all at once are 10 MB, and take 20 times as long.
    for place, (own_lightness, own_a, own_b) in enumerate(_PALETTE_LAB):
        distance = (lightness - own_lightness) ** 2 + (a - own_a) ** 2 + (b - own_b) ** 2
        nearest[distance < least] = place
        np.minimum(least, distance, out=least)
    return nearest.reshape(cube.shape[:3])


def _common(named: NDArray[np.intp]) -> list[str]:
    counts = np.bincount(named, minlength=len(_NAMES))
    order = np.argsort(-counts, kind="stable")[:_MOST]
    return [_NAMES[place] for place in order if counts[place] and counts[place] >= _SHARE * len(named)]


def _salient(lab: NDArray[np.float32]) -> NDArray[np.bool_]:
    distance = np.linalg.norm(cv2.GaussianBlur(lab, (5, 5), 0) - _mean(lab), axis=2)
    front = distance > _SALIENT * distance.mean()
    if front.mean() < _LEAST:
        front = distance > np.quantile(distance, _FALLBACK)
    return np.asarray(front)


def _mean(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """Over all pixels, (3,); numpy takes ten times as long over the axes of a picture."""
    return np.array(cv2.mean(lab)[:3], dtype=np.float32)


def _tone(lab: NDArray[np.float32]) -> str:
    lightness, red, yellow = (float(mean) for mean in _mean(lab))
    if lightness < _DARK:
        return "dark"
    if lightness > _BRIGHT:
        return "bright"
    if np.hypot(red, yellow) < _NEUTRAL:
        return "neutral"
    # Reds, oranges and yellows lie on the side of +a and +b; greens and blues on the other.
    return "warm" if red + yellow > 0 else "cool"
