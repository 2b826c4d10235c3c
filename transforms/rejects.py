"""Rows of the reject table, out of rows that a rule rejected."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.tables import frame, rows_of

SCHEMA = SCHEMAS["reject"]

#: What lies outside the scope of the sources. Listing it would copy most of an archive, so a recipe asks for it.
OUT_OF_SCOPE = (
    Reason.OTHER_SUBREDDIT,
    Reason.BEFORE_WINDOW,
    Reason.AFTER_WINDOW,
    Reason.ORPHAN_COMMENT,
    Reason.POST_REJECTED,
    Reason.NO_FILE,
)

_SORT = ("record_table", "record_id", "source", "line", "rule", "reason", "detail", "payload")


def reject_rows(
    rejected: pl.DataFrame, stage: str, record: str, id_column: str, *, payload: bool, out_of_scope: bool
) -> pa.Table:
    """The reject table of ``rejected``, which has ``rule``, ``reason``, ``detail`` beside the record's columns.

    Args:
        payload: keep the record itself, as JSON.
        out_of_scope: list rows outside the scope too.

    The source is the file and line where the row still has them, else the address of the record.
    """
    if not out_of_scope:
        rejected = rejected.filter(~pl.col("reason").is_in([reason.value for reason in OUT_OF_SCOPE]))
    verdict = ("rule", "reason", "detail", "source", "line")
    record_columns = [name for name in rejected.columns if name not in verdict]
    return rows_of(
        rejected.select(
            pl.lit(stage).alias("stage"),
            "rule",
            "reason",
            pl.lit(record).alias("record_table"),
            pl.col(id_column).alias("record_id"),
            "detail",
            (pl.col("source") if "source" in rejected.columns else _address(record)).alias("source"),
            (pl.col("line") if "line" in rejected.columns else pl.lit(None, dtype=pl.Int64)).alias("line"),
            (pl.struct(record_columns).struct.json_encode() if payload else pl.lit(None, dtype=pl.String)).alias(
                "payload"
            ),
        ),
        "reject",
    )


def without_payload(rejects: pa.Table) -> pa.Table:
    """The rejects without the records themselves."""
    return rows_of(frame(rejects).with_columns(payload=pl.lit(None, dtype=pl.String)), "reject")


def _address(record: str) -> pl.Expr:
    if record != "comment":
        return pl.col("permalink")
    post, comment = (pl.col(name).str.split(":").list.last() for name in ("post_id", "comment_id"))
    reddit = pl.concat_str(pl.lit("https://www.reddit.com/comments/"), post, pl.lit("/_/"), comment)
    youtube = pl.concat_str(pl.lit("https://www.youtube.com/watch?v="), post, pl.lit("&lc="), comment)
    return pl.when(pl.col("platform") == "reddit").then(reddit).otherwise(youtube)


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
