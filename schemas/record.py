"""One definition, two schemas: a pydantic model is the record, and its Arrow schema is derived from it."""

from __future__ import annotations

import json
import types
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, Union, get_args, get_origin

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from blift.schemas.errors import SchemaError

TABLE_KEY = b"blift.table"
VERSION_KEY = b"blift.version"
#: What `datasets` reads of features that Arrow has no type for.
FEATURES_KEY = b"huggingface"

#: Scalars of a record and their Arrow types. Timestamps are UTC, microseconds; counts are int64.
SCALARS: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    bytes: pa.binary(),
    datetime: pa.timestamp("us", tz="UTC"),
}


class Part(BaseModel):
    """A nested piece of a record, such as one segment of a replay graph."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Record(Part):
    """One row of a table. Subclasses name their table and its version."""

    table: ClassVar[str]
    version: ClassVar[str]


def arrow_schema(record: type[Record]) -> pa.Schema:
    """The Arrow schema of a record class, with the table's name and version in its metadata.

    A part of a class with a ``feature`` is one of `datasets` (`Image`, `Video`), and the metadata say so.

    Fields keep their order. An optional field is nullable; every other field is not. List items and the
    members of a struct follow the same rule.
    """
    metadata = {TABLE_KEY: record.table.encode(), VERSION_KEY: record.version.encode()}
    if found := embedded(record):
        features = {name: {"_type": feature} for name, feature in found.items()}
        metadata[FEATURES_KEY] = json.dumps({"info": {"features": features}}).encode()
    return pa.schema(_fields(record), metadata=metadata)


def embedded(record: type[Record]) -> dict[str, str]:
    """The columns of a record class that hold whole files, and the feature of `datasets` that each is."""
    parts = ((name, _strip_optional(info.annotation)[0]) for name, info in record.model_fields.items())
    return {name: part.feature for name, part in parts if hasattr(part, "feature")}


def _fields(model: type[BaseModel]) -> list[pa.Field]:
    return [
        _field(info.serialization_alias or info.alias or name, info.annotation)
        for name, info in model.model_fields.items()
    ]


def _field(name: str, annotation: Any) -> pa.Field:
    inner, nullable = _strip_optional(annotation)
    return pa.field(name, _arrow_type(name, inner), nullable=nullable)


def _strip_optional(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return members[0], True
    return annotation, False


def _arrow_type(name: str, annotation: Any) -> pa.DataType:
    if get_origin(annotation) is list:
        return pa.list_(_field("element", get_args(annotation)[0]))
    if isinstance(annotation, type):
        if issubclass(annotation, Enum):
            return pa.string()
        if issubclass(annotation, BaseModel):
            return pa.struct(_fields(annotation))
        if annotation in SCALARS:
            return SCALARS[annotation]
    raise SchemaError(f"Field {name!r} has the type {annotation!r}, which has no Arrow type in schemas/record.py.")


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """``table`` with exactly the columns, order, types and metadata of ``schema``.

    Nullable columns that are absent are added as nulls, lists as empty ones. Nullability is not checked here (it
    costs a pass over nested data); ``validate`` does.

    Raises:
        SchemaError: a required column is absent, or a column cannot be cast.
    """
    columns = []
    for field in schema:
        index = table.schema.get_field_index(field.name)
        if index < 0:
            if pa.types.is_list(field.type):
                columns.append(pa.array([[]] * table.num_rows, field.type))
                continue
            if not field.nullable:
                raise SchemaError(f"Column {field.name!r} is required and absent; there are {table.column_names}.")
            columns.append(pa.nulls(table.num_rows, field.type))
            continue
        column = table.column(index)
        if column.type != field.type:
            try:
                column = column.cast(field.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                raise SchemaError(
                    f"Column {field.name!r} is {column.type} and cannot become {field.type}: {error}"
                ) from error
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def validate(table: pa.Table, schema: pa.Schema) -> None:
    """Check that required top-level columns of ``table`` hold no nulls.

    Raises:
        SchemaError: names the column and how many nulls it has.
    """
    for field in schema:
        nulls = table.column(field.name).null_count
        if nulls and not field.nullable:
            raise SchemaError(f"Column {field.name!r} must not be null, and {nulls} of {table.num_rows} rows are.")
