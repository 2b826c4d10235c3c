"""Rows of tables by platform: which belong to a row of ``blift.schemas.platform``, and which state a column."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from blift.schemas.platform import Platform, platform_of, platforms

_NAME = pl.col("platform")


def belongs_to(row: Platform) -> pl.Expr:
    """Boolean: the record is of this platform, or of one that it covers."""
    if row.covers_others:
        return ~_NAME.is_in([name for name in platforms() if name != row.name])
    return pl.lit(row.name) == _NAME


def belong_to(rows: Callable[[Platform], bool]) -> pl.Expr:
    """Boolean: the record is of one of the platforms that a condition holds for."""
    found = pl.lit(value=False)
    for row in platforms().values():
        if rows(row):
            found |= belongs_to(row)
    return found


def state(column: str) -> pl.Expr:
    """Boolean: the record's platform states this column of the post table."""
    return belong_to(lambda row: column in row.states)


def are_media() -> pl.Expr:
    """Boolean: the record is that of the media itself."""
    return belong_to(lambda row: row.is_media)


def platforms_in(names: pl.Series) -> list[Platform]:
    """The rows that the values of a column `platform` belong to, in the order of the rows."""
    present = {platform_of(name).name for name in names.unique().to_list()}
    return [row for name, row in platforms().items() if name in present]
