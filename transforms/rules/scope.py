"""Rules of the ingest stage: what lies outside the part of the archives that a recipe asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import polars as pl
from pydantic import AfterValidator, Field

from blift.schemas.places import subreddit_name
from blift.schemas.reasons import Reason
from blift.transforms.rules.post_lists import ListedPosts
from blift.transforms.rules.registry import Check, RecordKind, rule


def _subreddit(text: str) -> str:
    if not subreddit_name(text):
        raise ValueError("it names no subreddit; write it such as pics or r/pics")
    return text


Subreddits = Annotated[list[Annotated[str, AfterValidator(_subreddit)]], Field(min_length=1)]


@rule(RecordKind.POST, Reason.OTHER_SUBREDDIT, of="subreddit", stage="ingest")
def subreddits(names: Subreddits) -> Check:
    """Only posts of these subreddits, with or without `r/`, in any case. Rows of others are counted, not listed."""
    wanted = [subreddit_name(name) for name in names]
    column = pl.col("subreddit")
    return Check(~column.str.to_lowercase().is_in(wanted).fill_null(value=False), column)


@rule(RecordKind.POST, Reason.OTHER_SUBREDDIT, of="subreddit", stage="ingest")
def subreddits_out(names: Subreddits) -> Check:
    """Drops posts of these subreddits, with or without `r/`, in any case."""
    column = pl.col("subreddit")
    return Check(column.str.to_lowercase().is_in([subreddit_name(name) for name in names]), column)


@rule(RecordKind.POST, Reason.NOT_LISTED, stage="ingest")
def ids(listed: ListedPosts) -> Check:
    """Only posts that this file lists by id or address: one per line, or in a column of CSV or Parquet, which is
    `permalink`, `url`, `post_id` or `id`, or named as `{path: FILE, column: NAME}`. `{repo: OWNER/NAME}`, with
    `revision` and `column` if need be, takes them from a dataset on the Hub. Listed posts that are in no archive are
    counted, and named in the rejects.
    """
    return Check(~pl.col("post_id").is_in(sorted(listed.post_ids)))


@rule(RecordKind.POST, Reason.BEFORE_WINDOW, stage="ingest")
def posted_from(day: date) -> Check:
    """Only posts made on this day or later, UTC."""
    return Check(pl.col("posted_at") < _midnight(day), _day())


@rule(RecordKind.POST, Reason.BEFORE_WINDOW, of="subreddit", stage="ingest")
def subreddit_posted_from(days: Annotated[dict[str, date], Field(min_length=1)]) -> Check:
    """The same for single subreddits, such as `pics: 2015-02-01` (its rule against text on pictures)."""
    broken = pl.lit(value=False)
    for name, day in sorted(days.items()):
        broken |= (pl.col("subreddit").str.to_lowercase() == subreddit_name(name)) & (
            pl.col("posted_at") < _midnight(day)
        )
    return Check(broken, _day())


@rule(RecordKind.POST, Reason.AFTER_WINDOW, stage="ingest")
def posted_before(day: date) -> Check:
    """Only posts made before this day, UTC."""
    return Check(pl.col("posted_at") >= _midnight(day), _day())


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day() -> pl.Expr:
    return pl.col("posted_at").dt.strftime("%Y-%m-%d")
