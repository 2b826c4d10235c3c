"""Drift against TensorFlow Data Validation's own examples and formulas, and against SciPy: equal to 1e-9."""

import itertools
import math
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import ks_2samp

from blift.schemas.statistics import Bucket, Numbers
from blift.transforms.statistics.drift import (
    jensen_shannon_of_numbers,
    jensen_shannon_of_words,
    kolmogorov_smirnov,
    l_infinity,
)
from blift.transforms.statistics.numbers import describe_numbers
from tests.transforms.statistics.test_numbers import VALUES, counted

WORDS = st.dictionaries(st.sampled_from("abcdefg"), st.integers(1, 50), min_size=1)
Rows = Sequence[tuple[float, float, int]]


def numbers(rows: Rows, not_finite: int = 0) -> Numbers:
    histogram = [Bucket(*row) for row in rows]
    return Numbers(sum(bucket.count for bucket in histogram), histogram=histogram, not_finite=not_finite)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"hello": 1, "world": 9}, {"hello": 3, "world": 7}, 0.2),
        ({"b": 9, "c": 1}, {"a": 3, "b": 7}, 0.3),
        ({"a": 3, "b": 7}, {"b": 9, "c": 1}, 0.3),
    ],
)
def test_l_infinity_is_that_of_tfdv(first: dict[str, int], second: dict[str, int], expected: float) -> None:
    """The examples of its `metrics_test.cc`."""
    assert l_infinity(first, second) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([(1, 2, 2), (2, 3, 2)], [(2, 4, 2), (4, 6, 2)], 0.65563906222),
        ([(0, 1, 2), (1, 2, 2)], [(3, 4, 2), (4, 6, 2)], 1),
        ([(1, 1, 4)], [(2, 4, 2), (4, 6, 2)], 1),
        ([(1, 1, 4)], [(2, 2, 4)], 1),
        ([(10, 10, 21)], [(0, 4, 150), (4, 12, 200), (12, 20, 20)], 1),
        ([(1, 1, 4)], [(1, 1, 9)], 0),
    ],
)
def test_jensen_shannon_of_numbers_is_that_of_tfdv(first: Rows, second: Rows, expected: float) -> None:
    """The examples of its `metrics_test.cc`."""
    assert jensen_shannon_of_numbers(numbers(first), numbers(second)) == pytest.approx(expected, abs=1e-9)


def test_what_is_not_finite_is_one_more_bucket_as_in_tfdv() -> None:
    found = jensen_shannon_of_numbers(numbers([(1, 2, 3)], not_finite=1), numbers([(1, 2, 4)]))
    assert found == pytest.approx(0.13792538096, abs=1e-9)


def by_walking(first: list[Bucket], second: list[Bucket]) -> float:
    """TFDV's algorithm, written anew from its description: walk the boundaries, spread, and sum p log2(p / m)."""
    sides = [first, second]
    bounds = [{edge for bucket in side for edge in (bucket.low, bucket.high)} for side in sides]
    if bounds[0] != bounds[1]:
        edges = sorted([*(bounds[0] | bounds[1]), *(next(iter(own)) for own in bounds if len(own) == 1)])
        spread = []
        for side in sides:
            cells = [0.0] * (len(edges) - 1)
            for bucket in side:
                for place, (low, high) in enumerate(itertools.pairwise(edges)):
                    if bucket.low == bucket.high:
                        cells[place] += bucket.count if low == high == bucket.low else 0
                    elif bucket.low <= low and high <= bucket.high:
                        cells[place] += (high - low) / (bucket.high - bucket.low) * bucket.count
            spread.append(cells)
    else:
        spread = [[float(bucket.count) for bucket in side] for side in sides]
    shares = [[cell / math.fsum(cells) for cell in cells] for cells in spread]
    return sum(
        p * math.log2(p / ((one + other) / 2)) / 2
        for one, other in zip(*shares, strict=True)
        for p in (one, other)
        if p > 0
    )


@given(VALUES, VALUES)
def test_jensen_shannon_of_values_is_that_of_tfdv(first: list[float], second: list[float]) -> None:
    one, other = (describe_numbers(counted(values)) for values in (first, second))
    found = jensen_shannon_of_numbers(one, other)
    assert found == pytest.approx(by_walking(one.histogram, other.histogram), abs=1e-9)
    assert found == pytest.approx(jensen_shannon_of_numbers(other, one), abs=1e-12)
    assert jensen_shannon_of_numbers(one, one) == pytest.approx(0, abs=1e-12)


@given(WORDS, WORDS)
def test_divergences_of_categories_are_those_of_scipy(first: dict[str, int], second: dict[str, int]) -> None:
    words = sorted(first | second)
    shares = [np.array([side.get(word, 0) for word in words]) / sum(side.values()) for side in (first, second)]
    assert jensen_shannon_of_words(first, second) == pytest.approx(float(jensenshannon(*shares, base=2)) ** 2, abs=1e-9)
    assert l_infinity(first, second) == pytest.approx(float(np.abs(shares[0] - shares[1]).max()), abs=1e-12)


@given(VALUES, VALUES)
def test_kolmogorov_smirnov_is_that_of_scipy(first: list[float], second: list[float]) -> None:
    with warnings.catch_warnings():  # on its p value, which is not compared
        warnings.simplefilter("ignore", RuntimeWarning)
        expected = ks_2samp(first, second, method="exact").statistic
    assert kolmogorov_smirnov(counted(first), counted(second)) == pytest.approx(expected, abs=1e-9)


def test_nothing_is_compared_with_nothing() -> None:
    assert l_infinity({}, {"a": 1}) is None
    assert jensen_shannon_of_words({"a": 1}, {}) is None
    assert jensen_shannon_of_numbers(Numbers(0), numbers([(1, 2, 3)])) is None
    assert kolmogorov_smirnov(counted([]), counted([1.0])) is None
