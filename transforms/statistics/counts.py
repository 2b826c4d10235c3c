"""How often each value occurs in each column: tables that add up, whatever the order and the cut of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

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
_NAMED = ("column", "kind", "measure", "number", "word")
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
    found = [part for column in frame(rows).iter_columns() for part in _of(column, column.name, column.name, tokens)]
    return _added(pl.concat(found)) if found else COUNTS.empty_table()


def known_columns(table: str) -> dict[str, Kind]:
    """The columns of a table of blift that have statistics, and the kind of each."""
    counted = frame(count(SCHEMAS[table].empty_table())).select("column", "kind")
    return dict(counted.iter_rows())


def merged(counts: Iterable[pa.Table]) -> pa.Table:
    """The sum of counts, sorted. Few of them are in memory at a time."""
    held: list[pa.Table] = []
    rows = 0
    for part in counts:
        held.append(part)
        rows += part.num_rows
        if rows > _ROWS_HELD + 2 * held[0].num_rows:
            held = [_added(frame(concat(held, COUNTS)))]
            rows = held[0].num_rows
    return _added(frame(concat(held, COUNTS)))


def _added(counts: pl.DataFrame) -> pa.Table:
    summed = counts.group_by(_NAMED).agg(pl.col("count").sum()).sort(_NAMED, nulls_last=False)
    return summed.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(COUNTS)


def _of(values: pl.Series, path: str, name: str, tokens: Tokens | None) -> Iterator[pl.DataFrame]:
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
            yield _numbers(path, kind, "values", finite + 0.0)
        case "category":
            yield _words(path, kind, "words", there.cast(pl.String))
        case "time":
            yield _words(path, kind, "months", there.dt.strftime("%Y-%m"))
        case "text":
            yield _numbers(path, kind, "characters", there.str.len_chars())
            if tokens is not None:
                yield _numbers(path, kind, "tokens", pl.Series(list(tokens(there.to_list())), dtype=pl.Int64))
        case "list":
            yield _numbers(path, kind, "lengths", there.list.len())
            yield from _of_items(there, path, name, tokens)
    yield from _totals(path, kind, totals)


def _of_items(lists: pl.Series, path: str, name: str, tokens: Tokens | None) -> Iterator[pl.DataFrame]:
    """Counts of the items of lists: members of structs as columns of their own, categories as words of the list."""
    items = lists.filter(lists.list.len() > 0).explode()
    if isinstance(items.dtype, pl.Struct):
        yield from _of(items, path, name, tokens)
    elif _kind(items.dtype, name) == "category":
        yield _words(path, "list", "words", items.drop_nulls().cast(pl.String))


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


def _numbers(path: str, kind: Kind, measure: Measure, numbers: pl.Series) -> pl.DataFrame:
    counted = numbers.cast(pl.Float64).rename("number").value_counts(name="count")
    return _frame(counted, path, kind, measure)


def _words(path: str, kind: Kind, measure: Measure, words: pl.Series) -> pl.DataFrame:
    return _frame(words.rename("word").value_counts(name="count"), path, kind, measure)


def _totals(path: str, kind: Kind, totals: dict[str, int]) -> Iterator[pl.DataFrame]:
    for measure, total in totals.items():
        yield _frame(pl.DataFrame({"count": [total]}), path, kind, measure)


def _frame(counted: pl.DataFrame, path: str, kind: Kind, measure: str) -> pl.DataFrame:
    missing = {"number": pl.Float64, "word": pl.String}
    return counted.select(
        column=pl.lit(path),
        kind=pl.lit(kind),
        measure=pl.lit(measure),
        **{
            name: pl.col(name) if name in counted.columns else pl.lit(None, dtype=dtype)
            for name, dtype in missing.items()
        },
        count=pl.col("count").cast(pl.Int64),
    )
