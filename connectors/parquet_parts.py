"""Parts of our Parquet shards: some rows, the lengths of lists, one member of their items; the rest is not decoded."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from blift.connectors.parquet import opened
from blift.connectors.shard import Shard
from blift.schemas.arrow import VERSION_KEY, conform
from blift.schemas.migration import is_of_earlier_major, to_present
from blift.schemas.registry import SCHEMAS, check_readable


def read_matching(
    folder: str, shard: Shard, table: str, column: str, values: Sequence[str], columns: Sequence[str] | None = None
) -> pa.Table:
    """The rows of one shard whose ``column`` has one of some values; row groups without such a row stay packed.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: as ``read_shard``.
    """
    wanted = pa.array(values, pa.string())
    schema = SCHEMAS[table] if columns is None else pa.schema([SCHEMAS[table].field(name) for name in columns])
    with opened(folder, shard) as parquet:
        check_readable(parquet.schema_arrow, table, posixpath.join(folder, shard.path))
        version = parquet.schema_arrow.metadata[VERSION_KEY].decode()
        earlier, there = is_of_earlier_major(table, version), parquet.schema_arrow.names
        names = None if columns is None or earlier else [name for name in columns if name in there]
        parts = []
        for place in range(parquet.num_row_groups):
            found = pc.is_in(parquet.read_row_group(place, [column]).column(column), value_set=wanted)
            if pc.any(found).as_py():
                parts.append(parquet.read_row_group(place, names).filter(found))
        rows = pa.concat_tables(parts) if parts else parquet.schema_arrow.empty_table()
        rows.validate(full=True)
    if earlier:
        rows = to_present(rows, table, version)
    if not parts:
        return schema.empty_table()
    return conform(rows.select([name for name in schema.names if name in rows.column_names]), schema)


def count_items(folder: str, shard: Shard, table: str, columns: Sequence[str]) -> pa.Table:
    """How many items the lists of one shard have, by column, as int32; of their items one leaf is decoded.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: as ``read_shard``.
    """
    with opened(folder, shard) as parquet:
        check_readable(parquet.schema_arrow, table, posixpath.join(folder, shard.path))
        leaves = [_smallest_leaf(parquet, name) for name in columns]
        rows = parquet.read([leaf for leaf in leaves if leaf])
        rows.validate(full=True)
    none = pa.nulls(rows.num_rows, pa.int32()).fill_null(0)
    lengths = [pc.list_value_length(rows.column(name)) if name in rows.column_names else none for name in columns]
    return pa.table({name: pc.fill_null(of, 0) for name, of in zip(columns, lengths, strict=True)})


def _smallest_leaf(parquet: pq.ParquetFile, column: str) -> str | None:
    """The path of a leaf of a list that takes few bytes: no text, where there is another one."""
    leaves = [parquet.schema.column(place) for place in range(len(parquet.schema.names))]
    own = [leaf for leaf in leaves if leaf.path.startswith(f"{column}.")]
    return min(own, key=lambda leaf: (leaf.physical_type == "BYTE_ARRAY", leaf.path)).path if own else None


def count_nulls(folder: str, shard: Shard, table: str, columns: Sequence[str]) -> dict[str, int]:
    """How many rows of one shard have no value, by column, as the file's statistics say.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: as ``read_shard``.
    """
    with opened(folder, shard) as parquet:
        check_readable(parquet.schema_arrow, table, posixpath.join(folder, shard.path))
        places = {parquet.schema.column(place).path: place for place in range(len(parquet.schema.names))}
        found = {}
        for name in columns:
            groups = [
                parquet.metadata.row_group(group).column(places[name]) if name in places else None
                for group in range(parquet.num_row_groups)
            ]
            known = [group.statistics.null_count for group in groups if group and group.statistics]
            whole = len(known) == len(groups)
            found[name] = sum(known) if whole else shard.rows if name not in places else _null_count(parquet, name)
    return found


def _null_count(parquet: pq.ParquetFile, column: str) -> int:
    return int(parquet.read([column]).column(column).null_count)


def read_leaf(folder: str, shard: Shard, table: str, column: str, items: str, member: str) -> pa.Table:
    """``column`` of one shard, and beside it ``items``: of each item of that list, its ``member`` alone.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: as ``read_shard``.
    """
    with opened(folder, shard) as parquet:
        check_readable(parquet.schema_arrow, table, posixpath.join(folder, shard.path))
        leaves = (parquet.schema.column(place).path for place in range(len(parquet.schema.names)))
        path = next((p for p in leaves if p.startswith(f"{items}.") and p.rpartition(".")[2] == member), None)
        rows = parquet.read([column, *([path] if path else [])])
        rows.validate(full=True)
    whole = rows.combine_chunks()
    if path is None:
        nothing = pa.nulls(whole.num_rows, pa.list_(pa.string()))
        return pa.table({column: whole.column(column), items: nothing})
    lists = [_member_of_items(chunk, member) for chunk in whole.column(items).chunks]
    return pa.table({column: whole.column(column), items: pa.chunked_array(lists, type=pa.list_(pa.string()))})


def _member_of_items(lists: pa.Array, member: str) -> pa.Array:
    return pa.ListArray.from_arrays(lists.offsets, pc.struct_field(lists.values, member), mask=lists.is_null())
