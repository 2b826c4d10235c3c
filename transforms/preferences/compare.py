"""Posts and comments of media that samples show, to pairs of them and rows of the preference table."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from blift.schemas.arrow import from_rows
from blift.schemas.registry import SCHEMAS
from blift.transforms.preferences.messages import CONTEXT, preference_rows
from blift.transforms.preferences.options import PostOptions, PreferenceOptions
from blift.transforms.preferences.pairs import COLUMNS, comment_pairs, post_pairs, title_pairs

_SHOWN = "shown_"


def compare_media(
    posts: pl.DataFrame, comments: pl.DataFrame, shown: pl.DataFrame, options: PreferenceOptions
) -> tuple[pl.DataFrame, pa.Table]:
    """Comments on one post, and titles of one media: the pairs, and their rows of the preference table.

    Args:
        posts: the columns of posts that decide preferences. ``comments``: theirs, with ``media_key``.
        shown: rows of ``SHOWN``; what is of other media is in no pair.
        options: which preferences are made.
    """
    posts = posts.join(shown.select("media_key", "sample_id"), on="media_key")
    comments = comments.join(
        posts.select("post_id", "sample_id", "subreddit", "channel_id", "upvote_ratio", post_score="score"),
        on="post_id",
    )
    made = [pl.DataFrame(schema=COLUMNS)]
    if options.comments:
        made.append(comment_pairs(comments, options.comments))
    if options.titles:
        made.append(title_pairs(posts, options.titles))
    pairs = pl.concat(made)
    return pairs, _rows(pairs, posts, shown)


def posts_of_channels(posts: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """Posts, by id, of the channel that their sample names, with ``sample_id`` and the media that the sample shows.

    Args:
        posts: the columns of posts that decide preferences.
        shown: rows of ``SHOWN``.
    """
    media = shown.select("media_key", "sample_id", pl.all().exclude("media_key", "sample_id").name.prefix(_SHOWN))
    media = media.with_columns(pl.col("media_key").alias(f"{_SHOWN}media_key"))
    joined = posts.join(media, on="media_key")
    return joined.filter(pl.col("channel_id") == pl.col(f"{_SHOWN}channel_id")).sort("post_id")


def compare_channels(posts: pl.DataFrame, options: PostOptions) -> tuple[pl.DataFrame, pa.Table]:
    """Posts of one channel: the pairs, and their rows. ``posts``: as ``posts_of_channels`` gives them."""
    pairs = post_pairs(posts, options)
    media = [name for name in posts.columns if name.startswith(_SHOWN)]
    shown = posts.select("sample_id", *[pl.col(name).alias(name.removeprefix(_SHOWN)) for name in media])
    return pairs, _rows(pairs, posts, shown.unique("sample_id", keep="first", maintain_order=True))


def _rows(pairs: pl.DataFrame, posts: pl.DataFrame, shown: pl.DataFrame) -> pa.Table:
    if not pairs.height:
        return from_rows([], SCHEMAS["preference"])
    used = pl.concat([pairs["post_id"], pairs["record_id"]]).drop_nulls().unique()
    samples = pl.concat([pairs["sample_id"], pairs["sample_id_other"]]).unique()
    return preference_rows(
        pairs,
        _by_key(posts.filter(pl.col("post_id").is_in(used.implode())).select("post_id", *CONTEXT), "post_id"),
        _by_key(shown.filter(pl.col("sample_id").is_in(samples.implode())), "sample_id"),
    )


def _by_key(rows: pl.DataFrame, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in rows.iter_rows(named=True)}
