"""Files of annotations: Parquet keyed by the digest of a media file, the id of a post, or an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from blift.connectors.claims import check_claims
from blift.connectors.files import InputFile
from blift.connectors.filesystem import open_to_read
from blift.schemas.errors import InputError, cut, one_line

KEYS = ("sha256", "post_id", "url")
_TEXTS = (*KEYS, "kind", "licence")
_PARTS = pa.list_(pa.struct([("name", pa.string()), ("value", pa.float64())]))
#: Rows as they are read. A map without names (a list of numbers) has null names.
ROWS = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        *(pa.field(name, pa.string()) for name in _TEXTS),
        pa.field("value", pa.float64()),
        pa.field("map", _PARTS),
        pa.field("annotators", pa.int64()),
    ]
)
_BATCH_ROWS = 4096
#: Of a text; addresses of the web are shorter.
_LONGEST_BYTES = 8192
_WAY_OUT = "Correct the file, or take it out of `sources.annotations`."


def read_annotations(file: InputFile) -> Iterator[pa.Table]:
    """The rows of a file (``ROWS``), some at a time; the values are not judged, only their types are.

    Raises:
        InputError: it is no Parquet, is damaged, claims more than it can hold, or lacks a column.
    """
    where = f"The file of annotations {cut(file.path, 400)}"
    check_claims(file.path, file.size_bytes, where, _WAY_OUT)
    try:
        with open_to_read(file.path) as stream, pq.ParquetFile(stream, page_checksum_verification=True) as parquet:
            columns = _columns(parquet.schema_arrow, where)
            texts = _leaves_of_text(parquet)
        # Strings stay in their dictionaries until it is known how long they are: a row may repeat one of a megabyte.
        with (
            open_to_read(file.path) as stream,
            pq.ParquetFile(stream, page_checksum_verification=True, read_dictionary=texts) as parquet,
        ):
            line = 1
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=columns):
                batch.validate(full=True)
                yield _rows(batch, file.name, line, where)
                line += batch.num_rows
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{where} cannot be read: {one_line(error)}. {_WAY_OUT}") from error


def _leaves_of_text(parquet: pq.ParquetFile) -> list[str]:
    columns = [parquet.schema.column(place) for place in range(len(parquet.schema))]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _columns(schema: pa.Schema, where: str) -> list[str]:
    """The columns to read; what else is in the file is left unread.

    Raises:
        InputError: a required column is missing, a column occurs twice, or its type is not one that annotations have.
    """
    there = [name for name in ROWS.names if name in schema.names]
    if not set(there) & set(KEYS):
        raise InputError(f"{where} has none of the columns {', '.join(KEYS)}, which say what a row is of. {_WAY_OUT}")
    if "kind" not in there or not {"value", "map"} & set(there):
        lacks = "`kind`" if "kind" not in there else "`value` and no column `map`"
        raise InputError(f"{where} has no column {lacks}. Columns: {cut(', '.join(schema.names), 200)}. {_WAY_OUT}")
    for name in there:
        if schema.names.count(name) > 1:
            raise InputError(f"{where} has the column `{name}` {schema.names.count(name)} times. {_WAY_OUT}")
        kind = schema.field(name).type
        wanted = _wanted(name, kind)
        if wanted is not None:
            raise InputError(f"{where}: the column `{name}` holds {cut(str(kind), 100)}, and no {wanted}. {_WAY_OUT}")
    return [name for name in there if name not in {"source", "line"}]


def _wanted(name: str, kind: pa.DataType) -> str | None:
    """What a column should hold; None where it does."""
    if name in _TEXTS:
        return None if _is_text(kind) else "strings"
    if name == "annotators":
        return None if pa.types.is_integer(kind) else "integers"
    if name == "value":
        return None if _is_number(kind) else "numbers"
    if name == "map":
        return None if _is_map(kind) else "map of strings to numbers, list of structs (name, value), or list of numbers"
    return None


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _is_map(kind: pa.DataType) -> bool:
    if pa.types.is_map(kind):
        return _is_text(kind.key_type) and _is_number(kind.item_type)
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)):
        return False
    item = kind.value_type
    if not pa.types.is_struct(item):
        return _is_number(item)
    members = {member.name: member.type for member in item}
    return set(members) == {"name", "value"} and _is_text(members["name"]) and _is_number(members["value"])


def _rows(batch: pa.RecordBatch, source: str, line: int, where: str) -> pa.Table:
    for name in batch.schema.names:
        for texts in _texts_in(batch.column(name)):
            longest = pc.max(pc.binary_length(texts)).as_py() or 0
            if longest > _LONGEST_BYTES:
                raise InputError(
                    f"{where} has a text of {longest:,} bytes in the column `{name}`, and at most {_LONGEST_BYTES:,} "
                    f"are read. {_WAY_OUT}"
                )
    columns = {name: batch.column(name).to_pylist() for name in batch.schema.names}
    if "map" in columns:
        columns["map"] = [None if parts is None else [_part(part) for part in parts] for parts in columns["map"]]
    nulls = [None] * batch.num_rows
    columns |= {"source": [source] * batch.num_rows, "line": list(range(line, line + batch.num_rows))}
    return pa.table([pa.array(columns.get(field.name, nulls), field.type) for field in ROWS], schema=ROWS)


def _texts_in(array: pa.Array) -> Iterator[pa.Array]:
    """The strings of a column and of what is in it, each once: those of its dictionaries."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        yield array.dictionary
    elif _is_text(kind):
        yield array
    elif pa.types.is_map(kind):
        yield from _texts_in(array.keys)
    elif pa.types.is_struct(kind):
        for member in array.flatten():
            yield from _texts_in(member)
    elif hasattr(kind, "value_type"):
        yield from _texts_in(array.flatten())


def _part(part: Any) -> dict[str, Any] | None:
    """An entry of a map, in whichever of its forms."""
    if part is None:
        return None
    if isinstance(part, tuple):
        return {"name": part[0], "value": part[1]}
    return part if isinstance(part, dict) else {"name": None, "value": part}
