"""Which comments of a sample are chosen: near-duplicates go, then the best of each audience stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from blift.schemas.platform import CommentOrder, Platform, platform_of
from blift.schemas.reasons import Reason
from blift.transforms.platforms import are_media, belong_to
from blift.transforms.rules.registry import NO_VERDICT

#: Columns that are made to sort comments.
_ORDER = ("preference", "is_media")


@dataclass(frozen=True)
class Selection:
    """How many comments of an audience are chosen, and how unlike each other they must be.

    Attributes:
        near_duplicates: TF-IDF cosine similarity, 0..1, from which two comments count as one; null for off.
        top: how many stay at most; null for all.
    """

    near_duplicates: float | None
    top: int | None


@dataclass(frozen=True)
class Chosen:
    """Comments that were chosen, best first within a media item; the others with ``rule``, ``reason``, ``detail``."""

    kept: pl.DataFrame
    rejected: pl.DataFrame
    steps: list[tuple[Platform, str, int, dict[Reason, int]]]


def choose(comments: pl.DataFrame, selections: Mapping[str, Selection]) -> Chosen:
    """Choose among the comments of many media items.

    Args:
        comments: the columns of the comment table, and ``media_key``.
        selections: by name of the platform; TF-IDF is fitted on one audience's comments of one media item.

    Best first means: by score, or in the platform's own order, as its row says; ties by id. Comments on the media's own
    record come before others.
    """
    ordered = comments.with_columns(
        preference=pl.when(belong_to(lambda row: row.comment_order is CommentOrder.RANK))
        .then(pl.col("rank"))
        .otherwise(-pl.col("score")),
        is_media=are_media(),
    ).sort(
        "is_media", "platform", "media_key", "preference", "score", "comment_id",
        descending=[True, True, False, False, True, False], nulls_last=True,
    )  # fmt: skip
    kept, rejected, steps = [], [], []
    for (name,), rows in ordered.group_by("platform", maintain_order=True):
        platform = platform_of(str(name))
        selection = selections[platform.name]
        distinct, repeated = _drop_repeats(rows, selection.near_duplicates)
        best, rest = _top(distinct, selection.top)
        kept.append(best)
        rejected += [repeated, rest]
        steps += [
            (platform, "near_duplicates", rows.height, {Reason.NEAR_DUPLICATE: repeated.height}),
            (platform, "top", distinct.height, {Reason.NOT_IN_TOP: rest.height}),
        ]
    empty = ordered.clear()
    return Chosen(
        pl.concat([empty, *kept]).drop(_ORDER),
        pl.concat([empty.with_columns(NO_VERDICT), *rejected], how="diagonal").drop(_ORDER),
        steps,
    )


def _drop_repeats(rows: pl.DataFrame, threshold: float | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if threshold is None:
        return rows, rows.clear()
    from blift.transforms.near_duplicates import near_duplicates  # noqa: PLC0415 - slow: SciPy

    groups = rows["media_key"].rle_id().to_numpy().astype(np.int64)
    kept_as = near_duplicates(rows["text"], groups, threshold)
    keep = kept_as < 0
    of = rows["comment_id"].gather(kept_as[~keep])
    repeated = rows.filter(~keep).with_columns(
        rule=pl.lit("near_duplicates"), reason=pl.lit(Reason.NEAR_DUPLICATE.value), detail=of
    )
    return rows.filter(keep), repeated


def _top(rows: pl.DataFrame, top: int | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    if top is None:
        return rows, rows.clear()
    place = pl.int_range(pl.len()).over("media_key")
    ranked = rows.with_columns(place=place)
    rest = ranked.filter(pl.col("place") >= top).with_columns(
        rule=pl.lit("top"),
        reason=pl.lit(Reason.NOT_IN_TOP.value),
        detail=(pl.col("place") + 1).cast(pl.String),
    )
    return ranked.filter(pl.col("place") < top).drop("place"), rest.drop("place")
