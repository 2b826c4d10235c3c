"""How much a picture differs from the one before: the score of PySceneDetect's content detector, at less cost."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

try:
    from blift.transforms.media import _change as compiled
except ImportError:  # installed where there is no C compiler
    compiled = None  # type: ignore[assignment]

Plane = NDArray[np.uint8]

#: Canny's thresholds lie this share below and above the median brightness.
_SIGMA = 1.0 / 3.0


@dataclass(frozen=True)
class Weights:
    """What counts for how much in a score: differences of hue, saturation, brightness and edges."""

    hue: float = 1.0
    saturation: float = 1.0
    brightness: float = 1.0
    edges: float = 1.0


class _Differences(NamedTuple):
    """Sums over all pixels of absolute differences between a picture and the one before."""

    hue: float
    saturation: float
    brightness: float
    edges: float


class ChangeScore:
    """Scores pictures of one size, one after the other.

    A score is the weighted mean of the mean absolute differences (0..255; hue 0..179) of hue, saturation,
    brightness and dilated Canny edges, as in ``scenedetect.detectors.ContentDetector`` 0.7, whose values it equals
    (a test compares them).
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._total = abs(weights.hue) + abs(weights.saturation) + abs(weights.brightness) + abs(weights.edges)
        self._looker = ByOpenCV() if compiled is None else Compiled()

    def score(self, picture: Plane) -> float:
        """The score of a picture of shape (height, width, 3), BGR; 0 for the first."""
        found = self._looker.differences(picture)
        if found is None:
            return 0.0
        pixels = float(picture.shape[0] * picture.shape[1])
        weights = self._weights
        weighed = (
            found.hue / pixels * weights.hue
            + found.saturation / pixels * weights.saturation
            + found.brightness / pixels * weights.brightness
            + found.edges / pixels * weights.edges
        )
        return float(weighed / self._total)


class Compiled:
    """Differences in one pass of our own (``_change.c``): the values of ``ByOpenCV`` in a third of its time."""

    def __init__(self) -> None:
        self._own: _Planes | None = None
        self._before: _Planes | None = None
        self._seen = 0

    def differences(self, picture: Plane) -> _Differences | None:
        """Between a picture (height, width, 3), BGR, and the one before; None for the first."""
        height, width = picture.shape[:2]
        if self._own is None or self._before is None:
            self._own, self._before = _Planes.of(height, width), _Planes.of(height, width)
        own, before = self._own, self._before
        found = compiled.look(picture, width, height, own.radius, own.hsv, own.edges, before.hsv, before.edges)
        self._own, self._before = before, own
        self._seen += 1
        if self._seen == 1:
            return None
        hue, saturation, brightness, differing = found
        return _Differences(hue, saturation, brightness, 255 * differing)


class _Planes(NamedTuple):
    """What is kept of a picture: hue, saturation and value; bits of its edges; by how much these are widened."""

    hsv: Plane
    edges: NDArray[np.uint64]
    radius: int

    @classmethod
    def of(cls, height: int, width: int) -> _Planes:
        """Of a black picture."""
        words = -(-width // 64)
        hsv, edges = np.zeros((3, height, width), np.uint8), np.zeros((height, words), np.uint64)
        return cls(hsv, edges, _kernel_side(height, width) // 2)


class ByOpenCV:
    """Differences by OpenCV; sums are taken in one pass each, without pictures of 32-bit numbers."""

    def __init__(self) -> None:
        self._before: tuple[Plane, Plane] | None = None

    def differences(self, picture: Plane) -> _Differences | None:
        """Between a picture (height, width, 3), BGR, and the one before; None for the first."""
        hsv = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV), dtype=np.uint8)
        edges = _edges(np.asarray(cv2.extractChannel(hsv, 2), dtype=np.uint8))
        before, self._before = self._before, (hsv, edges)
        if before is None:
            return None
        hue, saturation, brightness, _ = cv2.sumElems(cv2.absdiff(hsv, before[0]))
        return _Differences(hue, saturation, brightness, cv2.norm(edges, before[1], cv2.NORM_L1))


def _kernel_side(height: int, width: int) -> int:
    """Pixels along a side of the square by which edges are widened; odd."""
    side = 4 + round(math.sqrt(height * width) / 192)
    return side + 1 - side % 2


def _edges(brightness: Plane) -> Plane:
    side, median = _kernel_side(*brightness.shape), _median(brightness)
    low, high = int(max(0.0, (1.0 - _SIGMA) * median)), int(min(255.0, (1.0 + _SIGMA) * median))
    return np.asarray(cv2.dilate(cv2.Canny(brightness, low, high), np.ones((side, side), np.uint8)))


def _median(plane: Plane) -> float:
    """``np.median`` by counting: a third of its time on bytes."""
    below = cv2.calcHist([plane], [0], None, [256], [0, 256]).cumsum()
    middle = plane.size // 2
    lower, upper = below.searchsorted((middle - 1 + plane.size % 2, middle), side="right")
    return (int(lower) + int(upper)) / 2.0
