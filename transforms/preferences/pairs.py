"""Two records, of which people preferred one: by the numbers and times of both.

Every function takes rows of a shard and gives ``COLUMNS``, one row per preference, by ``pair``. A record without a time
or without a number is in no pair.
"""

from __future__ import annotations

import polars as pl

from blift.schemas.places import PROFILE
from blift.schemas.preference import Measure, PreferenceKind
from blift.transforms.platforms import belong_to
from blift.transforms.preferences.options import CommentOptions, Margins, PostOptions, TitleOptions
from blift.transforms.tables import hash64
from blift.transforms.templates.context import plain

_DAY_US, _HOUR_US = 86_400_000_000, 3_600_000_000
#: What is known of a record that is compared.
_RECORD: dict[str, pl.DataType | type[pl.DataType]] = {
    "record_id": pl.String,
    "sample_id": pl.String,
    "posted_at": pl.Datetime("us", "UTC"),
    "retrieved_at": pl.Datetime("us", "UTC"),
    "value": pl.Int64,
    "text": pl.String,
}
_OTHER: dict[str, pl.DataType | type[pl.DataType]] = {f"{name}_other": kind for name, kind in _RECORD.items()}
#: What is the same of both records.
_SHARED: dict[str, pl.DataType | type[pl.DataType]] = {
    "post_id": pl.String,
    "subreddit": pl.String,
    "channel_id": pl.String,
    "upvote_ratio": pl.Float64,
}
#: A preference: the preferred record, the other one, and what both share; ``pair`` is a hash of both, 16 hex digits.
COLUMNS = pl.Schema({"pair": pl.String, "kind": pl.String, "measure": pl.String, **_RECORD, **_OTHER, **_SHARED})


def comment_pairs(comments: pl.DataFrame, options: CommentOptions) -> pl.DataFrame:
    """Of two comments on one post, the one that was not written earlier and has the higher score.

    This is the rule of the Stanford Human Preferences dataset (SHP): a comment that had less time to be seen owes its
    higher score to what it says. Two comments that say the same make no pair.

    Args:
        comments: rows of the comment table with ``sample_id``, and ``post_score``, ``subreddit``, ``channel_id`` and
            ``upvote_ratio`` of their post.
    """
    kept = comments.filter(_counts(options)).select(
        **_record("comment_id", "score"), post_id="post_id", **_shared("subreddit", "channel_id", "upvote_ratio")
    )
    kept = _plain(kept).filter(pl.col("text") != "")
    best = kept.sort("post_id", "value", "record_id", descending=[False, True, False])
    best = best.filter(pl.int_range(pl.len()).over("post_id") < options.max_comments)
    found = best.join(_others(best, "post_id"), on="post_id", how="inner", maintain_order="left_right")
    apart = pl.col("posted_at") - pl.col("posted_at_other")
    found = found.filter(pl.col("posted_at") >= pl.col("posted_at_other"))
    if options.max_apart_hours is not None:
        found = found.filter(apart.dt.total_microseconds() <= options.max_apart_hours * _HOUR_US)
    return _made(found, PreferenceKind.COMMENTS, Measure.SCORE, options.margins, ["post_id"])


def _counts(options: CommentOptions) -> pl.Expr:
    """Which comments are compared; whatever was deleted is not, though a recipe may keep it elsewhere."""
    kept = ~pl.col("deleted") & ~pl.col("removed") & pl.col("text").str.contains(r"\S")
    kept &= belong_to(lambda row: row.dates_comments)
    if options.min_score is not None:
        kept &= pl.col("score") >= options.min_score
    if options.min_post_score is not None:
        kept &= pl.col("post_score") >= options.min_post_score
    if options.top_level:
        kept &= pl.col("parent_id").is_null()
    if options.by_poster_out:
        kept &= ~pl.col("by_poster").fill_null(value=False) & pl.col("distinguished").is_null()
    return kept


def title_pairs(posts: pl.DataFrame, options: TitleOptions) -> pl.DataFrame:
    """Of two posts of one media in one subreddit under different titles, the one with the higher score.

    Args:
        posts: rows of the post table with ``sample_id``.
    """
    kept = posts.filter(pl.col("title").str.contains(r"\S") & (pl.col("subreddit") != PROFILE)).select(
        **_record("post_id", "score", "title"),
        place=pl.col("subreddit").str.to_lowercase(),
        **_shared("subreddit"),
    )
    kept = _plain(kept).filter(pl.col("text") != "")
    found = _within_days(kept, ["sample_id", "place"], options.days, later=options.later)
    return _made(found, PreferenceKind.TITLES, Measure.SCORE, options.margins, ["sample_id", "place"])


def post_pairs(posts: pl.DataFrame, options: PostOptions) -> pl.DataFrame:
    """Of two posts of one channel, of different media, the one with the higher number.

    Args:
        posts: rows of the post table with ``sample_id``; only those of the channel that their sample names.
    """
    kept = posts.filter(pl.col("channel_id").is_not_null()).select(
        **_record("post_id", options.measure.value, "title"), **_shared("channel_id")
    )
    kept = _plain(kept)
    found = _within_days(kept, ["channel_id"], options.days, later=options.later)
    found = found.filter(pl.col("sample_id") != pl.col("sample_id_other"))
    return _made(found, PreferenceKind.POSTS, options.measure, options.margins, ["channel_id"])


def _record(key: str, measure: str, text: str = "text") -> dict[str, pl.Expr]:
    names = {name: pl.col(name) for name in ("sample_id", "posted_at", "retrieved_at")}
    return {"record_id": pl.col(key), **names, "value": pl.col(measure), "text": pl.col(text)}


def _shared(*names: str) -> dict[str, pl.Expr]:
    return {name: pl.col(name) for name in names}


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows whose text can stand in a message."""
    return rows.with_columns(text=pl.Series([plain(text) for text in rows["text"]], dtype=pl.String))


def _others(rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """The rows as the other side of a pair."""
    return rows.select(*keys, *[pl.col(name).alias(f"{name}_other") for name in _RECORD])


def _within_days(rows: pl.DataFrame, keys: list[str], days: float, *, later: bool) -> pl.DataFrame:
    """Rows with every other row of the same keys that was posted within so many days.

    Each row meets those of its own window and of the two beside it, so that a channel with thousands of posts is not
    compared as a whole.
    """
    window = pl.col("posted_at").dt.epoch("us") // max(1, int(days * _DAY_US))
    placed = rows.filter(pl.col("posted_at").is_not_null()).with_columns(window=window)
    others = pl.concat([_others(placed.with_columns(pl.col("window") + step), *keys, "window") for step in (-1, 0, 1)])
    found = placed.join(others, on=[*keys, "window"], how="inner", maintain_order="left_right")
    apart = (pl.col("posted_at") - pl.col("posted_at_other")).dt.total_microseconds()
    found = found.filter(apart.abs() <= days * _DAY_US)
    return found.filter(apart >= 0) if later else found


def _made(
    found: pl.DataFrame, kind: PreferenceKind, measure: Measure, margins: Margins, group: list[str]
) -> pl.DataFrame:
    """Candidates to preferences: those that have the margins, as many of a group as are wanted."""
    says_another = _said("text") != _said("text_other")
    kept = found.filter(_margins(margins) & (says_another | (kind is PreferenceKind.POSTS)))
    number = hash64(kept.select(pl.concat_str("record_id", pl.lit(" "), "record_id_other"))["record_id"])
    kept = kept.with_columns(number=pl.Series(number, dtype=pl.UInt64))
    kept = kept.sort(*group, "number", "record_id", "record_id_other")
    if margins.max_pairs is not None:
        kept = kept.filter(pl.int_range(pl.len()).over(group) < margins.max_pairs)
    absent = [pl.lit(None, dtype=kind_).alias(name) for name, kind_ in _SHARED.items() if name not in kept.columns]
    return kept.with_columns(
        *absent,
        pair=pl.Series([f"{each:016x}" for each in kept["number"]], dtype=pl.String),
        kind=pl.lit(kind.value),
        measure=pl.lit(measure.value),
    ).select(COLUMNS.names())


def _said(column: str) -> pl.Expr:
    return pl.col(column).str.to_lowercase()


def _margins(margins: Margins) -> pl.Expr:
    value, other = pl.col("value"), pl.col("value_other")
    kept = value - other >= max(1, margins.min_difference)
    if margins.min_ratio > 1:
        kept &= (other > 0) & (value >= margins.min_ratio * other)
    if margins.min_age_hours is not None:
        for side in ("", "_other"):
            age = pl.col(f"retrieved_at{side}") - pl.col(f"posted_at{side}")
            kept &= age.dt.total_microseconds() >= margins.min_age_hours * _HOUR_US
    if margins.max_read_apart_hours is not None:
        apart = (pl.col("retrieved_at") - pl.col("retrieved_at_other")).dt.total_microseconds().abs()
        kept &= apart <= margins.max_read_apart_hours * _HOUR_US
    return kept
