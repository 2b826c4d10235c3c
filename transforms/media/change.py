"""How much a picture differs from the one before: the score of PySceneDetect's content detector, at less cost."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

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


class ChangeScore:
    """Scores pictures one after the other.

    A score is the weighted mean of the mean absolute differences (0..255; hue 0..179) of hue, saturation,
    brightness and dilated Canny edges, as in ``scenedetect.detectors.ContentDetector`` 0.7, whose values it equals
    (a test compares them). Sums are taken by OpenCV in one pass, without pictures of 32-bit numbers.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._total = abs(weights.hue) + abs(weights.saturation) + abs(weights.brightness) + abs(weights.edges)
        self._hsv: Plane | None = None
        self._edges: Plane | None = None
        self._kernel: Plane | None = None

    def score(self, picture: Plane) -> float:
        """The score of a picture of shape (height, width, 3), BGR; 0 for the first."""
        hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
        edges = self._find_edges(cv2.extractChannel(hsv, 2)) if self._weights.edges else None
        before, edges_before = self._hsv, self._edges
        self._hsv, self._edges = hsv, edges
        if before is None:
            return 0.0
        pixels = float(hsv.shape[0] * hsv.shape[1])
        hue, saturation, brightness, _ = cv2.sumElems(cv2.absdiff(hsv, before))
        changed = cv2.norm(edges, edges_before, cv2.NORM_L1) if edges is not None else 0.0
        weights = self._weights
        weighed = (
            hue / pixels * weights.hue
            + saturation / pixels * weights.saturation
            + brightness / pixels * weights.brightness
            + changed / pixels * weights.edges
        )
        return float(weighed / self._total)

    def _find_edges(self, brightness: Plane) -> Plane:
        if self._kernel is None:
            size = 4 + round(np.sqrt(brightness.shape[0] * brightness.shape[1]) / 192)
            size += 1 - size % 2
            self._kernel = np.ones((size, size), np.uint8)
        median = _median(brightness)
        low, high = int(max(0.0, (1.0 - _SIGMA) * median)), int(min(255.0, (1.0 + _SIGMA) * median))
        return np.asarray(cv2.dilate(cv2.Canny(brightness, low, high), self._kernel))


def _median(plane: Plane) -> float:
    """``np.median`` by counting: a third of its time on bytes."""
    below = cv2.calcHist([plane], [0], None, [256], [0, 256]).cumsum()
    middle = plane.size // 2
    lower, upper = below.searchsorted((middle - 1 + plane.size % 2, middle), side="right")
    return (int(lower) + int(upper)) / 2.0
