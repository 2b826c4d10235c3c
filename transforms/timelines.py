"""Timelines of media: whether two lengths are of one media, and intervals that lie within it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

#: Lengths of one media differ by this at most, seconds, or by this part of the longer one: records state whole seconds,
#: and containers end with the longer of sound and pictures.
_DIFFER_S, _DIFFER = 2.0, 0.01


def one_length(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Boolean: two lengths in seconds may be those of one media; null where one is not known."""
    return (one - other).abs() <= pl.max_horizontal(pl.lit(_DIFFER_S), _DIFFER * pl.max_horizontal(one, other))


def within_media(media: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Media whose intervals end with them: those after the end are left out, and the last one is cut.

    Args:
        media: ``duration_s``, null where it is not known, and lists of structs with ``start_s`` and ``end_s``.
        names: the lists.
    """
    for name in names:
        ends = pl.col(name).list.eval(pl.element().struct.field("end_s")).list.max()
        if media.select((ends > pl.col("duration_s")).any()).item():
            media = media.with_columns(_cut(media, name))
    return media


def _cut(media: pl.DataFrame, name: str) -> pl.Series:
    fields = media.get_column(name).explode().struct.fields
    rows = media.select(row=pl.int_range(pl.len()), last_s=pl.col("duration_s"), each=name)
    flat = rows.explode("each").filter(pl.col("each").is_not_null()).unnest("each")
    cut = flat.with_columns(end_s=pl.min_horizontal("end_s", "last_s")).filter(pl.col("end_s") > pl.col("start_s"))
    lists = cut.group_by("row", maintain_order=True).agg(pl.struct(fields).alias(name))
    empty = media.get_column(name).list.head(0)
    found = rows.select("row").join(lists, on="row", how="left", maintain_order="left").get_column(name)
    return found.zip_with(found.is_not_null(), empty).alias(name)
