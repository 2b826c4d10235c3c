"""How far two distributions are apart: L-infinity, Jensen-Shannon and Kolmogorov-Smirnov.

The first two are those of TensorFlow Data Validation (`anomalies/metrics.cc`); the third is SciPy's `ks_2samp`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from blift.schemas.statistics import Bucket, Numbers
from blift.transforms.statistics.numbers import Counted


def l_infinity(first: Mapping[str, int], second: Mapping[str, int]) -> float | None:
    """The largest difference between the shares of a value; None where one side has no values."""
    shares = _shares_of_words(first, second)
    return None if shares is None else float(np.abs(shares[0] - shares[1]).max())


def jensen_shannon_of_words(first: Mapping[str, int], second: Mapping[str, int]) -> float | None:
    """The Jensen-Shannon divergence of categories, base 2; None where one side has no values."""
    shares = _shares_of_words(first, second)
    return None if shares is None else jensen_shannon(*shares)


def jensen_shannon_of_numbers(first: Numbers, second: Numbers) -> float | None:
    """The Jensen-Shannon divergence of two histograms, base 2; None where one side has no values.

    Both are cut at the boundaries of both, as if the values of a bucket were spread evenly over it; a bucket without
    width stays one. Numbers that are not finite are one more bucket.
    """
    if not (first.count + first.not_finite) or not (second.count + second.not_finite):
        return None
    cells = _cells(first.histogram, second.histogram)
    both = [np.append(_in_cells(side.histogram, cells), side.not_finite) for side in (first, second)]
    return jensen_shannon(*(rows / rows.sum() for rows in both))


def jensen_shannon(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """The Jensen-Shannon divergence of two vectors of shares, base 2: 0 for equal ones, 1 without overlap."""
    middle = (first + second) / 2
    divergence = sum(
        float(np.sum(side[side > 0] * np.log2(side[side > 0] / middle[side > 0]))) for side in (first, second)
    )
    return min(1.0, max(0.0, divergence / 2))


def kolmogorov_smirnov(first: Counted, second: Counted) -> float | None:
    """The largest difference of the cumulative shares; None where one side has no values."""
    if not len(first.numbers) or not len(second.numbers):
        return None
    numbers = np.union1d(first.numbers, second.numbers)
    return float(np.abs(_cumulated(first, numbers) - _cumulated(second, numbers)).max())


def _cumulated(counted: Counted, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    reached = np.concatenate([[0], np.cumsum(counted.counts)])
    return np.asarray(reached[np.searchsorted(counted.numbers, numbers, side="right")] / reached[-1])


def _shares_of_words(
    first: Mapping[str, int], second: Mapping[str, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    if not first or not second:
        return None
    words = sorted(first.keys() | second.keys())
    one, other = (np.array([side.get(word, 0) for word in words], float) for side in (first, second))
    return one / one.sum(), other / other.sum()


#: Where a cell begins and ends.
_Cells = tuple[NDArray[np.float64], NDArray[np.float64]]


def _cells(first: Sequence[Bucket], second: Sequence[Bucket]) -> _Cells:
    """The cells between all boundaries of two histograms, and one without width for each bucket that has none."""
    buckets = [*first, *second]
    edges = sorted({edge for bucket in buckets for edge in (bucket.low, bucket.high)})
    points = sorted({bucket.low for bucket in buckets if bucket.low == bucket.high})
    return np.array([*points, *edges[:-1]]), np.array([*points, *edges[1:]])


def _in_cells(histogram: Sequence[Bucket], cells: _Cells) -> NDArray[np.float64]:
    """The values of a histogram in each cell."""
    lows, highs = cells
    found = np.zeros(len(lows))
    for bucket in histogram:
        if bucket.low == bucket.high:
            found[(lows == bucket.low) & (highs == bucket.low)] += bucket.count
        else:
            shared = np.minimum(highs, bucket.high) - np.maximum(lows, bucket.low)
            found += np.maximum(shared, 0) / (bucket.high - bucket.low) * bucket.count
    return found
