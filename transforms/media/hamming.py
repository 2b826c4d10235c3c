"""Pairs of 64-bit hashes that differ in few bits: every one of them, each once, without comparing all with all.

A hash is cut into blocks, more than bits may differ, so that two near hashes agree in some blocks as a whole. The first
block in which they agree is where they meet: hashes can be divided by that block's value. There they are sorted by
further blocks in which they must agree, and compared with who agrees (Manku, Jain, Das Sarma 2007, "Detecting
near-duplicates for web crawling"; here each pair is told once, by the first blocks in which it agrees).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, pairwise
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
#: Places of the two hashes of every pair.
Pairs = tuple[Places, Places]

_BITS = 64
#: The largest distance: from here on blocks are of four bits, and many must agree for a bucket to be small.
MOST_BITS = 11
#: In how many bits two hashes agree at least, in whole blocks: a bucket of so many holds few of a million hashes.
_SELECTIVE_BITS = 16
#: Hashes that are sorted and compared at one time, unless more of them have a block in common.
_ROWS = 1 << 15
#: What sorting a hash costs, in comparisons of two.
_SORT_COST = 12
#: The share of hashes that still have others to be compared with, below which the rest are taken out.
_WORTH_KEEPING = 0.5


class Block(NamedTuple):
    """Bits ``shift`` to ``shift + bits - 1`` of a hash."""

    shift: int
    bits: int

    def of(self, hashes: Hashes) -> Hashes:
        """The block's value of every hash."""
        if self.bits == _BITS:
            return hashes
        return (hashes >> np.uint64(self.shift)) & np.uint64((1 << self.bits) - 1)

    @property
    def mask(self) -> np.uint64:
        """The block's bits."""
        return np.uint64(((1 << self.bits) - 1) << self.shift)


def blocks(distance: int) -> list[Block]:
    """The blocks of a hash; two hashes that differ in ``distance`` bits agree in all of them but ``distance``."""
    spare = next(spare for spare in range(1, _BITS) if _BITS * spare >= _SELECTIVE_BITS * (distance + spare))
    count = distance + spare
    edges = [_BITS * place // count for place in range(count + 1)]
    return [Block(first, stop - first) for first, stop in pairwise(edges)]


def similar_pairs(hashes: Hashes, asks: Flags, distance: int, place: int) -> Iterator[Pairs]:
    """Pairs of hashes that differ in at most ``distance`` bits, and whose first block in common is number ``place``.

    Over all of the first ``distance`` + 1 blocks every such pair, of which one at least asks, is found exactly once.

    Args:
        hashes: different from one another; of shape ``(n,)``: all, or all that have one of some values in that block.
        asks: whether the neighbours of the hash are wanted; of shape ``(n,)``.
        distance: bits, 0 to ``MOST_BITS``.
        place: of the block.

    Returns:
        Places in ``hashes``, of shape ``(pairs,)`` each, in no particular order, in parts; the left one asks.
    """
    value = blocks(distance)[place].of(hashes)
    order = np.argsort(value)
    starts = np.flatnonzero(np.diff(value[order], prepend=~value[order[:1]]))
    sizes = np.diff(starts, append=len(order))
    for first, stop in _batches(sizes):
        rows = order[starts[first] : starts[first] + int(sizes[first:stop].sum())]
        group = np.repeat(np.arange(stop - first), sizes[first:stop])
        asking_first = np.argsort(~asks[rows], kind="stable")
        rows, group = rows[asking_first], group[asking_first]
        for left, right in _pairs_of_batch(hashes[rows], int(asks[rows].sum()), group, distance, place):
            yield rows[left], rows[right]


def _batches(sizes: NDArray[np.intp]) -> Iterator[tuple[int, int]]:
    """Ranges of neighbouring groups with some ``_ROWS`` hashes together."""
    batch = (np.cumsum(sizes) - 1) // _ROWS
    edges = np.flatnonzero(np.diff(batch, prepend=-1, append=-1))
    yield from pairwise(edges.tolist())


def _pairs_of_batch(hashes: Hashes, asking: int, group: Places, distance: int, place: int) -> Iterator[Pairs]:
    """Pairs of one group, by the further blocks in which they agree, as many as make the work least.

    Of ``hashes``, the first ``asking`` ask.
    """
    cut = blocks(distance)
    values = {number: cut[number].of(hashes).astype(np.int64) for number in range(place + 1, len(cut))}
    for agreed in combinations(values, _depth(group, asking, distance, place)):
        key = group
        for number in agreed:
            key = (key << cut[number].bits) | values[number]
        # Blocks up to the last agreed one in which the pair must differ, or it is found by another choice of blocks.
        last = agreed[-1] if agreed else place
        other = [block.mask for number, block in enumerate(cut[:last]) if number not in {place, *agreed}]
        for left, right in _neighbours(hashes, asking, key, distance):
            differs = hashes[left] ^ hashes[right]
            new = np.ones(len(left), dtype=bool)
            for mask in other:
                new &= (differs & mask) != 0
            yield left[new], right[new]


def _depth(group: Places, asking: int, distance: int, place: int) -> int:
    """How many further blocks to sort by: each choice of them is a sort, and divides the pairs to compare."""
    rows = np.bincount(group)
    asks = np.bincount(group[:asking], minlength=len(rows))
    pairs = float((asks * (rows - asks / 2)).sum())
    count = len(blocks(distance))

    def cost(depth: int) -> float:
        compared = pairs / 2 ** (_BITS * depth / count)
        return comb(count - 1 - place, depth) * (_SORT_COST * len(group) + compared)

    return min(range(count - distance), key=cost)


def _neighbours(hashes: Hashes, asking: int, key: Places, distance: int) -> Iterator[Pairs]:
    """Near hashes of one key, of which the first asks."""
    order = _by_value(key[:asking])
    ends = np.cumsum(np.bincount(key[:asking], minlength=int(key.max(initial=0)) + 1))
    ordered = hashes[order]
    first = np.arange(1, asking + 1)
    for one, other in _runs(ordered, first, ends[key[order]] - first, ordered, distance):
        yield order[one], order[other]
    if asking < len(key):
        asked = key[asking:]
        starts = np.concatenate(([0], ends))
        for one, other in _runs(hashes[asking:], starts[asked], ends[asked] - starts[asked], ordered, distance):
            yield order[other], one + asking


def _by_value(key: Places) -> Places:
    """`np.argsort` of numbers below 2**32; 16 bits at a time it is a radix sort, and takes a fifth of the time."""
    order = np.argsort(key.astype(np.uint16), kind="stable")
    high = key >> 16
    return order[np.argsort(high[order].astype(np.uint16), kind="stable")] if high.any() else order


def _runs(hashes: Hashes, first: Places, count: Places, others: Hashes, distance: int) -> Iterator[Pairs]:
    """Every hash with those near it among ``count`` others from its ``first`` on."""
    active = np.arange(len(hashes))
    for step in range(int(count.max(initial=0))):
        # Taking out those that are done costs as much as comparing them a few times with what is not theirs.
        more = np.flatnonzero(count > step)
        if len(more) < _WORTH_KEEPING * len(count):
            active, hashes, first, count = active[more], hashes[more], first[more], count[more]
        differs = others.take(first + step, mode="clip")
        differs ^= hashes
        near = np.flatnonzero(np.bitwise_count(differs) <= distance)
        near = near[count[near] > step]
        if len(near):
            yield active[near], first[near] + step
