"""The search of pairs in Hamming distance finds what comparing all with all finds, each pair once."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.transforms.media import hamming
from blift.transforms.media.hamming import MOST_BITS, blocks, similar_pairs

_ALL = (1 << 64) - 1
_DISTANCES = st.integers(0, MOST_BITS)


@st.composite
def near_hashes(draw: st.DrawFn) -> np.ndarray:
    """Hashes of which some differ from others in few bits, many of them in one place."""
    seeds = draw(st.lists(st.integers(0, _ALL), min_size=1, max_size=8))
    flips = draw(st.lists(st.lists(st.integers(0, 63), max_size=14), max_size=30))
    near = [seeds[place % len(seeds)] ^ sum(1 << bit for bit in set(bits)) for place, bits in enumerate(flips)]
    return np.array(draw(st.permutations(sorted({*seeds, *near}))), dtype=np.uint64)


def by_all_with_all(hashes: np.ndarray, asks: np.ndarray, distance: int) -> Counter[frozenset[int]]:
    near = np.bitwise_count(hashes[:, None] ^ hashes[None]) <= distance
    near &= (asks[:, None] | asks[None]) & ~np.eye(len(hashes), dtype=bool)
    return Counter({frozenset(pair) for pair in np.argwhere(near).tolist()})


def found(hashes: np.ndarray, asks: np.ndarray, distance: int, groups: int = 1) -> Counter[frozenset[int]]:
    """Pairs, as often as they are found, the work divided by the value of the block in which they meet."""
    pairs: Counter[frozenset[int]] = Counter()
    for place, block in enumerate(blocks(distance)[: distance + 1]):
        for group in range(groups):
            rows = np.flatnonzero(block.of(hashes) % groups == group)
            for left, right in similar_pairs(hashes[rows], asks[rows], distance, place):
                assert asks[rows[left]].all()
                pairs.update(frozenset(pair) for pair in zip(rows[left].tolist(), rows[right].tolist(), strict=True))
    return pairs


@settings(max_examples=60, deadline=None)
@given(near_hashes(), st.data(), _DISTANCES, st.integers(1, 5))
def test_pairs_are_those_of_comparing_all_with_all_however_the_work_is_divided(
    hashes: np.ndarray, data: st.DataObject, distance: int, groups: int
) -> None:
    asks = np.array(data.draw(st.lists(st.booleans(), min_size=len(hashes), max_size=len(hashes))))
    assert found(hashes, asks, distance, groups) == by_all_with_all(hashes, asks, distance)


@pytest.mark.parametrize("distance", [0, 1, 3, 5, 8, MOST_BITS])
@pytest.mark.parametrize("rows", [1 << 15, 50])
def test_many_hashes_that_are_sorted_by_several_blocks(
    distance: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hamming, "_ROWS", rows)
    monkeypatch.setattr(hamming, "_SORT_COST", 0)  # the deepest sort, whatever the number of hashes
    random = np.random.default_rng(distance)
    few = random.integers(0, 1 << 64, 150, dtype=np.uint64)
    flips = np.uint64(1) << random.integers(0, 64, (distance + 1, 450), dtype=np.uint64)
    flips[-1, :300] = 0  # two thirds are within the distance of their original
    hashes = np.unique(np.concatenate([few, np.tile(few, 3) ^ np.bitwise_or.reduce(flips, axis=0)]))
    asks = random.random(len(hashes)) < 0.4
    expected = by_all_with_all(hashes, asks, distance)
    assert found(hashes, asks, distance) == expected
    assert distance == 0 or len(expected) > 100


def test_pairs_of_many_hashes_in_one_bucket_are_all_found() -> None:
    """Hashes that share most blocks meet there all with all, and must be found once nevertheless."""
    hashes = np.array([number << 43 for number in range(40)], dtype=np.uint64)
    every = np.ones(40, dtype=bool)
    assert found(hashes, every, 2) == by_all_with_all(hashes, every, 2)


def test_who_does_not_ask_is_found_and_not_looked_for() -> None:
    hashes = np.array([0, 1, 3, 7], dtype=np.uint64)
    assert not found(hashes, np.zeros(4, dtype=bool), 3)
    pairs = found(hashes, np.array([False, True, False, False]), 1)
    assert pairs == Counter([frozenset({0, 1}), frozenset({1, 2})])


@pytest.mark.parametrize("distance", [0, 8, MOST_BITS])
def test_no_hashes_and_a_single_one_have_no_pairs(distance: int) -> None:
    for count in (0, 1):
        assert not found(np.arange(count, dtype=np.uint64), np.ones(count, dtype=bool), distance)


@pytest.mark.parametrize("distance", range(MOST_BITS + 1))
def test_blocks_hold_every_bit_once_and_are_more_than_bits_may_differ(distance: int) -> None:
    cut = blocks(distance)
    assert [bit for block in cut for bit in range(block.shift, block.shift + block.bits)] == list(range(64))
    assert len(cut) > distance
