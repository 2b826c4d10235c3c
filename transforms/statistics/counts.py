"""How often each value occurs in each column: tables that add up, whatever the order and the cut of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Literal, TypeAlias, cast

import numpy as np
import polars as pl
import pyarrow as pa

from blift.schemas.registry import SCHEMAS
from blift.transforms.tables import concat, frame

#: What is counted of a column. `rows`, `missing` and `not_finite` are totals; the others are distributions.
Measure: TypeAlias = Literal[
    "rows", "missing", "not_finite", "values", "characters", "tokens", "lengths", "words", "months"
]
Kind: TypeAlias = Literal["number", "category", "text", "list", "time", "name"]
#: Token counts of texts.
Tokens: TypeAlias = Callable[[Sequence[str]], Sequence[int]]
_Name: TypeAlias = tuple[str, Kind, Measure]

#: A row says how often a column has a number (or a length), or a word (or a month).
COUNTS = pa.schema(
    [
        pa.field("column", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("number", pa.float64()),
        pa.field("word", pa.string()),
        pa.field("count", pa.int64(), nullable=False),
    ]
)
#: What a distribution is of: a column, its kind, a measure.
_NAMED = ("column", "kind", "measure")
#: The rows of `COUNTS` of one distribution.
_ONE = {"number": pl.Float64, "word": pl.String, "count": pl.Int64}
_OF_NUMBERS = frozenset(["values", "characters", "tokens", "lengths"])
#: Counts that are gathered before they are added up.
_ROWS_HELD = 1 << 20

#: Columns of text that people or models wrote, by their own name.
TEXTS = frozenset(
    ["caption", "detail", "screen_text", "speech", "system", "text", "title", "value"],
)
#: Columns of text with values that many rows share.
CATEGORIES = frozenset(
    [
        *("audio_codec", "availability", "background_colours", "bot", "categories", "channel_name", "container"),
        *("damage", "decoder", "distinguished", "foreground_colours", "form", "from", "kind", "language", "licence"),
        *("media_host", "media_kind", "pixel_format", "platform", "reason", "record_table", "replay_absent", "role"),
        *("rule", "source", "speech_source", "split", "stage", "subreddit", "tags", "template", "template_version"),
        *("tone", "type", "video_codec"),
    ]
)


def count(rows: pa.Table, tokens: Tokens | None = None) -> pa.Table:
    """What occurs how often in the columns of a table (``COUNTS``), nested ones included.

    Args:
        rows: of any table.
        tokens: counts the tokens of texts; None where nobody asks for them.
    """
    return _told(
        part for column in frame(rows).iter_columns() for part in _of(column, column.name, column.name, tokens)
    )


def count_lengths(lengths: pa.Table) -> pa.Table:
    """The same of columns of lists of which the lengths alone were read, without what is in them.

    Args:
        lengths: the length of each list, by column.
    """
    return _told(part for column in frame(lengths).iter_columns() for part in _of_lengths(column, column.name))


def count_missing(table: str, rows: int, missing: Mapping[str, int]) -> pa.Table:
    """The totals of columns of which only the missing values are known, such as from a file's own statistics.

    Args:
        table: of blift, whose columns they are.
        rows: of the file.
        missing: rows without a value, by column.
    """
    columns = frame(SCHEMAS[table].empty_table())
    return _told(
        part
        for name, nulls in missing.items()
        for part in _totals(name, _kind(columns[name].dtype, name), {"rows": rows, "missing": nulls})
    )


@cache
def known_columns(table: str) -> Mapping[str, Kind]:
    """The columns of a table of blift that have statistics, and the kind of each."""
    columns = frame(SCHEMAS[table].empty_table()).schema
    return dict(each for name, dtype in columns.items() for each in _kinds(dtype, name, name))


def _kinds(dtype: pl.DataType, path: str, name: str) -> Iterator[tuple[str, Kind]]:
    """A column and what is in it that ``count`` has a name for, and the kind of each."""
    if isinstance(dtype, pl.Struct):
        for member, inner in dtype.to_schema().items():
            yield from _kinds(cast(pl.DataType, inner), f"{path}.{member}", member)
        return
    yield path, _kind(dtype, name)
    if isinstance(dtype, pl.List | pl.Array) and isinstance(dtype.inner, pl.Struct):
        yield from _kinds(dtype.inner, path, name)


class Summed:
    """Counts that are added up as they come; few of them are in memory at a time."""

    def __init__(self) -> None:
        self._held: list[pa.Table] = []
        self._rows = self._least = 0

    def add(self, counts: pa.Table) -> None:
        """Add some."""
        self._held.append(counts)
        self._rows += counts.num_rows
        if self._rows > _ROWS_HELD + 2 * self._least:
            self._held = [self.total()]
            self._rows = self._least = self._held[0].num_rows

    def total(self) -> pa.Table:
        """The sum of all, sorted."""
        held = frame(concat(self._held, COUNTS)).partition_by(_NAMED, as_dict=True, include_key=False)
        return _told((cast(_Name, name), _summed(cast(_Name, name)[2], part)) for name, part in held.items())


def merged(counts: Iterable[pa.Table]) -> pa.Table:
    """The sum of counts, sorted."""
    summed = Summed()
    for part in counts:
        summed.add(part)
    return summed.total()


def _told(parts: Iterable[tuple[_Name, pl.DataFrame]]) -> pa.Table:
    """The counts of distributions, each of which is sorted, as one table in the order of their names."""
    found = dict(parts)
    names = sorted(found)
    if not names:
        return COUNTS.empty_table()
    owners = np.repeat(np.arange(len(names)), [found[name].height for name in names])
    named = pl.DataFrame(names, schema=_NAMED, orient="row")[owners]
    told = named.hstack(pl.concat([found[name] for name in names]))
    return told.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(COUNTS)


def _summed(measure: Measure, counts: pl.DataFrame) -> pl.DataFrame:
    """Distinct numbers or words, sorted; of totals one row. Sorting numbers is far cheaper than hashing them."""
    if measure not in _OF_NUMBERS:
        return counts.group_by("number", "word").agg(pl.col("count").sum()).sort("word", nulls_last=False)
    ordered = counts.sort("number")
    numbers = ordered["number"].to_numpy()
    starts = np.flatnonzero(np.diff(numbers, prepend=np.nan))
    added = np.add.reduceat(ordered["count"].to_numpy(), starts) if len(starts) else np.zeros(0, np.int64)
    return pl.DataFrame({"number": numbers[starts], "word": None, "count": added}, schema=_ONE)


def _of(values: pl.Series, path: str, name: str, tokens: Tokens | None) -> Iterator[tuple[_Name, pl.DataFrame]]:
    """Counts of a column and of what is in it."""
    kind = _kind(values.dtype, name)
    totals = {"rows": len(values), "missing": values.null_count()}
    there = values.drop_nulls()
    if isinstance(values.dtype, pl.Struct):
        for member in values.dtype.fields:
            yield from _of(there.struct.field(member.name), f"{path}.{member.name}", member.name, tokens)
        return
    match kind:
        case "number":
            numbers = there.cast(pl.Float64)
            finite = numbers.filter(numbers.is_finite())
            totals["not_finite"] = len(numbers) - len(finite)
            # Negative zero is zero.
            yield (path, kind, "values"), _numbers(finite + 0.0)
        case "category":
            yield (path, kind, "words"), _words(there.cast(pl.String))
        case "time":
            yield (path, kind, "months"), _months(there)
        case "text":
            yield (path, kind, "characters"), _numbers(there.str.len_chars())
            if tokens is not None:
                yield (path, kind, "tokens"), _numbers(pl.Series(list(tokens(there.to_list())), dtype=pl.Int64))
        case "list":
            yield (path, kind, "lengths"), _numbers(there.list.len())
            yield from _of_items(there, path, name, tokens)
    yield from _totals(path, kind, totals)


def _of_items(lists: pl.Series, path: str, name: str, tokens: Tokens | None) -> Iterator[tuple[_Name, pl.DataFrame]]:
    """Counts of the items of lists: members of structs as columns of their own, categories as words of the list."""
    items = lists.filter(lists.list.len() > 0).explode()
    if isinstance(items.dtype, pl.Struct):
        yield from _of(items, path, name, tokens)
    elif _kind(items.dtype, name) == "category":
        yield (path, "list", "words"), _words(items.drop_nulls().cast(pl.String))


def _of_lengths(lengths: pl.Series, path: str) -> Iterator[tuple[_Name, pl.DataFrame]]:
    yield (path, "list", "lengths"), _numbers(lengths.drop_nulls())
    yield from _totals(path, "list", {"rows": len(lengths), "missing": lengths.null_count()})


def _kind(dtype: pl.DataType, name: str) -> Kind:
    if isinstance(dtype, pl.List | pl.Array):
        return "list"
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.Datetime | pl.Date):
        return "time"
    if dtype == pl.Boolean:
        return "category"
    if dtype == pl.String:
        return "text" if name in TEXTS else "category" if name in CATEGORIES else "name"
    return "name"


def _numbers(numbers: pl.Series) -> pl.DataFrame:
    distinct, counts = np.unique(numbers.cast(pl.Float64).to_numpy(), return_counts=True)
    return pl.DataFrame({"number": distinct, "word": None, "count": counts}, schema=_ONE)


def _words(words: pl.Series) -> pl.DataFrame:
    return _counted(words.rename("word").value_counts(name="count").sort("word"))


def _months(times: pl.Series) -> pl.DataFrame:
    months = times.dt.truncate("1mo").rename("word").value_counts(name="count")
    return _counted(months.sort("word").with_columns(pl.col("word").dt.strftime("%Y-%m")))


def _totals(path: str, kind: Kind, totals: Mapping[str, int]) -> Iterator[tuple[_Name, pl.DataFrame]]:
    for measure, total in totals.items():
        yield (path, kind, cast(Measure, measure)), _counted(pl.DataFrame({"count": [total]}))


def _counted(counts: pl.DataFrame) -> pl.DataFrame:
    """Counts as the rows of one distribution, without what they lack."""
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in _ONE.items() if name not in counts.columns]
    return counts.with_columns(pl.col("count").cast(pl.Int64), *lacking).select(*_ONE)
