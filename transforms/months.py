"""The rows of a table by the month in which they were posted."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

#: Stands for the month of rows without a time; readers of Hive's partitions take it for null.
NO_MONTH = "__HIVE_DEFAULT_PARTITION__"


def by_month(rows: pa.Table, posted_at: pa.ChunkedArray) -> Iterator[tuple[str, pa.Table]]:
    """Rows by month, in order; months without rows are left out, and rows keep their order.

    Args:
        rows: of any table.
        posted_at: their times, UTC.

    Returns:
        the month, such as ``2024-03`` or ``NO_MONTH``, and its rows.
    """
    times = pl.Series(posted_at)
    found = zip(times.dt.year(), times.dt.month(), strict=True)
    months = pa.array([NO_MONTH if year is None else f"{year:04d}-{month:02d}" for year, month in found], pa.string())
    for month in sorted(months.unique().to_pylist()):
        yield month, rows.filter(pc.equal(months, month))
