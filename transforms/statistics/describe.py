"""Counts of the columns of tables as statistics, and as the drift between two datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import pyarrow as pa

from blift.schemas.errors import cut
from blift.schemas.statistics import ColumnDrift, ColumnStatistics, TableStatistics, Word, Words
from blift.transforms.statistics.counts import Kind
from blift.transforms.statistics.drift import (
    jensen_shannon_of_numbers,
    jensen_shannon_of_words,
    kolmogorov_smirnov,
    l_infinity,
)
from blift.transforms.statistics.numbers import NOTHING, Counted, describe_numbers
from blift.transforms.tables import frame

#: The most frequent values of a category that are named.
TOP = 20
#: Characters of a value that are shown.
_LONGEST = 200
_OF_NUMBERS = ("values", "characters", "tokens", "lengths")
_OF_WORDS = ("words", "months")


@dataclass(frozen=True)
class CountedColumn:
    """The counts of one column."""

    name: str
    kind: Kind
    totals: Mapping[str, int]
    numbers: Mapping[str, Counted]
    words: Mapping[str, Mapping[str, int]]

    @property
    def missing_rate(self) -> float:
        """The share of the rows that are null."""
        return self.totals["missing"] / self.totals["rows"] if self.totals["rows"] else 0.0


def columns_of(counts: pa.Table) -> dict[str, CountedColumn]:
    """The columns of a table, in the order of their names, out of its counts."""
    found = {}
    for (name, kind), rows in frame(counts).group_by(["column", "kind"], maintain_order=True):
        totals: dict[str, int] = {}
        numbers: dict[str, Counted] = {}
        words: dict[str, Mapping[str, int]] = {}
        for (measure,), part in rows.group_by(["measure"], maintain_order=True):
            if measure in _OF_NUMBERS:
                numbers[str(measure)] = Counted(part["number"].to_numpy(), part["count"].to_numpy())
            elif measure in _OF_WORDS:
                words[str(measure)] = dict(zip(part["word"], part["count"], strict=True))
            else:
                totals[str(measure)] = int(part["count"].sum())
        found[str(name)] = CountedColumn(str(name), cast(Kind, kind), totals, numbers, words)
    return found


def describe(name: str, rows: int, counts: pa.Table) -> TableStatistics:
    """The statistics of a table with so many rows."""
    return TableStatistics(name, rows, [_column(column) for column in columns_of(counts).values()])


def _column(column: CountedColumn) -> ColumnStatistics:
    not_finite = column.totals.get("not_finite", 0)
    numbers = {name: describe_numbers(counted, not_finite) for name, counted in column.numbers.items()}
    if not_finite and not numbers:
        numbers["values"] = describe_numbers(NOTHING, not_finite)
    words, months = (column.words.get(name) for name in _OF_WORDS)
    return ColumnStatistics(
        column=column.name,
        kind=column.kind,
        rows=column.totals["rows"],
        missing=column.totals["missing"],
        missing_rate=column.missing_rate,
        words=None if words is None else _words(words),
        months=None if months is None else [Word(month, count) for month, count in sorted(months.items())],
        **numbers,
    )


def _words(words: Mapping[str, int]) -> Words:
    top = most_frequent(words, TOP)
    return Words(sum(words.values()), len(words), [Word(cut(word, _LONGEST), count) for word, count in top])


def most_frequent(words: Mapping[str, int], most: int) -> list[tuple[str, int]]:
    """The most frequent of some words with their counts, at most so many; of equally frequent ones by name."""
    return sorted(words.items(), key=lambda word: (-word[1], word[0]))[:most]


def drift(table: str, now: pa.Table, then: pa.Table) -> Iterator[ColumnDrift]:
    """How each distribution of the columns that both have differs, in the order of the columns' names."""
    before = columns_of(then)
    for name, column in columns_of(now).items():
        other = before.get(name)
        if other is None or other.kind != column.kind:
            continue
        missing = abs(column.missing_rate - other.missing_rate)
        for measure in _OF_NUMBERS:
            if measure in column.numbers or measure in other.numbers:
                yield _drift_of_numbers(table, measure, column, other, missing)
        for measure in _OF_WORDS:
            if measure in column.words or measure in other.words:
                sides = [side.words.get(measure, {}) for side in (column, other)]
                yield ColumnDrift(
                    table, name, measure, l_infinity(*sides), jensen_shannon_of_words(*sides), None, missing
                )


def _drift_of_numbers(table: str, measure: str, now: CountedColumn, then: CountedColumn, missing: float) -> ColumnDrift:
    sides = [side.numbers.get(measure, NOTHING) for side in (now, then)]
    described = [
        describe_numbers(counted, side.totals.get("not_finite", 0))
        for counted, side in zip(sides, (now, then), strict=True)
    ]
    divergence = jensen_shannon_of_numbers(*described)
    return ColumnDrift(table, now.name, measure, None, divergence, kolmogorov_smirnov(*sides), missing)
