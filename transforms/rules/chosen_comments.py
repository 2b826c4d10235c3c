"""Rules that choose comments by their numbers and their place. A comment whose number is unknown stays."""

from __future__ import annotations

import polars as pl

from blift.schemas.reasons import Reason
from blift.transforms.rules.options import Hours, Number
from blift.transforms.rules.registry import Check, RecordKind, rule


@rule(RecordKind.COMMENT, Reason.OUT_OF_RANGE)
def min_score(score: int) -> Check:
    """Drops comments with a lower score, or fewer likes."""
    return Check(pl.col("score") < score, pl.col("score"))


@rule(RecordKind.COMMENT, Reason.TOO_FRESH)
def min_age_hours(hours: Hours) -> Check:
    """Drops comments whose score was read earlier than this many hours after they were written."""
    age = (pl.col("retrieved_at") - pl.col("posted_at")).dt.total_seconds() / 3600
    return Check(age < hours, age.round(2))


@rule(RecordKind.COMMENT, Reason.OUT_OF_RANGE)
def top_level() -> Check:
    """Only comments on the post itself, and no answers to comments."""
    return Check(pl.col("parent_id").is_not_null(), pl.col("parent_id"))


@rule(RecordKind.COMMENT, Reason.OUT_OF_RANGE)
def max_depth(depth: Number) -> Check:
    """Drops comments with more comments than this between them and the post; 0 keeps those on the post itself."""
    return Check(pl.col("depth") > depth, pl.col("depth"))


@rule(RecordKind.COMMENT, Reason.OUT_OF_RANGE)
def by_poster_out() -> Check:
    """Drops comments by the author of the post."""
    return Check(pl.col("by_poster"))
