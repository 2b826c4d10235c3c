"""The element of every PCollection, an Arrow table: made of frames, cut by a hash of ids, and put together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
import polars as pl
import pyarrow as pa
import xxhash

from blift.schemas.arrow import conform
from blift.schemas.registry import SCHEMAS

# Arrow's default pool hands pages back to the system after each table; the C library's keeps them: 5 % of all CPU time.
pa.set_memory_pool(pa.system_memory_pool())


def hash64(values: pl.Series) -> np.ndarray:
    """xxh3-64 of every string, as uint64; nulls hash as the empty string.

    xxh3 is specified, so the value is the same in every process, on every machine and in every version;
    neither Python's ``hash`` nor Polars' is.
    """
    uniques = values.fill_null("").unique(maintain_order=True)
    digests = pl.Series([xxhash.xxh3_64_intdigest(text) for text in uniques.cast(pl.Binary).to_list()], dtype=pl.UInt64)
    if len(uniques) == len(values):
        return digests.to_numpy()
    return values.fill_null("").replace_strict(uniques, digests, return_dtype=pl.UInt64).to_numpy()


def shard_of(values: pl.Series, shards: int) -> np.ndarray:
    """The shard, 0 to ``shards`` - 1, of every id: a function of the id alone."""
    return (hash64(values) % np.uint64(shards)).astype(np.int64)


def split(table: pa.Table, shard: np.ndarray) -> Iterator[tuple[int, pa.Table]]:
    """``(shard, rows of that shard)`` for every shard that occurs, rows in their order."""
    order = np.argsort(shard, kind="stable")
    bounds = np.flatnonzero(np.diff(shard[order], prepend=-1, append=-1))
    ordered = table.take(pa.array(order))
    for start, stop in pairwise(bounds.tolist()):
        yield int(shard[order[start]]), ordered.slice(start, stop - start)


def concat(tables: Iterable[pa.Table], schema: pa.Schema) -> pa.Table:
    """One contiguous table of all rows; an empty table of ``schema`` where there are none."""
    parts = list(tables)
    return pa.concat_tables(parts).combine_chunks() if parts else schema.empty_table()


def frame(table: pa.Table) -> pl.DataFrame:
    """The table as a Polars frame."""
    converted = pl.from_arrow(table)
    if isinstance(converted, pl.Series):
        return converted.to_frame()
    return converted


def rows_of(data: pl.DataFrame, table: str) -> pa.Table:
    """The columns of a table of the contract out of a frame; those that it lacks are null, or empty lists.

    Raises:
        SchemaError: the frame lacks a required column, or one of another type.
    """
    schema = SCHEMAS[table]
    present = [name for name in schema.names if name in data.columns]
    return conform(data.select(present).to_arrow(compat_level=pl.CompatLevel.oldest()), schema)


def arrow(data: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema`` out of a Polars frame, with the schema's types."""
    return data.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)
