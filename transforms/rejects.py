"""Rows of the reject table, out of rows that a rule rejected."""

from __future__ import annotations

import re

import polars as pl
import pyarrow as pa

from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.tables import frame, rows_of

SCHEMA = SCHEMAS["reject"]

#: What lies outside the scope of the sources. Listing it would copy most of an archive, so a recipe asks for it.
OUT_OF_SCOPE = (
    Reason.OTHER_SUBREDDIT,
    Reason.BEFORE_WINDOW,
    Reason.AFTER_WINDOW,
    Reason.NOT_LISTED,
    Reason.NOT_SAMPLED,
    Reason.ORPHAN_COMMENT,
    Reason.POST_REJECTED,
    Reason.NO_FILE,
)

_SORT = ("record_table", "record_id", "source", "line", "rule", "reason", "detail", "payload")


def reject_rows(
    rejected: pl.DataFrame,
    stage: str,
    record: str,
    id_column: str,
    *,
    payload: bool,
    out_of_scope: bool,
    posts: pl.DataFrame | None = None,
) -> pa.Table:
    """The reject table of ``rejected``, which has ``rule``, ``reason``, ``detail`` beside the record's columns.

    Args:
        payload: keep the record itself, as JSON.
        out_of_scope: list rows outside the scope too.
        posts: ``post_id`` and ``permalink`` of the posts that comments are on, for platforms whose comments have no
            address of their own.

    The source is the file and line where the row has them, else the address of the record.
    """
    if not out_of_scope:
        rejected = rejected.filter(~pl.col("reason").is_in([reason.value for reason in OUT_OF_SCOPE]))
    verdict = ("rule", "reason", "detail", "source", "line")
    record_columns = [name for name in rejected.columns if name not in verdict]
    return rows_of(
        _with_sources(rejected, record, posts).select(
            pl.lit(stage).alias("stage"),
            "rule",
            "reason",
            pl.lit(record).alias("record_table"),
            pl.col(id_column).alias("record_id"),
            "detail",
            "source",
            "line",
            (pl.struct(record_columns).struct.json_encode() if payload else pl.lit(None, dtype=pl.String)).alias(
                "payload"
            ),
        ),
        "reject",
    )


def without_payload(rejects: pa.Table) -> pa.Table:
    """The rejects without the records themselves."""
    return rows_of(frame(rejects).with_columns(payload=pl.lit(None, dtype=pl.String)), "reject")


def _with_sources(rejected: pl.DataFrame, record: str, posts: pl.DataFrame | None) -> pl.DataFrame:
    """Rows with ``source`` and ``line``: the file where that is known, else the address of the record."""
    absent = {"source": pl.String, "line": pl.Int64}
    rows = rejected.with_columns(
        pl.lit(None, dtype=kind).alias(name) for name, kind in absent.items() if name not in rejected.columns
    )
    if not rows["source"].null_count():
        return rows
    if record == "comment":
        return rows.with_columns(source=pl.coalesce("source", _addresses(rows, posts)))
    return rows.with_columns(source=pl.coalesce("source", "permalink"))


def _addresses(comments: pl.DataFrame, posts: pl.DataFrame | None) -> pl.Series:
    """The addresses of comments, as the row of their platform forms them; else that of their post."""
    source = pl.lit(None, dtype=pl.String)
    rows = platforms_in(comments["platform"]) if comments.height else []
    if posts is not None and not all(row.comment_address for row in rows):
        addresses = posts.select("post_id", of_post="permalink").unique("post_id", keep="first", maintain_order=True)
        comments = comments.join(addresses, on="post_id", how="left", maintain_order="left")
        source = pl.col("of_post")
    for row in rows:
        if row.comment_address:
            source = pl.when(belongs_to(row)).then(_address(row)).otherwise(source)
    return comments.select(source.alias("address")).to_series()


def _address(row: Platform) -> pl.Expr:
    """The address of a comment, out of its id and that of its post."""
    native = {name: pl.col(f"{name}_id").str.splitn(":", 2).struct.field("field_1") for name in ("post", "comment")}
    parts = re.split(r"\{(post|comment)\}", row.comment_address)
    return pl.concat_str(native[part] if place % 2 else pl.lit(part) for place, part in enumerate(parts) if part)


def shard_keys(rejects: pa.Table) -> pl.Series:
    """What decides the shard of a reject: its record's id, or its place where it has none."""
    return (
        frame(rejects)
        .select(
            pl.coalesce("record_id", pl.concat_str("source", pl.col("line").cast(pl.String), ignore_nulls=True)).alias(
                "key"
            )
        )
        .to_series()
    )


def sorted_rejects(rejects: pa.Table) -> pa.Table:
    """Rejects in an order that depends on nothing but their content."""
    return rows_of(frame(rejects).sort(*_SORT, nulls_last=True), "reject")
