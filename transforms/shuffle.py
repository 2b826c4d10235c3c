"""A table's way through a shuffle: its coder, and its rows by shard."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam import coders
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from blift.transforms.tables import shard_of, split

#: A shard's number, and rows of it.
ShardedTable = tuple[int, pa.Table]

#: LZ4 halves what a shuffle of text holds, at about 1.5 GB/s a core; the local runner keeps 4.3 times the payload.
_IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
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
