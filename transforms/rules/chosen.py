"""Rules that choose a subset: posts by their words and their numbers.

A post whose number is unknown stays, unless the rule says otherwise.
"""

from __future__ import annotations

import polars as pl

from blift.schemas.reasons import Reason
from blift.transforms.rules.options import IdFile, Names, Number, Pattern, Ratio, WordList
from blift.transforms.rules.registry import Check, RecordKind, rule


@rule(RecordKind.POST, Reason.WORDS)
def words(listed: WordList) -> Check:
    """Only posts with one of these words or phrases in the title or text."""
    return Check(~listed.vocabulary.matches(_said()))


@rule(RecordKind.POST, Reason.WORDS)
def words_out(listed: WordList) -> Check:
    """Drops posts with one of these words or phrases in the title or text."""
    vocabulary = listed.vocabulary
    return Check(vocabulary.matches(_said()), vocabulary.first_match(_said()))


@rule(RecordKind.POST, Reason.WORDS)
def pattern(regex: Pattern) -> Check:
    """Only posts whose title or text matches this regular expression (Rust's syntax; `(?i)` ignores case)."""
    return Check(~_said().str.contains(regex).fill_null(value=False))


@rule(RecordKind.POST, Reason.WORDS)
def pattern_out(regex: Pattern) -> Check:
    """Drops posts whose title or text matches this regular expression."""
    return Check(_said().str.contains(regex), _said().str.extract(f"({regex})"))


@rule(RecordKind.POST, Reason.OUT_OF_RANGE, of="score")
def min_score(score: int) -> Check:
    """Drops posts with a lower score (upvotes less downvotes)."""
    return _at_least("score", score)


@rule(RecordKind.POST, Reason.OUT_OF_RANGE, of="score")
def max_score(score: int) -> Check:
    """Drops posts with a higher score."""
    return _at_most("score", score)


@rule(RecordKind.POST, Reason.OUT_OF_RANGE, of="upvote_ratio")
def min_upvote_ratio(ratio: Ratio) -> Check:
    """Drops posts with a lower ratio of upvotes, 0 to 1."""
    return _at_least("upvote_ratio", ratio)


@rule(RecordKind.POST, Reason.OUT_OF_RANGE, of="views")
def max_views(views: Number) -> Check:
    """Drops videos with more views than this."""
    return _at_most("views", views)


@rule(RecordKind.POST, Reason.OUT_OF_RANGE, of="likes")
def min_likes(likes: Number) -> Check:
    """Drops posts with fewer likes than this."""
    return _at_least("likes", likes)


@rule(RecordKind.POST, Reason.OUT_OF_RANGE)
def min_num_comments(comments: Number) -> Check:
    """Drops posts with fewer comments than this, as the platform counts them."""
    return _at_least("num_comments", comments)


@rule(RecordKind.POST, Reason.CATEGORY, of="categories")
def categories(names: Names) -> Check:
    """Only videos of these categories of the platform, such as `Education`."""
    lowered = pl.col("categories").list.eval(pl.element().str.to_lowercase())
    found = lowered.list.set_intersection(pl.lit([name.lower() for name in names]))
    return Check(found.list.len() == 0, pl.col("categories").list.sort().list.join(", "))


@rule(RecordKind.POST, Reason.CHANNEL_NOT_LISTED, of="channel_id")
def channels_out(listed: IdFile) -> Check:
    """Drops videos of the channels in this file, one channel id per line."""
    column = pl.col("channel_id")
    return Check(column.is_in(list(listed.ids)), column)


def _said() -> pl.Expr:
    return pl.concat_str("title", "text", separator="\n", ignore_nulls=True)


def _at_least(column: str, least: float) -> Check:
    return Check(pl.col(column) < least, pl.col(column))


def _at_most(column: str, most: float) -> Check:
    return Check(pl.col(column) > most, pl.col(column))
