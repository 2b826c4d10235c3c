"""Distributions of numbers against NumPy's own figures on the values one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.statistics import Bucket, Numbers
from blift.transforms.statistics.numbers import NOTHING, QUANTILES, Counted, binned, describe_numbers

VALUES = st.lists(st.floats(-1e9, 1e9) | st.integers(-5, 5).map(float), min_size=1, max_size=80)


def counted(values: list[float]) -> Counted:
    return Counted(*np.unique(np.array(values, float) + 0.0, return_counts=True))


@given(VALUES)
def test_figures_are_those_of_numpy(values: list[float]) -> None:
    found, given_values = describe_numbers(counted(values)), np.array(values)
    assert (found.count, found.min, found.max) == (len(values), min(values) + 0.0, max(values) + 0.0)
    scale = max(1.0, float(np.abs(given_values).max()))
    assert found.mean == pytest.approx(given_values.mean(), abs=1e-9 * scale)
    assert found.std == pytest.approx(given_values.std(), abs=1e-6 * scale)
    expected = np.quantile(given_values, QUANTILES, method="inverted_cdf")
    assert list(found.quantiles.values()) == [value + 0.0 for value in expected.tolist()]


@given(VALUES)
def test_buckets_hold_what_lies_between_their_bounds(values: list[float]) -> None:
    buckets = describe_numbers(counted(values)).histogram
    assert [bucket.high for bucket in buckets[:-1]] == [bucket.low for bucket in buckets[1:]]
    assert (buckets[0].low, buckets[-1].high) == (min(values) + 0.0, max(values) + 0.0)
    for bucket in buckets[:-1]:
        assert bucket.count == sum(bucket.low <= value < bucket.high for value in values)
    assert sum(bucket.count for bucket in buckets) == len(values)


def test_buckets_are_those_of_numpy_on_whole_numbers() -> None:
    values = [float(value**2 % 101) for value in range(300)]
    rows, edges = np.histogram(values, bins=10)
    buckets = describe_numbers(counted(values)).histogram
    assert [bucket.count for bucket in buckets] == rows.tolist()
    assert [bucket.low for bucket in buckets] == pytest.approx(edges[:-1].tolist())


def test_extremes() -> None:
    assert describe_numbers(counted([])) == Numbers(0)
    assert describe_numbers(counted([7.0, 7.0])).histogram == [Bucket(7, 7, 2)]
    huge = describe_numbers(counted([-1.7e308, 1.7e308]))
    assert (huge.mean, huge.std) == (0.0, None)
    assert [bucket.count for bucket in huge.histogram] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert describe_numbers(counted([1.0] * 19 + [2.0])).quantiles["0.95"] == 1.0


def test_values_on_an_edge_begin_its_bin() -> None:
    counted = Counted(np.array([-1.0, 0.0, 1.5, 2.0, 9.0]), np.array([1, 2, 3, 4, 5]))
    assert binned(counted, np.array([0.0, 1.0, 2.0])).tolist() == [1, 2, 3, 9]
    assert binned(NOTHING, np.array([0.0])).tolist() == [0, 0]
