"""What holds of every row of a dataset, whatever it was made of: checked by `blift verify`, and by property tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from blift.transforms.tables import frame


@dataclass(frozen=True)
class Invariant:
    """Something that holds of every row of a table.

    Attributes:
        table: that it is about.
        sentence: what holds, for people.
        columns: that it needs; a table of an older version may lack them.
        broken: true where it does not hold; null counts as whole.
    """

    table: str
    sentence: str
    columns: tuple[str, ...]
    broken: pl.Expr


def _unordered(history: str) -> pl.Expr:
    """Earlier observations are not oldest first, or later than the row itself."""
    times = pl.col(history).list.eval(pl.element().struct.field("retrieved_at").drop_nulls())
    is_late = times.list.max() > pl.col("retrieved_at")
    return (times != times.list.sort()) | is_late


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "post",
        "the profile of an account is no subreddit: its name is a person's",
        ("subreddit",),
        pl.col("subreddit").str.contains(r"(?i)^u_"),
    ),
    Invariant(
        "post",
        "no address of a post names an account",
        ("permalink",),
        pl.col("permalink").str.contains(r"(?i)reddit\.com/+(?:(?:u|user)/|r/+u_)"),
    ),
    Invariant(
        "post",
        "media have an address, and what has no media has no key",
        ("media_key", "media_urls"),
        pl.col("media_key").is_not_null() & (pl.col("media_urls").list.len() == 0),
    ),
    Invariant("post", "earlier observations come first", ("history", "retrieved_at"), _unordered("history")),
    Invariant("comment", "earlier observations come first", ("history", "retrieved_at"), _unordered("history")),
    Invariant(
        "comment",
        "a comment does not answer itself",
        ("comment_id", "parent_id"),
        pl.col("comment_id") == pl.col("parent_id"),
    ),
    Invariant(
        "comment",
        "the depth is 0 for comments on the post itself, and for no others",
        ("depth", "parent_id"),
        (pl.col("depth") == 0) != pl.col("parent_id").is_null(),
    ),
    Invariant(
        "comment",
        "only comments on the post itself have a rank",
        ("rank", "parent_id"),
        pl.col("rank").is_not_null() & pl.col("parent_id").is_not_null(),
    ),
    Invariant(
        "comment",
        "no two comments of a post have one rank",
        ("post_id", "rank"),
        pl.struct("post_id", "rank").is_duplicated() & pl.col("rank").is_not_null(),
    ),
    Invariant(
        "comment",
        "all ranks of a post's comments are of one observation",
        ("post_id", "rank", "retrieved_at"),
        pl.col("retrieved_at").filter(pl.col("rank").is_not_null()).n_unique().over("post_id") > 1,
    ),
)


def violations(rows: pa.Table, table: str) -> Iterator[str]:
    """Sentences on every invariant of a table that rows of it break, with how many do."""
    data = frame(rows)
    for invariant in INVARIANTS:
        if invariant.table != table or not set(invariant.columns) <= set(data.columns):
            continue
        broken = int(data.select(invariant.broken.fill_null(value=False).sum()).item() or 0)
        if broken:
            yield f"{broken:,} of {data.height:,} rows break the rule that {invariant.sentence}."
