"""Several observations of one id become one row: the latest, with what was measured before as history."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pyarrow as pa

from blift.schemas.registry import SCHEMAS
from blift.transforms.normalise import PROVENANCE
from blift.transforms.tables import frame, rows_of
from blift.transforms.timelines import one_length

#: Columns that say who took a record back.
_UPSTREAM = ("deleted", "removed")
_MEASURED = ("retrieved_at", "score", "upvote_ratio", "likes", "views", "num_comments", "replay")

#: Facts about the media. A later record that lacks one does not take it back.
_LASTING = ("duration_s", "width", "height", "media_file", "language", "channel_id", "channel_name", "posted_at")
_LASTING_LISTS = ("replay", "reactions", "chapters", "speech", "media_urls")

#: A time before all others.
_NO_TIME = int(np.iinfo(np.int64).min)


def latest_posts(table: pa.Table) -> pa.Table:
    """One row for every ``post_id``, sorted by it: the latest observation, with the earlier ones as history.

    An observation without a time is the earliest. Two of one time are ordered by their content, so that the
    result does not depend on the order of the rows. A deletion counts if the latest observation says so, or one
    without a time, which may be later than all others.
    Facts about the media (duration, replay graph, chapters, speech) that the latest observation lacks are
    taken from the latest that has them; timelines of a media of another length are not.
    """
    rows = frame(table)
    repeated = rows["post_id"].is_duplicated()
    if not repeated.any():
        return rows_of(rows.sort("post_id"), "post")
    merged = frame(rows_of(_merge(_ordered(rows.filter(repeated), "post_id")), "post"))
    return rows_of(pl.concat([rows.filter(~repeated).select(merged.columns), merged]).sort("post_id"), "post")


def origins(table: pa.Table, record: str) -> pa.Table:
    """Where each observation was read, as the origin table, by id, the one that the merged row shows first.

    Args:
        table: observations with ``source`` and ``line``; without these columns nobody knows, and there are no rows.
        record: `post` or `comment`.
    """
    rows, key = frame(table), f"{record}_id"
    if not set(PROVENANCE) <= set(rows.columns):
        return SCHEMAS["origin"].empty_table()
    repeated = rows[key].is_duplicated()
    told = [key, *PROVENANCE, "retrieved_at"]
    ordered = _ordered(rows.filter(repeated), key).select(told) if repeated.any() else rows.select(told).clear()
    found = pl.concat([rows.filter(~repeated).select(told), ordered]).sort(key, maintain_order=True)
    return rows_of(found.with_columns(latest=pl.col(key).is_first_distinct()).rename({key: "record_id"}), "origin")


def _merge(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for each id, out of rows that stand latest first; timelines are those of the media's latest length."""
    as_long = one_length(pl.col("duration_s"), pl.col("duration_s").drop_nulls().first()).fill_null(value=True)
    latest = rows.group_by("post_id", maintain_order=True).agg(
        pl.exclude("history", "speech_source", *_UPSTREAM, *_LASTING, *_LASTING_LISTS).first(),
        *_taken_back(),
        _earlier(*_MEASURED),
        pl.col("speech_source").filter(pl.col("speech").list.len() > 0).first(),
        *[pl.col(name).drop_nulls().first() for name in _LASTING],
        *[pl.col(name).filter((pl.col(name).list.len() > 0) & as_long).first() for name in _LASTING_LISTS],
    )
    return latest.with_columns(
        *[pl.col(name).fill_null([]) for name in _LASTING_LISTS],
        replay_absent=pl.when(pl.col("replay").list.len().fill_null(0) == 0).then("replay_absent"),
    )


def _taken_back() -> list[pl.Expr]:
    """Whether it was deleted or removed, of rows that stand latest first: by the latest, or by one without a time."""
    has_no_time = pl.col("retrieved_at").is_null()
    return [pl.col(name).first() | pl.col(name).filter(has_no_time).any() for name in _UPSTREAM]


def _earlier(*measured: str) -> pl.Expr:
    """What was measured before the latest, oldest first, of rows that stand latest first.

    An observation that several archives hold, or one archive twice, is one.
    """
    return pl.struct(measured).unique(maintain_order=True).slice(1).reverse().alias("history")


def latest_comments(table: pa.Table) -> pa.Table:
    """One row for every ``comment_id``, the latest observation with earlier scores as history, by post and id.

    Deletion counts as for posts. Ranks are those of the latest observation of a post's comments: places in lists of
    different days cannot be compared. ``depth`` follows from the parents, where all of them are there.
    """
    rows = frame(table)
    repeated = rows["comment_id"].is_duplicated()
    if repeated.any():
        merged = _merged_comments(_ordered(rows.filter(repeated), "comment_id"))
        rows = pl.concat([rows.filter(~repeated), merged.select(rows.columns)])
    time = pl.col("retrieved_at").to_physical().fill_null(_NO_TIME)
    rows = rows.with_columns(rank=pl.when(time == time.max().over("post_id")).then("rank"))
    rows = rows.with_columns(depth=pl.coalesce(_depths(rows), "depth"))
    return rows_of(rows.sort("post_id", "comment_id"), "comment")


def _merged_comments(rows: pl.DataFrame) -> pl.DataFrame:
    """One row for every id, out of rows that stand latest first."""
    return rows.group_by("comment_id", maintain_order=True).agg(
        pl.exclude("history", *_UPSTREAM).first(),
        *_taken_back(),
        _earlier("retrieved_at", "score"),
    )


def _depths(comments: pl.DataFrame) -> pl.Series:
    """How many comments stand between each comment and its post; null where a parent is missing.

    Every step doubles how far up a comment looks, so that long threads take few of them.
    """
    count = comments.height
    places = pl.DataFrame({"parent_id": comments["comment_id"], "place": np.arange(count)})
    found = comments.select("parent_id").join(places, on="parent_id", how="left", maintain_order="left")
    is_reply = comments["parent_id"].is_not_null().to_numpy()
    # Two places more: the post, and a parent that is not there.
    up = np.where(is_reply, found["place"].fill_null(count + 1).to_numpy(), count)
    up = np.append(up, [count, count + 1])
    depth = np.append(is_reply.astype(np.int64), [0, 0])
    for _ in range(count.bit_length()):
        depth, up = depth + depth[up], up[up]
    return pl.Series(depth[:count]).set(pl.Series(up[:count] != count), None)


def _ordered(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    """Rows by ``key``, latest first; equal times by content, and equal contents by where they were read."""
    tied = rows.select(key, "retrieved_at").is_duplicated()
    keys = rows.select(key, time=pl.col("retrieved_at").to_physical().fill_null(_NO_TIME))
    descending = [False, True]
    if tied.any():
        places = [name for name in PROVENANCE if name in rows.columns]
        content = _content(rows.drop(places), tied).fill_null("")
        keys = keys.with_columns(content, *rows.select(places))
        descending = [*descending, True, *[False for _ in places]]
    return rows[keys.select(pl.arg_sort_by(keys.columns, descending=descending)).to_series()]


def _content(rows: pl.DataFrame, chosen: pl.Series) -> pl.Series:
    """The content of the chosen rows as text that sorts the same everywhere; null for the others."""
    texts: list[str | None] = [None] * rows.height
    picked = rows.with_row_index("row").filter(chosen)
    for row in picked.iter_rows(named=True):
        place = row.pop("row")
        texts[place] = json.dumps(row, sort_keys=True, default=str)
    return pl.Series("tie", texts, dtype=pl.String)
