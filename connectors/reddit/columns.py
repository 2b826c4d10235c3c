"""The columns that Reddit's records tell: of the post table, of the comment table, and where each record came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from msgspec import UNSET
from polars.datatypes import DataType

from blift.connectors.reddit.addresses import path, subreddit, without_author
from blift.connectors.reddit.media import is_present, media_of
from blift.connectors.reddit.records import Comment, Observed, Submission, Upstream
from blift.connectors.reddit.removals import is_nobody, placeholders
from blift.connectors.reddit.texts import without_embeds
from blift.schemas.platform import REDDIT

_SITE = "https://www.reddit.com"


def post_table(records: Sequence[Submission], lines: np.ndarray, source: str) -> pa.Table:
    """Submissions as a table: one row for each, with the numbers of their lines and the file."""
    media = [media_of(record) for record in records]
    rows = _frame(records, _POST_FIELDS | _FIELDS).with_columns(
        url=_column([item.url for item in media], pl.String),
        media_urls=_column([item.urls for item in media], pl.List(pl.String)),
        width=_column([item.width for item in media], pl.Int64),
        height=_column([item.height for item in media], pl.Int64),
        duration_s=_column([item.duration_s for item in media], pl.Float64),
        is_gallery=_column([item.is_gallery for item in media], pl.Boolean),
        is_video=_column([item.is_video for item in media], pl.Boolean),
        is_gif=_column([item.is_gif for item in media], pl.Boolean),
        parent_nsfw=_column([item.parent_nsfw for item in media], pl.Boolean),
        has_poll=_column([is_present(record.poll_data) for record in records], pl.Boolean),
        tells_deletion=_column([record.tells_deletion() for record in records], pl.Boolean),
        upstream=_column(
            [int(record.upstream() | item.upstream) for record, item in zip(records, media, strict=True)], pl.Int64
        ),
    )
    # A link whose author is gone may have been deleted itself: only newer archives tell these two apart.
    may_be_deleted = is_nobody(pl.col("author")).fill_null(value=False) & ~pl.col("tells_deletion")
    is_link = ~pl.col("is_self").fill_null(value=False)
    rows = _with_placeholders(rows, "title", "selftext").with_columns(
        deleted=pl.col("deleted") | (may_be_deleted & is_link & ~pl.col("removed"))
    )
    return _table(
        rows.select(
            *_common(lines, source, pl.col("selftext")),
            "title",
            *("media_urls", "width", "height", "duration_s", "score"),
            *("upvote_ratio", "num_comments", "num_crossposts", "is_gallery", "is_video", "is_gif", "has_poll"),
            *("is_robot_indexable",),
            pl.col("is_self").fill_null(value=False),
            url=without_author(pl.col("url")),
            subreddit=subreddit(),
            post_id=_id(pl.col("id")),
            permalink=pl.lit(_SITE) + pl.coalesce(path(), pl.concat_str(pl.lit("/comments/"), "id", pl.lit("/"))),
            tags=pl.when(pl.col("link_flair_text") != "").then(pl.concat_list("link_flair_text")).otherwise([]),
            channel_subscribers=pl.col("subreddit_subscribers"),
            crosspost_of=_id(pl.col("crosspost_parent").str.strip_prefix("t3_")),
            nsfw=pl.coalesce(pl.when("parent_nsfw").then(pl.lit(value=True)), "over_18"),
            promoted=pl.coalesce(pl.when("is_created_from_ads_ui").then(pl.lit(value=True)), "promoted"),
            live=pl.lit(value=False),
        )
    )


def comment_table(records: Sequence[Comment], lines: np.ndarray, source: str) -> pa.Table:
    """Comments as a table: one row for each, with the numbers of their lines and the file."""
    rows = _frame(records, _COMMENT_FIELDS | _FIELDS).with_columns(
        parent_id=_column([record.parent() for record in records], pl.String),
        upstream=_column([int(record.upstream()) for record in records], pl.Int64),
    )
    return _table(
        _with_placeholders(rows, "body").select(
            *_common(lines, source, without_embeds(pl.col("body"))),
            "controversiality",
            comment_id=_id(pl.col("id")),
            post_id=post_id(pl.col("link_id")),
            parent_id=_id(pl.col("parent_id")),
            depth=pl.when(pl.col("parent_id").is_not_null()).then("depth").otherwise(pl.lit(0)),
            score=pl.when(~pl.col("score_hidden").fill_null(value=False)).then("score"),
            rank=pl.lit(None, dtype=pl.Int64),
            by_poster=pl.col("is_submitter"),
        )
    )


#: Fields whose values become columns as they are, with the columns' types.
_FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("id", "subreddit", "permalink", "distinguished"), pl.String()),
    "score": pl.Int64(),
    "stickied": pl.Boolean(),
    **dict.fromkeys(("created_utc", "retrieved_on", "retrieved_utc", "updated_on"), pl.Float64()),
}
_POST_FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("title", "selftext", "link_flair_text", "crosspost_parent"), pl.String()),
    **dict.fromkeys(("num_comments", "num_crossposts", "subreddit_subscribers"), pl.Int64()),
    **dict.fromkeys(("over_18", "is_self", "is_robot_indexable"), pl.Boolean()),
    **dict.fromkeys(("promoted", "is_created_from_ads_ui"), pl.Boolean()),
    "upvote_ratio": pl.Float64(),
}
_COMMENT_FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("body", "link_id"), pl.String()),
    **dict.fromkeys(("score_hidden", "is_submitter"), pl.Boolean()),
    **dict.fromkeys(("controversiality", "depth"), pl.Int64()),
}


def _frame(records: Sequence[Observed], fields: Mapping[str, pl.DataType]) -> pl.DataFrame:
    columns = {name: _column(list(map(attrgetter(name), records)), kind) for name, kind in fields.items()}
    authors = [record.author for record in records]
    edits = [record.edits() for record in records]
    return pl.DataFrame(columns).with_columns(
        id=pl.col("id").str.strip_chars().str.to_lowercase().str.replace(r"^t[13]_", ""),
        author=_column([None if author is UNSET else author or "" for author in authors], pl.String),
        edited=_column([edited for edited, _ in edits], pl.Boolean),
        edited_at=_column([moment for _, moment in edits], pl.Float64),
        awards=_column([record.awards() for record in records], pl.Int64),
        noted_at=_column([record.noted_at() for record in records], pl.Float64),
    )


def _column(values: Sequence[Any], kind: DataType | type[DataType]) -> pl.Series:
    return pl.Series(values, dtype=kind)


def _with_placeholders(rows: pl.DataFrame, *texts: str) -> pl.DataFrame:
    """Rows without placeholders in those texts, with ``deleted`` and ``removed``: by them, and by ``upstream``."""
    deleted, removed = ((rows["upstream"] & int(who)) > 0 for who in (Upstream.AUTHOR, Upstream.OTHERS))
    for name in texts:
        by_author, by_others = placeholders(rows[name])
        deleted, removed = deleted | by_author, removed | by_others
        if by_author.any() or by_others.any():
            rows = rows.with_columns(pl.when(~(by_author | by_others)).then(name).alias(name))
    return rows.with_columns(deleted=deleted, removed=removed)


def _common(lines: np.ndarray, source: str, text: pl.Expr) -> list[pl.Expr]:
    """Columns that posts and comments have in common."""
    is_gone = is_nobody(pl.col("author"))
    return [
        *(pl.col(name) for name in ("distinguished", "stickied", "edited", "awards", "deleted", "removed")),
        _time(pl.col("edited_at")).alias("edited_at"),
        pl.lit(REDDIT.name).alias("platform"),
        pl.col("id").alias("native_id"),
        text.alias("text"),
        pl.when(~is_gone).then("author").alias("author_name"),
        pl.when(~(is_gone & (pl.col("deleted") | pl.col("removed")))).then(is_gone).alias("author_deleted"),
        _time(pl.col("created_utc")).alias("posted_at"),
        _time(_latest("retrieved_on", "retrieved_utc", "updated_on", "noted_at")).alias("retrieved_at"),
        pl.lit(source).alias("source"),
        pl.lit(pl.Series(lines, dtype=pl.Int64)).alias("line"),
    ]


def post_id(link: pl.Expr) -> pl.Expr:
    """Ids of posts in our tables, out of Reddit's, with or without the prefix of their kind."""
    return _id(link.str.strip_chars().str.to_lowercase().str.strip_prefix("t3_"))


def _id(native: pl.Expr) -> pl.Expr:
    return pl.lit(f"{REDDIT.name}:") + native


def _latest(*names: str) -> pl.Expr:
    """The latest of the times; 0 says nothing."""
    latest = pl.max_horizontal(*names)
    return pl.when(latest > 0).then(latest)


def _time(seconds: pl.Expr) -> pl.Expr:
    return (seconds * 1_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _table(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
