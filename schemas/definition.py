"""A definition: what a table looks like in one version, derived from a pydantic model without Arrow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from blift.schemas.errors import SchemaError
from blift.schemas.record import Part, Record

_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")

#: Scalars of a model and their Arrow types. Timestamps are UTC, microseconds; counts are int64.
SCALARS: dict[type, str] = {
    str: "string",
    int: "int64",
    float: "double",
    bool: "bool",
    bytes: "binary",
    datetime: "timestamp[us, tz=UTC]",
    date: "date32[day]",
    time: "time64[us]",
    timedelta: "duration[us]",
    UUID: "string",
}
_SEQUENCES = (list, tuple, set, frozenset, Sequence, AbstractSet)
_BOUNDS = ("ge", "gt", "le", "lt")

#: What a definition states. Baselines of format 1 were written before keys and ranges were part of a definition.
STATES_TYPES, STATES_VALUES, STATES_ALL = 0, 1, 2


class Range(Part):
    """The interval that a number lies in."""

    ge: float | None = Field(default=None, description="Lowest value.")
    gt: float | None = Field(default=None, description="Every value is greater.")
    le: float | None = Field(default=None, description="Highest value.")
    lt: float | None = Field(default=None, description="Every value is less.")

    def __str__(self) -> str:
        low = f"[{self.ge:g}" if self.ge is not None else f"({self.gt:g}" if self.gt is not None else "(-inf"
        high = f"{self.le:g}]" if self.le is not None else f"{self.lt:g})" if self.lt is not None else "inf)"
        return f"{low}, {high}"

    def within(self, other: Range) -> bool:
        """Whether every number in it is in ``other``."""
        return self._low >= other._low and self._high <= other._high

    @property
    def _low(self) -> tuple[float, bool]:
        """The lower end, and whether it lies outside."""
        return (self.ge, False) if self.ge is not None else (float("-inf") if self.gt is None else self.gt, True)

    @property
    def _high(self) -> tuple[float, bool]:
        """The upper end, and whether it lies within."""
        return (self.le, True) if self.le is not None else (float("inf") if self.lt is None else self.lt, False)


class Column(Part):
    """One column of a table, or one member of a struct."""

    name: str = Field(description="Name in Arrow and in JSON.")
    type: str = Field(description="Arrow type, such as `list<struct>`; `or null` follows list items that may be null.")
    nullable: bool = Field(description="Whether it may be null.")
    description: str = Field(default="", description="What it means.")
    deprecated: str = Field(default="", description="Why not to use it, and its replacement in backticks.")
    values: tuple[str, ...] = Field(default=(), description="The values of an enum, sorted; empty for all others.")
    range: Range | None = Field(default=None, description="The interval that its numbers lie in.")
    fields: tuple[Column, ...] = Field(default=(), description="Members of the struct that it is, or is a list of.")

    @property
    def is_list(self) -> bool:
        """Whether it is a list, which says by being empty that there is nothing."""
        return self.type.startswith("list<")


class Definition(Part):
    """What a table looks like in one version."""

    format: int = Field(default=STATES_VALUES, description="1: without keys and ranges; 2: with them.")
    table: str = Field(description="Name of the table.")
    version: str = Field(pattern=f"^(?:{_VERSION.pattern})?$", description="Version; empty for a table without one.")
    key: tuple[str, ...] = Field(default=(), description="The columns that identify a row.")
    fields: tuple[Column, ...] = Field(description="The columns, in order.")

    def columns(self) -> Iterator[tuple[str, Column]]:
        """Every column and member with its path, such as `replay[].start_s`; a struct comes before its members."""
        return column_paths(self.fields, "")

    def stating(self, what: int) -> Definition:
        """The definition reduced to what a definition of format ``what`` states."""
        if what >= self.format:
            return self
        columns = tuple(_reduced(column, what) for column in self.fields)
        return self.model_copy(update={"format": what, "key": (), "fields": columns})


def column_paths(columns: Sequence[Column], prefix: str) -> Iterator[tuple[str, Column]]:
    """Columns and their members, each with its path below ``prefix``."""
    for column in columns:
        path = f"{prefix}{column.name}"
        yield path, column
        yield from column_paths(column.fields, inside(path, column))


def inside(path: str, column: Column) -> str:
    """What the paths of a column's members begin with."""
    return f"{path}{'[]' * column.type.count('list<')}."


def _reduced(column: Column, what: int) -> Column:
    update: dict[str, Any] = {"range": None, "fields": tuple(_reduced(member, what) for member in column.fields)}
    if what == STATES_TYPES:
        update |= {"description": "", "deprecated": "", "values": ()}
    return column.model_copy(update=update)


def version_numbers(version: str) -> tuple[int, int, int]:
    """The three numbers of a version.

    Raises:
        ValueError: it is not three numbers.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        raise ValueError(version)
    return int(found[1]), int(found[2]), int(found[3])


def definition(record: type[Record]) -> Definition:
    """The definition of a record class, as code has it now.

    Raises:
        SchemaError: the version is not three numbers, or a field has a type without an Arrow type.
    """
    if not _VERSION.fullmatch(record.version):
        raise SchemaError(
            f"Table {record.table!r} has the version {record.version!r}; write three numbers, such as 1.0.0."
        )
    return model_definition(record, record.table, record.version, record.key)


def model_definition(model: type[BaseModel], table: str, version: str = "", key: Sequence[str] = ()) -> Definition:
    """The definition of any pydantic model; a table without a version has the empty one.

    Raises:
        SchemaError: a field has a type without an Arrow type, or the key names no column.
    """
    fields = _columns(model, (model,))
    unknown = [name for name in key if name not in {column.name for column in fields}]
    if unknown:
        raise SchemaError(f"The key of table {table!r} names {unknown[0]!r}, which is no column of {model.__name__}.")
    return Definition(format=STATES_ALL, table=table, version=version, key=tuple(key), fields=fields)


def _columns(model: type[BaseModel], within: tuple[type[BaseModel], ...]) -> tuple[Column, ...]:
    return tuple(_column(field_name(name, info), info, within) for name, info in model.model_fields.items())


def field_name(name: str, info: FieldInfo) -> str:
    """The name that a field of a model has in Arrow and in JSON."""
    return info.serialization_alias or info.alias or name


def _column(name: str, info: FieldInfo, within: tuple[type[BaseModel], ...]) -> Column:
    annotation, nullable = without_null(info.annotation)
    innermost = innermost_type(annotation)
    members: tuple[Column, ...] = ()
    if isinstance(innermost, type) and issubclass(innermost, BaseModel):
        if innermost in within:
            raise SchemaError(f"Field {name!r} holds {innermost.__name__}, which holds itself; Arrow has no such type.")
        members = _columns(innermost, (*within, innermost))
    return Column(
        name=name,
        type=_type_name(name, annotation),
        nullable=nullable,
        description=info.description or "",
        deprecated=info.deprecated if isinstance(info.deprecated, str) else "deprecated" if info.deprecated else "",
        values=_values(innermost),
        range=_range([*info.metadata, *_marks(annotation)]),
        fields=members,
    )


def without_null(annotation: Any) -> tuple[Any, bool]:
    """An annotation without `| None`, and whether it had it."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        if len(members) == 1:
            return members[0], True
    return annotation, False


def _type_name(name: str, annotation: Any) -> str:
    found = _container_name(name, annotation) if get_args(annotation) else _scalar_name(annotation)
    if found is None:
        raise SchemaError(
            f"Field {name!r} has the type {annotation!r}, which has no Arrow type. "
            f"Use one of {', '.join(kind.__name__ for kind in SCALARS)}, an enum, a model, or a list of these."
        )
    return found


def _container_name(name: str, annotation: Any) -> str | None:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(name, arguments[0])
    if origin is Literal and len({type(value) for value in arguments}) == 1:
        return _type_name(name, type(arguments[0]))
    if origin in _SEQUENCES and (len(arguments) == 1 or arguments[1:] == (...,)):
        return f"list<{_item_name(name, arguments[0])}>"
    if origin is dict:
        return f"map<{_type_name(name, arguments[0])}, {_item_name(name, arguments[1])}>"
    return None


def _scalar_name(annotation: Any) -> str | None:
    if not isinstance(annotation, type):
        return None
    if issubclass(annotation, BaseModel):
        return "struct"
    if issubclass(annotation, Enum):
        return "int64" if issubclass(annotation, int) else "string"
    return SCALARS.get(annotation)


def _item_name(name: str, annotation: Any) -> str:
    item, nullable = without_null(annotation)
    return f"{_type_name(name, item)}{' or null' if nullable else ''}"


def innermost_type(annotation: Any) -> Any:
    """The type in an annotation: `Chapter` of `list[Chapter] | None`."""
    inner, _ = without_null(annotation)
    arguments = get_args(inner)
    if get_origin(inner) is Literal or not arguments:
        return inner
    return innermost_type(arguments[1] if get_origin(inner) is dict else arguments[0])


def _values(innermost: Any) -> tuple[str, ...]:
    if get_origin(innermost) is Literal:
        return tuple(sorted(str(value) for value in get_args(innermost)))
    if isinstance(innermost, type) and issubclass(innermost, Enum):
        return tuple(sorted(str(member.value) for member in innermost))
    return ()


def _marks(annotation: Any) -> Iterator[Any]:
    """Constraints of the items of a list, or of what is optional."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        for mark in arguments[1:]:
            yield from mark.metadata if isinstance(mark, FieldInfo) else (mark,)
    for argument in arguments:
        yield from _marks(argument)


def _range(marks: Sequence[Any]) -> Range | None:
    bounds = {
        name: float(value)
        for mark in marks
        for name in _BOUNDS
        if isinstance(value := getattr(mark, name, None), int | float)
    }
    return Range(**bounds) if bounds else None
