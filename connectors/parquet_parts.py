"""Parts of a Parquet shard: some columns or rows, the lengths of lists, one member of their items."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from blift.connectors.parquet import opened
from blift.connectors.shard import Shard
from blift.connectors.stored_table import StoredTable, present_schema
from blift.schemas.errors import InputError

#: Rows that are decoded at once where few are wanted.
_BATCH_ROWS = 1_000


@contextmanager
def open_shard(folder: str, shard: Shard, table: str) -> Iterator[OpenShard]:
    """A shard whose parts are read, in the present version of its table; its digest is checked once.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: the file holds another table, or a version that no migration carries to the present one.
    """
    with opened(folder, shard) as parquet:
        yield OpenShard(parquet, StoredTable.of(parquet, table, posixpath.join(folder, shard.path)))


class OpenShard:
    """A shard that is open.

    Args:
        parquet: the file.
        stored: the table that it holds.
    """

    def __init__(self, parquet: pq.ParquetFile, stored: StoredTable) -> None:
        self._parquet, self._stored = parquet, stored
        self._leaves = {parquet.schema.column(place).path: place for place in range(len(parquet.schema.names))}

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return int(self._parquet.metadata.num_rows)

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Some columns of all rows."""
        rows = self._parquet.read(self._stored.needed(columns))
        rows.validate(full=True)
        return self._stored.present(rows, columns)

    def matching(self, column: str, values: Sequence[str], columns: Sequence[str] | None = None) -> pa.Table:
        """The rows whose ``column`` has one of some values; what lies behind the last of them stays packed."""
        wanted = pa.array(values, pa.string())
        parts: list[pa.Table] = []
        for place in range(self._parquet.num_row_groups):
            found = pc.is_in(self._parquet.read_row_group(place, [column]).column(column), value_set=wanted)
            parts.extend(self._chosen(place, np.flatnonzero(found), columns))
        if not parts:
            return present_schema(self._stored.table, columns).empty_table()
        rows = pa.concat_tables(parts).replace_schema_metadata(self._parquet.schema_arrow.metadata)
        rows.validate(full=True)
        return self._stored.present(rows, columns)

    def _chosen(self, group: int, rows: np.ndarray, columns: Sequence[str] | None) -> Iterator[pa.Table]:
        """Some rows of a row group, by their numbers in it."""
        if not len(rows):
            return
        first, needed = 0, self._stored.needed(columns)
        for batch in self._parquet.iter_batches(_BATCH_ROWS, row_groups=[group], columns=needed):
            here = rows[(rows >= first) & (rows < first + batch.num_rows)] - first
            yield pa.Table.from_batches([batch]).take(pa.array(here))
            first += batch.num_rows
            if first > rows[-1]:
                return

    def lengths(self, columns: Sequence[str]) -> pa.Table:
        """How many items the lists of some columns have, by column; of their items one leaf is decoded."""
        rows = self._parquet.read([leaf for name in columns if (leaf := self._smallest_leaf(name))])
        rows.validate(full=True)
        none = pa.nulls(self.rows, pa.int32()).fill_null(0)
        found = [pc.list_value_length(rows.column(name)) if name in rows.column_names else none for name in columns]
        return pa.table({name: pc.fill_null(of, 0) for name, of in zip(columns, found, strict=True)})

    def members(self, column: str, items: str, member: str) -> pa.Table:
        """``column``, and in place of each item of the lists ``items`` its ``member``, a string."""
        path = next((p for p in self._leaves if p.startswith(f"{items}.") and p.rpartition(".")[2] == member), None)
        rows = self._parquet.read([column, *([path] if path else [])]).combine_chunks()
        rows.validate(full=True)
        of_type = pa.list_(pa.string())
        if path is None:
            return pa.table({column: rows.column(column), items: pa.nulls(rows.num_rows, of_type)})
        lists = [_members(chunk, member) for chunk in rows.column(items).chunks]
        return pa.table({column: rows.column(column), items: pa.chunked_array(lists, of_type)})

    def nulls(self, columns: Sequence[str]) -> dict[str, int]:
        """How many rows have no value, by column: as the statistics of the file say, where it has some."""
        return {name: self._nulls(name) if name in self._leaves else self.rows for name in columns}

    def _nulls(self, column: str) -> int:
        metadata = self._parquet.metadata
        groups = [metadata.row_group(at).column(self._leaves[column]) for at in range(self._parquet.num_row_groups)]
        known = [each.statistics.null_count for each in groups if each.statistics and each.statistics.has_null_count]
        return sum(known) if len(known) == len(groups) else int(self._parquet.read([column])[column].null_count)

    def _smallest_leaf(self, column: str) -> str | None:
        """The path of a leaf of a list that takes few bytes: no text, where there is another one."""
        own = [path for path in self._leaves if path.startswith(f"{column}.")]
        return min(own, key=lambda path: (self._is_text(path), path), default=None)

    def _is_text(self, path: str) -> bool:
        return bool(self._parquet.schema.column(self._leaves[path]).physical_type == "BYTE_ARRAY")


def rows_with_member(path: str, column: str, member: str, value: str) -> list[int]:
    """The numbers of the rows of a file on this machine of whose list of structs one has a value as its ``member``.

    Args:
        path: of any Parquet file; its digest is not checked.

    Raises:
        InputError: the file cannot be read.
    """
    try:
        with pq.ParquetFile(path) as parquet:
            names = [parquet.schema.column(place).path for place in range(len(parquet.schema.names))]
            leaf = next((n for n in names if n.startswith(f"{column}.") and n.rpartition(".")[2] == member), None)
            if leaf is None:
                return []
            lists = parquet.read([leaf]).column(column).combine_chunks()
            found = pc.equal(pc.struct_field(lists.flatten(), member), pa.scalar(value, pa.string()))
            owners = pc.list_parent_indices(lists).filter(pc.fill_null(found, False))
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"Cannot read {path}: {str(error).rstrip('.')}.") from error
    return [int(row) for row in pc.unique(owners).to_pylist()]


def _members(lists: pa.Array, member: str) -> pa.Array:
    return pa.ListArray.from_arrays(lists.offsets, pc.struct_field(lists.values, member), mask=lists.is_null())
