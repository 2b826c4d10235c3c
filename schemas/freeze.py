"""Frozen definitions: every released version of a table as a JSON file that a review can read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import pyarrow as pa
from pydantic import BaseModel, Field, ValidationError

from blift.schemas.errors import OutputError, SchemaError
from blift.schemas.record import Part, Record, arrow_schema

#: Where frozen definitions live: one file `<table>-<version>.json` for each version of each table.
FROZEN = Path(__file__).parent / "frozen"

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")


class Column(Part):
    """One column of a table, or one member of a struct."""

    name: str = Field(description="Name in Arrow and in JSON.")
    type: str = Field(description="Arrow type, such as `list<struct>`; `or null` follows list items that may be null.")
    nullable: bool = Field(description="Whether it may be null.")
    description: str = Field(default="", description="What it means.")
    values: tuple[str, ...] = Field(default=(), description="The values of an enum, sorted; empty for all others.")
    fields: tuple[Column, ...] = Field(default=(), description="Members of the struct that it is, or is a list of.")

    @property
    def is_list(self) -> bool:
        """Whether it is a list, which says by being empty that there is nothing."""
        return self.type.startswith("list<")


class Definition(Part):
    """What a table looks like in one version."""

    table: str = Field(description="Name of the table.")
    version: str = Field(pattern=f"^{_VERSION.pattern}$", description="Version of the table.")
    fields: tuple[Column, ...] = Field(description="The columns, in order.")


def definition(record: type[Record]) -> Definition:
    """The definition of a record class, as code has it now.

    Raises:
        SchemaError: the version is not three numbers, or a field has a type that Arrow has no word for.
    """
    if not _VERSION.fullmatch(record.version):
        raise SchemaError(
            f"Table {record.table!r} has the version {record.version!r}; write three numbers, such as 1.0.0."
        )
    return Definition(table=record.table, version=record.version, fields=_columns(record, arrow_schema(record)))


def _columns(model: type[BaseModel], fields: Iterable[pa.Field]) -> tuple[Column, ...]:
    """The fields of a model, which come in the same order as those of its Arrow schema."""
    pairs = zip(model.model_fields.values(), fields, strict=True)
    return tuple(_column(field, info.annotation, info.description or "") for info, field in pairs)


def _column(field: pa.Field, annotation: Any, description: str) -> Column:
    innermost = _innermost(annotation)
    values: tuple[str, ...] = ()
    members: tuple[Column, ...] = ()
    if issubclass(innermost, Enum):
        values = tuple(sorted(str(member.value) for member in innermost))
    elif issubclass(innermost, BaseModel):
        members = _columns(innermost, _innermost_type(field.type))
    return Column(
        name=field.name,
        type=_type_name(field.type),
        nullable=field.nullable,
        description=description,
        values=values,
        fields=members,
    )


def _innermost(annotation: Any) -> Any:
    """The class in an annotation: `Chapter` in `list[Chapter] | None`."""
    while arguments := [argument for argument in get_args(annotation) if argument is not NoneType]:
        annotation = arguments[0]
    return annotation


def _innermost_type(kind: pa.DataType) -> pa.DataType:
    while pa.types.is_list(kind):
        kind = kind.value_type
    return kind


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list<{_type_name(kind.value_type)}{' or null' if kind.value_field.nullable else ''}>"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def frozen_path(record: type[Record], folder: Path = FROZEN) -> Path:
    """The file that holds the definition of a record class in its present version."""
    return folder / f"{record.table}-{record.version}.json"


def load(path: Path) -> Definition:
    """A frozen definition.

    Raises:
        SchemaError: the file is missing or holds no definition, or its name says another table or version.
    """
    advice = "Restore it from version control."
    try:
        found = Definition.model_validate_json(path.read_bytes())
    except OSError as error:
        raise SchemaError(f"The frozen file {path.name} cannot be read: {error.strerror}. {advice}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole file"
        raise SchemaError(
            f"The frozen file {path.name} is no definition of a table ({where}: {first['msg']}). {advice}"
        ) from error
    if path.name != f"{found.table}-{found.version}.json":
        raise SchemaError(f"The frozen file {path.name} holds {found.table} {found.version}. {advice}")
    return found


def freeze(record: type[Record], folder: Path = FROZEN) -> Path:
    """Write the definition of a record class to its frozen file, or leave the file that already says the same.

    Raises:
        SchemaError: this version is frozen with another definition, or the frozen file is damaged.
        OutputError: the file cannot be written.
    """
    path, now = frozen_path(record, folder), definition(record)
    if path.exists():
        if load(path) != now:
            raise SchemaError(
                f"{record.table} {record.version} is frozen with another definition in {path.name}. "
                f"Raise the version of {record.__name__} in {record.__module__}, and freeze again."
            )
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(definition_text(now), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}. Freeze in a checkout that you may write.") from error
    return path


def definition_text(frozen: Definition) -> str:
    """A definition as its frozen file has it."""
    content = frozen.model_dump(exclude_defaults=True)
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
