"""The search of pairs in Hamming distance finds what comparing all with all finds, each pair once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.media.hamming import MOST_BITS, bands, masks, similar_pairs

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
@given(near_hashes(), st.data(), st.sampled_from([0, 1, 2, 3, 5, 8, MOST_BITS]))
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


@pytest.mark.parametrize("groups", [2, 3, 7])
def test_the_work_can_be_divided(groups: int) -> None:
    rng = np.random.default_rng(1)
    base = rng.integers(0, 1 << 63, 300, dtype=np.uint64)
    hashes = np.unique(np.concatenate([base, base ^ np.uint64(0b1001), base ^ (np.uint64(7) << np.uint64(40))]))
    everybody = np.ones(len(hashes), dtype=bool)
    assert sorted(found(hashes, everybody, 5, groups)) == sorted(found(hashes, everybody, 5))


def test_the_bands_hold_every_bit_once() -> None:
    covered = [bit for band in bands() for bit in range(band.shift, band.shift + band.bits)]
    assert covered == list(range(64))
