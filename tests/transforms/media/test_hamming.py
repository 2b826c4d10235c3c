"""The search of pairs in Hamming distance finds what comparing all with all finds, each pair once."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.media.hamming import BANDS, MOST_BITS, bands, masks, similar_pairs

_ALL = (1 << 64) - 1


@st.composite
def near_hashes(draw: st.DrawFn) -> np.ndarray:
    """Hashes of which some differ from others in few bits."""
    seeds = draw(st.lists(st.integers(0, _ALL), min_size=1, max_size=12))
    flips = draw(st.lists(st.lists(st.integers(0, 63), max_size=14), max_size=20))
    near = [seeds[place % len(seeds)] ^ sum(1 << bit for bit in set(bits)) for place, bits in enumerate(flips)]
    return np.unique(np.array([*seeds, *near], dtype=np.uint64))


def found(hashes: np.ndarray, asking: np.ndarray, distance: int, groups: int = 1) -> list[tuple[int, int]]:
    pairs = []
    for place, band in enumerate(bands()):
        ways = masks(band.bits, distance)
        for group in range(groups):
            for left, right in similar_pairs(hashes, asking, distance, place, ways[group::groups]):
                pairs += [(min(one, other), max(one, other)) for one, other in zip(left, right, strict=True)]
    return pairs


@settings(max_examples=25, deadline=None)
@given(near_hashes(), st.data(), st.integers(0, MOST_BITS))
def test_pairs_are_those_of_comparing_all_with_all(hashes: np.ndarray, data: st.DataObject, distance: int) -> None:
    asks = data.draw(st.lists(st.booleans(), min_size=len(hashes), max_size=len(hashes)))
    asking = np.array(asks)
    close = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= distance
    expected = {
        (one, other)
        for one, other in zip(*np.nonzero(close), strict=True)
        if one < other and (asks[one] or asks[other])
    }
    pairs = found(hashes, asking, distance)
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected


@settings(max_examples=10)
@given(near_hashes(), st.integers(0, 8), st.integers(2, 7))
def test_the_work_can_be_divided(hashes: np.ndarray, distance: int, groups: int) -> None:
    asking = hashes % np.uint64(3) > 0
    assert sorted(found(hashes, asking, distance, groups)) == sorted(found(hashes, asking, distance))


def test_pairs_of_many_hashes_in_one_bucket_are_all_found() -> None:
    """Hashes that share two bands meet there all with all, and must be found once nevertheless."""
    hashes = np.sort(np.array([number << 43 for number in range(40)], dtype=np.uint64))
    close = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= 2
    expected = [(one, other) for one, other in zip(*np.nonzero(close), strict=True) if one < other]
    assert sorted(found(hashes, np.ones(40, dtype=bool), 2)) == expected


def test_who_does_not_ask_is_found_and_not_looked_for() -> None:
    hashes = np.array([0, 1, 3, 7], dtype=np.uint64)
    assert found(hashes, np.zeros(4, dtype=bool), 3) == []
    assert sorted(found(hashes, np.array([False, True, False, False]), 1)) == [(0, 1), (1, 2)]


@pytest.mark.parametrize("distance", [0, 8, MOST_BITS])
def test_no_hashes_and_a_single_one_have_no_pairs(distance: int) -> None:
    for count in (0, 1):
        hashes = np.arange(count, dtype=np.uint64)
        assert found(hashes, np.ones(count, dtype=bool), distance) == []


@given(st.integers(3, 22), st.integers(0, MOST_BITS))
def test_masks_are_the_ways_to_differ_in_a_third_of_the_bits(bits: int, distance: int) -> None:
    ways = masks(bits, distance)
    assert len(ways) == len(set(ways)) == sum(math.comb(bits, ones) for ones in range(distance // BANDS + 1))
    assert all(way < 1 << bits and way.bit_count() <= distance // BANDS for way in ways)


def test_the_bands_hold_every_bit_once() -> None:
    covered = [bit for band in bands() for bit in range(band.shift, band.shift + band.bits)]
    assert covered == list(range(64))
