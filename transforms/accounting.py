"""Counts of what happened to rows, so that rows in = rows out + rejected + merged can be checked.

A tally travels as data, not as a Beam metric: metrics are attempted values on some runners (a retried bundle
counts twice) and come back only in part from others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from blift.schemas.count import Count

if TYPE_CHECKING:
    from apache_beam.pvalue import TaggedOutput


class Outcome(StrEnum):
    """What became of a row in a step."""

    IN = "in"
    OUT = "out"
    REJECTED = "rejected"
    MERGED = "merged"


#: (stage, table, place, step, outcome, reason); steps of one table run in the order of their places; the reason is
#: empty but for rejected rows.
TallyKey = tuple[str, str, int, str, str, str]

#: A reason of `blift.schemas.reasons`, or one that a rule brings.
_Reason = TypeVar("_Reason", bound=str)

#: Counts of this process, for a display while a local run goes on. The exact figures are the tallies.
live: Counter[tuple[str, str, str]] = Counter()


@dataclass
class Tally:
    """Counts of one chunk, in one stage."""

    stage: str
    counts: Counter[TallyKey] = field(default_factory=Counter)

    def step(
        self,
        place: int,
        step: str,
        table: str,
        rows_in: int,
        rejected: Mapping[_Reason, int] | None = None,
        merged: int = 0,
    ) -> None:
        """Count a whole step: what is neither rejected nor merged goes out."""
        losses: dict[str, int] = {str(reason): rows for reason, rows in (rejected or {}).items()}
        self._add(place, step, table, Outcome.IN, rows_in)
        for reason, rows in losses.items():
            self._add(place, step, table, Outcome.REJECTED, rows, reason)
        self._add(place, step, table, Outcome.MERGED, merged)
        self._add(place, step, table, Outcome.OUT, rows_in - sum(losses.values()) - merged)

    def flow(
        self, place: int, step: str, table: str, rows_in: int, rows_out: int, rejected: Mapping[_Reason, int]
    ) -> None:
        """Count a step whose rows out were counted by themselves, so that a loss shows as an imbalance."""
        self._add(place, step, table, Outcome.IN, rows_in)
        for reason, rows in rejected.items():
            self._add(place, step, table, Outcome.REJECTED, rows, reason)
        self._add(place, step, table, Outcome.OUT, rows_out)

    def _add(self, place: int, step: str, table: str, outcome: Outcome, rows: int, reason: str = "") -> None:
        if rows or outcome in (Outcome.IN, Outcome.OUT):
            self.counts[(self.stage, table, place, step, outcome.value, str(reason))] += rows

    def emit(self) -> Iterator[TaggedOutput]:
        """The counts as tagged outputs, told to the runner's metrics and to the live display too."""
        from apache_beam.metrics import Metrics  # noqa: PLC0415 - slow, and whoever only reads accounts needs none
        from apache_beam.pvalue import TaggedOutput  # noqa: PLC0415 - the same

        for key, rows in self.counts.items():
            stage, table, _, step, outcome, _ = key
            live[(step, table, outcome)] += rows
            Metrics.counter(f"blift.{stage}", f"{step}.{table}.{outcome}").inc(rows)
            yield TaggedOutput(TALLY, (key, rows))


TALLY = "tally"
REJECTS = "rejects"


#: The order in which a funnel shows records: from what is read to what is made.
_TABLES = ("post", "comment", "sample", "pair", "preference")


@dataclass(frozen=True)
class FunnelRow:
    """One step for one table: a row of the funnel."""

    stage: str
    table: str
    place: Count
    step: str
    rows_in: Count
    rows_out: Count
    merged: Count
    rejected: dict[str, Count]

    @property
    def balanced(self) -> bool:
        """Nothing was lost: rows in = rows out + rejected + merged."""
        return self.rows_in == self.rows_out + self.merged + sum(self.rejected.values())


def funnel(counts: Mapping[TallyKey, int]) -> list[FunnelRow]:
    """Funnel rows out of summed tallies: the steps of each table of a stage, in the order in which they ran.

    A table's name is that of a record, with the platform before it where it is one platform's: `reddit post`.
    """
    steps: dict[tuple[str, str, int, str], Counter[tuple[str, str]]] = {}
    for (stage, table, place, step, outcome, reason), rows in counts.items():
        steps.setdefault((stage, table, place, step), Counter())[(outcome, reason)] += rows
    return [
        FunnelRow(
            *step,
            rows_in=found[(Outcome.IN, "")],
            rows_out=found[(Outcome.OUT, "")],
            merged=found[(Outcome.MERGED, "")],
            rejected={reason: rows for (outcome, reason), rows in sorted(found.items()) if outcome == Outcome.REJECTED},
        )
        for step, found in sorted(steps.items(), key=_in_order)
    ]


def _in_order(item: tuple[tuple[str, str, int, str], object]) -> tuple[str, int, str, int, str]:
    stage, table, place, step = item[0]
    kind = table.split(" ")[-1]
    return stage, _TABLES.index(kind) if kind in _TABLES else len(_TABLES), table, place, step


def unbalanced(rows: Sequence[FunnelRow]) -> list[str]:
    """Sentences on every step that lost rows, and on every step that did not get what the one before gave."""
    problems = [
        f"{row.stage}, {row.step}, {row.table}: {row.rows_in} rows in, {row.rows_out} out, {row.merged} merged, "
        f"{sum(row.rejected.values())} rejected"
        for row in rows
        if not row.balanced
    ]
    for before, after in pairwise(rows):
        chained = (before.stage, before.table) == (after.stage, after.table) and before.place < after.place
        if chained and before.rows_out != after.rows_in:
            problems.append(
                f"{after.stage}, {after.table}: {before.rows_out} rows left {before.step}, "
                f"{after.rows_in} came to {after.step}"
            )
    return problems
