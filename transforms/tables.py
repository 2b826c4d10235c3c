"""The element of every collection: an Arrow table, its coder, and its way through a shuffle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
import xxhash
from apache_beam import coders
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

#: LZ4 halves what a shuffle of text holds, at about 1.5 GB/s a core; the local runner keeps 4.3 times the payload.
_IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")

# Arrow's default pool hands pages back to the system after each table; the C library's keeps them: 5 % of all CPU time.
pa.set_memory_pool(pa.system_memory_pool())

#: How much `SplitByShard` holds before it splits.
_SPLIT_BYTES = 48 << 20


class TableCoder(coders.Coder):
    """Codes a table as one Arrow IPC stream."""

    def encode(self, value: pa.Table) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema, options=_IPC_OPTIONS) as writer:
            writer.write_table(value.combine_chunks())
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.Table:
        return pa.ipc.open_stream(pa.py_buffer(encoded)).read_all()

    def estimate_size(self, value: pa.Table) -> int:
        """Bytes in memory. Runners ask for the size of many elements; Beam's own answer encodes each to count."""
        return int(value.nbytes)

    def is_deterministic(self) -> bool:
        return False  # equal tables may differ in chunking and buffers; a table is never a key

    def to_type_hint(self) -> type:
        return pa.Table  # type: ignore[no-any-return]


coders.registry.register_coder(pa.Table, TableCoder)


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


def arrow(data: pl.DataFrame, schema: pa.Schema) -> pa.Table:
    """The columns of ``schema`` out of a Polars frame, with the schema's types."""
    return data.select(schema.names).to_arrow(compat_level=pl.CompatLevel.oldest()).cast(schema)


class SplitByShard(beam.DoFn):
    """Tables to ``(shard, table)``, by the hash of one column.

    Tables are held until they make up some megabytes: a piece of a few hundred rows costs three times as much
    a row to code as one of thousands.
    """

    def __init__(self, column: str, shards: int) -> None:
        self._column = column
        self._shards = shards

    def start_bundle(self) -> None:
        self._held: list[pa.Table] = []
        self._held_bytes = 0

    def process(self, table: pa.Table) -> Iterator[tuple[int, pa.Table]]:
        if table.num_rows:
            self._held.append(table)
            self._held_bytes += table.nbytes
        if self._held_bytes >= _SPLIT_BYTES:
            yield from self._release()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for element in self._release():
            yield GlobalWindows.windowed_value(element)

    def _release(self) -> Iterator[tuple[int, pa.Table]]:
        if self._held:
            table = pa.concat_tables(self._held).combine_chunks()
            self._held, self._held_bytes = [], 0
            yield from split(table, shard_of(pl.Series(table.column(self._column)), self._shards))
