"""The limits that a recipe sets on columns, and sentences on those that a dataset does not keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blift.pipelines.recipe.stats import OF_DRIFT, Limit
from blift.schemas.errors import OutOfLimits
from blift.schemas.statistics import ColumnDrift, ColumnStatistics, Statistics

#: What of each drift a bound is on.
_MEASURES = dict(zip(OF_DRIFT, ("l_infinity", "jensen_shannon", "kolmogorov_smirnov"), strict=True))


def check_limits(statistics: Statistics, limits: Sequence[Limit]) -> None:
    """Check that a dataset keeps its limits.

    Raises:
        OutOfLimits: it does not; a sentence for each limit names column, value and limit.
    """
    if found := [sentence for limit in limits for sentence in _broken(statistics, limit)]:
        raise OutOfLimits(*found)


def _broken(statistics: Statistics, limit: Limit) -> Iterator[str]:
    columns = {(table.name, column.column): column for table in statistics.tables for column in table.columns}
    column = columns.get((limit.table, limit.column))
    where = f"`{limit.column}` of {limit.table}"
    if column is None:
        yield f"{where} has no rows, and `stats.limits` sets bounds on it. Look at the funnel for what was rejected."
        return
    for name, bound in limit.bounds().items():
        if name in OF_DRIFT:
            yield from _drifted(statistics, limit, name, bound)
            continue
        value = _value(column, name)
        if value is None:
            yield f"{where} has no values, so `{name}` of `stats.limits` ({bound:g}) cannot be kept."
        elif (value > bound) if name.startswith("max_") else (value < bound):
            yield _sentence(where, name, value, bound)


def _value(column: ColumnStatistics, name: str) -> float | None:
    if name == "max_missing":
        return column.missing_rate
    if name == "min_distinct":
        return column.words.distinct if column.words else 0
    numbers = column.values or column.characters or column.lengths
    return numbers.mean if numbers else None


def _drifted(statistics: Statistics, limit: Limit, name: str, bound: float) -> Iterator[str]:
    where = f"`{limit.column}` of {limit.table}"
    drift = statistics.drift
    own = [
        column
        for column in (drift.columns if drift else [])
        if (column.table, column.column) == (limit.table, limit.column) and _has(column, name)
    ]
    if not own:
        yield (
            f"{where} is in one of the two datasets alone, or has values in neither, so `{name}` ({bound:g}) of "
            "`stats.limits` cannot be compared."
        )
    for column in own:
        value = getattr(column, _MEASURES[name])
        if value is None:
            lacking = f"{where} has no values in one of the two datasets"
            yield f"{lacking}, so `{name}` ({bound:g}) of `stats.limits` cannot be compared."
        elif value > bound:
            yield _sentence(f"{where} ({column.measure})", name, value, bound)


def _has(column: ColumnDrift, name: str) -> bool:
    """Whether a bound is on this distribution: L-infinity is one of words and months, Kolmogorov-Smirnov of numbers."""
    of_words = column.measure in {"words", "months"}
    return name == "max_jensen_shannon" or of_words == (name == "max_l_infinity")


def _sentence(where: str, name: str, value: float, bound: float) -> str:
    what = name.partition("_")[2].replace("_", " ")
    side = "above" if name.startswith("max_") else "below"
    return f"{where}: {what} is {value:.6g}, {side} the limit {bound:g} (`{name}` of `stats.limits`)."
