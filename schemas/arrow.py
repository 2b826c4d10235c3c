"""Definitions as Arrow schemas, and tables that are given one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from blift.schemas.definition import STATES_TYPES, Column, Definition, definition, innermost_type
from blift.schemas.errors import SchemaError
from blift.schemas.record import Record

TABLE_KEY = b"blift.table"
VERSION_KEY = b"blift.version"
#: What `datasets` reads of features that Arrow has no type for.
FEATURES_KEY = b"huggingface"

_SCALARS: dict[str, pa.DataType] = {
    str(kind): kind
    for kind in (
        pa.string(),
        pa.int64(),
        pa.float64(),
        pa.bool_(),
        pa.binary(),
        pa.timestamp("us", tz="UTC"),
        pa.date32(),
        pa.time64("us"),
        pa.duration("us"),
    )
}


def arrow_schema(record: type[Record]) -> pa.Schema:
    """The Arrow schema of a record class, with the table's name and version in its metadata.

    A part of a class with a ``feature`` is one of `datasets` (`Image`, `Video`), and the metadata say so.

    Fields keep their order. An optional field is nullable; every other field is not. List items and the
    members of a struct follow the same rule.
    """
    metadata = {TABLE_KEY: record.table.encode(), VERSION_KEY: record.version.encode()}
    stated = definition(record)
    if found := embedded(record):
        lists = {column.name for column in stated.fields if column.is_list}
        files = {name: {"_type": feature} for name, feature in found.items()}
        features = {name: [file] if name in lists else file for name, file in files.items()}
        metadata[FEATURES_KEY] = json.dumps({"info": {"features": features}}).encode()
    return schema_of(stated).with_metadata(metadata)


def schema_of(stated: Definition) -> pa.Schema:
    """The Arrow schema of a definition, without metadata.

    Raises:
        SchemaError: a column has a type that the tables of blift do not use.
    """
    return pa.schema([_field(column) for column in stated.fields])


def embedded(record: type[Record]) -> dict[str, str]:
    """The columns of a record class that hold whole files, and the feature of `datasets` that each is."""
    parts = ((name, innermost_type(info.annotation)) for name, info in record.model_fields.items())
    return {name: part.feature for name, part in parts if hasattr(part, "feature")}


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, _type(column.type, column), nullable=column.nullable)


def _type(name: str, column: Column) -> pa.DataType:
    """The Arrow type of a name; ``column`` has the members of the struct in it."""
    if name.startswith("list<"):
        item = name[len("list<") : -1]
        inner = item.removesuffix(" or null")
        return pa.list_(pa.field("element", _type(inner, column), nullable=inner != item))
    if name == "struct":
        return pa.struct([_field(member) for member in column.fields])
    if name not in _SCALARS:
        raise SchemaError(f"Column {column.name!r} has the type {name}, which the tables of blift do not use.")
    return _SCALARS[name]


def definition_of(schema: pa.Schema, table: str, version: str = "") -> Definition:
    """The definition of any Arrow schema: names, types and nullability, which is all that Arrow states."""
    fields = tuple(_column(field) for field in schema)
    return Definition(format=STATES_TYPES, table=table, version=version, fields=fields)


def _column(field: pa.Field) -> Column:
    inner = _innermost(field.type)
    members = tuple(_column(member) for member in inner) if pa.types.is_struct(inner) else ()
    return Column(name=field.name, type=type_name(field.type), nullable=field.nullable, fields=members)


def _innermost(kind: pa.DataType) -> pa.DataType:
    while True:
        if _is_any_list(kind):
            kind = kind.value_type
        elif pa.types.is_map(kind):
            kind = kind.item_type
        else:
            return kind


def _is_any_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def type_name(kind: pa.DataType) -> str:
    """The name of an Arrow type; members of structs are told apart from it, and `or null` follows items."""
    if _is_any_list(kind):
        item = f"{type_name(kind.value_type)}{' or null' if kind.value_field.nullable else ''}"
        if pa.types.is_fixed_size_list(kind):
            return f"fixed_size_list<{item}>[{kind.list_size}]"
        return f"{'large_' if pa.types.is_large_list(kind) else ''}list<{item}>"
    if pa.types.is_map(kind):
        item = f"{type_name(kind.item_type)}{' or null' if kind.item_field.nullable else ''}"
        return f"map<{type_name(kind.key_type)}, {item}>"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with exactly the columns, order, types and metadata of ``schema``.

    What is absent is null where it may be, and an empty list where it is a list; members of structs follow the same
    rule. Nullability is not checked here (it costs a pass over nested data); ``validate`` does.

    Raises:
        SchemaError: a required column or member is absent, or a column cannot be cast.
    """
    columns = []
    for field in schema:
        index = table.schema.get_field_index(field.name)
        if index < 0:
            columns.append(absent(field, table.num_rows, table.column_names))
            continue
        column = table.column(index)
        if column.type != field.type:
            chunks = [_cast(chunk, field.type, field.name) for chunk in column.chunks]
            column = pa.chunked_array(chunks, field.type)
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def from_rows(rows: Iterable[Mapping[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table; what a row does not have is null, and an empty list where that is what says "nothing"."""
    table = pa.Table.from_pylist(list(rows), schema)
    columns = [with_empty_lists(table.column(field.name).combine_chunks(), field) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def with_empty_lists(values: pa.Array, field: pa.Field) -> pa.Array:
    """The values of a field, with empty lists for null ones where the field, or a member of it, is a required list."""
    if pa.types.is_list(field.type):
        items = with_empty_lists(values.values, field.type.value_field)
        mask = _nulls(values) if field.nullable else None
        if items is not values.values or (values.null_count and mask is None):
            return pa.ListArray.from_arrays(_offsets(values), items, type=field.type, mask=mask)
    if pa.types.is_struct(field.type):
        members = [values.field(place) for place in range(field.type.num_fields)]
        filled = [with_empty_lists(member, inner) for member, inner in zip(members, field.type, strict=True)]
        if any(one is not other for one, other in zip(members, filled, strict=True)):
            return pa.StructArray.from_arrays(filled, fields=list(field.type), mask=_nulls(values))
    return values


def absent(field: pa.Field, rows: int, present: Sequence[str] = ()) -> pa.Array:
    """What a column holds of which nothing is known: nulls, or empty lists.

    Raises:
        SchemaError: it is neither nullable nor a list.
    """
    if field.nullable:
        return pa.nulls(rows, field.type)
    if pa.types.is_list(field.type):
        offsets = pa.repeat(pa.scalar(0, pa.int32()), rows + 1)
        return pa.ListArray.from_arrays(offsets, pa.nulls(0, field.type.value_type), type=field.type)
    raise SchemaError(f"Column {field.name!r} is required and absent; there are {list(present)}.")


def _cast(values: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    """Values in another type: structs member by member, so that absent lists are empty in them, too."""
    if values.type == kind:
        return values
    if pa.types.is_list(kind) and (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
        items = _cast(values.values, kind.value_type, f"{name}[]")
        return pa.ListArray.from_arrays(_offsets(values), items, type=kind, mask=_nulls(values))
    if pa.types.is_struct(kind) and pa.types.is_struct(values.type):
        present = [field.name for field in values.type]
        members = [
            _cast(values.field(member.name), member.type, f"{name}.{member.name}")
            if member.name in present
            else absent(member.with_name(f"{name}.{member.name}"), len(values), present)
            for member in kind
        ]
        return pa.StructArray.from_arrays(members, fields=list(kind), mask=_nulls(values))
    try:
        return values.cast(kind)
    except pa.ArrowException as error:
        raise SchemaError(f"Column {name!r} is {values.type} and cannot become {kind}: {error}") from error


def _nulls(values: pa.Array) -> pa.Array | None:
    return values.is_null() if values.null_count else None


def _offsets(values: pa.Array) -> pa.Array:
    """The offsets of a list array, in an array of their own: those of a slice take no mask."""
    return pa.array(values.offsets.to_numpy(), pa.int32())


def validate(table: pa.Table, schema: pa.Schema) -> None:
    """Check that required top-level columns of ``table`` hold no nulls.

    Raises:
        SchemaError: names the column and how many nulls it has.
    """
    for field in schema:
        nulls = table.column(field.name).null_count
        if nulls and not field.nullable:
            raise SchemaError(f"Column {field.name!r} must not be null, and {nulls} of {table.num_rows} rows are.")
