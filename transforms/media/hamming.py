"""Pairs of 64-bit hashes that differ in few bits, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_BITS = 64
#: Into how many bands a hash is cut. With three of 21 and 22 bits, a million hashes leave half of a band's values
#: without a hash, so most probes find nothing and cost a look at a table.
BANDS = 3
#: The largest distance: from here on a band may differ in four bits, and there are 9,000 ways to differ so.
MOST_BITS = 11


class Band(NamedTuple):
    """Bits ``shift`` to ``shift`` + ``bits`` - 1 of a hash."""

    shift: int
    bits: int

    def of(self, hashes: Hashes) -> NDArray[np.int64]:
        """The band's value of every hash."""
        return ((hashes >> np.uint64(self.shift)) & np.uint64((1 << self.bits) - 1)).astype(np.int64)


def bands() -> list[Band]:
    """The bands of a hash."""
    edges = [round(_BITS * place / BANDS) for place in range(BANDS + 1)]
    return [Band(first, stop - first) for first, stop in pairwise(edges)]


def masks(bits: int, distance: int) -> list[int]:
    """The ways in which a band can differ, if two hashes differ in ``distance`` bits.

    At least one band of theirs differs in no more than a third of them.
    """
    return [
        sum(1 << bit for bit in changed)
        for ones in range(distance // BANDS + 1)
        for changed in combinations(range(bits), ones)
    ]


def similar_pairs(
    hashes: Hashes, asking: NDArray[np.bool_], distance: int, place: int, ways: Sequence[int]
) -> Iterator[tuple[Places, Places]]:
    """Places of pairs of hashes that differ in at most ``distance`` bits, and in the band ``place`` in one of ``ways``.

    Over all bands and all their ``masks`` every such pair of different hashes is found exactly once, if at least one
    of the two is asking. Multi-index hashing: Norouzi, Punjani, Fleet 2012, "Fast search in Hamming space with
    multi-index hashing".

    Args:
        hashes: different from one another, ascending.
        asking: hashes whose neighbours are wanted.
        distance: bits, 0 to ``MOST_BITS``.
        place: of the band.
        ways: some of ``masks(bits of the band, distance)``; the work can be divided by them.
    """
    before, band = bands()[:place], bands()[place]
    keys = band.of(hashes)
    order = np.argsort(keys, kind="stable")
    starts = np.zeros((1 << band.bits) + 1, dtype=np.int32)
    np.cumsum(np.bincount(keys, minlength=1 << band.bits), out=starts[1:])
    queries = order[asking[order]]
    for way in ways:
        probes = keys[queries] ^ way
        first, counts = starts[probes], starts[probes + 1] - starts[probes]
        hit = np.flatnonzero(counts)
        if not len(hit):
            continue
        left, right = queries[hit], order[first[hit]]
        several = np.flatnonzero(counts[hit] > 1)
        if len(several):
            left, right = _all_of(queries, order, hit, first, counts)
        yield _verified(hashes, asking, distance, before, left, right)


def _all_of(
    queries: Places, order: Places, hit: Places, first: NDArray[np.int32], counts: NDArray[np.int32]
) -> tuple[Places, Places]:
    """Every query with each of the hashes in the bucket that it asks."""
    lengths = counts[hit]
    ends = np.cumsum(lengths)
    within = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return np.repeat(queries[hit], lengths), order[np.repeat(first[hit], lengths) + within]


def _verified(
    hashes: Hashes, asking: NDArray[np.bool_], distance: int, before: Sequence[Band], left: Places, right: Places
) -> tuple[Places, Places]:
    """Pairs close enough in all bits; each once: by its first band that is close, from the lower hash if both ask."""
    differs = hashes[left] ^ hashes[right]
    keep = np.flatnonzero(np.bitwise_count(differs) <= distance)
    left, right, differs = left[keep], right[keep], differs[keep]
    once = ~asking[right] | (left < right)
    for band in before:
        once &= np.bitwise_count(band.of(differs)) > distance // BANDS
    return left[once], right[once]
