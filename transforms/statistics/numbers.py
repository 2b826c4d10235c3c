"""What is said of a distribution of numbers, out of how often each occurs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blift.schemas.statistics import Bucket, Numbers

#: Of equal width between the least and the largest value: as many as TensorFlow Data Validation takes.
BUCKETS = 10
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


@dataclass(frozen=True)
class Counted:
    """Distinct finite numbers in ascending order, and how often each occurs."""

    numbers: NDArray[np.float64]
    counts: NDArray[np.int64]


#: No number at all.
NOTHING = Counted(np.array([], np.float64), np.array([], np.int64))


def describe_numbers(counted: Counted, not_finite: int = 0) -> Numbers:
    """What is said of a distribution; the same on every machine, since sums are exact before they are rounded."""
    numbers, counts = counted.numbers, counted.counts
    total = int(counts.sum())
    if not total:
        return Numbers(0, not_finite=not_finite)
    # A sum of the largest numbers is beyond any number, and their mean is not.
    mean = math.fsum((numbers * (counts / total)).tolist())
    with np.errstate(over="ignore"):
        spread = (numbers - mean) ** 2 * (counts / total)
    std = math.sqrt(math.fsum(spread.tolist())) if np.isfinite(spread).all() else None
    return Numbers(
        count=total,
        min=float(numbers[0]),
        max=float(numbers[-1]),
        mean=mean,
        std=std,
        quantiles={f"{share:.2f}": quantile(counted, share) for share in QUANTILES},
        histogram=histogram(counted),
        not_finite=not_finite,
    )


def quantile(counted: Counted, share: float) -> float:
    """The least number that at least this share of the values does not exceed (`inverted_cdf` of NumPy)."""
    reached = np.cumsum(counted.counts)
    # In whole values, so that 0.95 of 20 is 19 and no more.
    wanted = max(1, math.ceil(round(share * int(reached[-1]), 6)))
    return float(counted.numbers[np.searchsorted(reached, wanted)])


def histogram(counted: Counted) -> list[Bucket]:
    """Buckets of equal width; one without width where there is one value."""
    numbers, counts = counted.numbers, counted.counts
    if not len(numbers):
        return []
    low, high = float(numbers[0]), float(numbers[-1])
    if low == high:
        return [Bucket(low, high, int(counts.sum()))]
    places = np.arange(BUCKETS + 1) / BUCKETS
    edges = np.maximum.accumulate(low * (1 - places) + high * places)
    edges[-1] = high
    bucket = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, BUCKETS - 1)
    rows = np.bincount(bucket, weights=counts, minlength=BUCKETS)
    return [Bucket(float(edges[at]), float(edges[at + 1]), int(rows[at])) for at in range(BUCKETS)]


def binned(counted: Counted, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many values lie below the first edge, from each edge to the next, and from the last edge on."""
    bins = np.zeros(len(edges) + 1, np.int64)
    np.add.at(bins, np.searchsorted(edges, counted.numbers, side="right"), counted.counts)
    return bins
