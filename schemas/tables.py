"""The tables as they are frozen, for who tells of them: the classes that define them take pydantic and Arrow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

#: Where frozen definitions live: one file `<table>-<version>.json` for each version of each table.
FROZEN = Path(__file__).parent / "frozen"


class AnyColumn(Protocol):
    """A column, of a definition or of a frozen table."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def nullable(self) -> bool: ...
    @property
    def description(self) -> str: ...
    @property
    def values(self) -> tuple[str, ...]: ...
    @property
    def fields(self) -> Sequence[AnyColumn]: ...


@dataclass(frozen=True)
class FrozenColumn:
    """A column as its frozen file has it; what each part is, `blift.schemas.freeze.Column` says."""

    name: str
    type: str
    nullable: bool
    description: str
    values: tuple[str, ...]
    fields: tuple[FrozenColumn, ...]


@dataclass(frozen=True)
class FrozenTable:
    """A frozen version of a table, its file, and the text there."""

    name: str
    version: str
    fields: tuple[FrozenColumn, ...]
    path: Path
    text: str


@cache
def newest_versions() -> dict[str, str]:
    """The newest frozen version of every table. A test says that it is the one of the record class."""
    found: dict[str, str] = {}
    for path in FROZEN.glob("*.json"):
        table, _, version = path.stem.rpartition("-")
        found[table] = max(found.get(table, version), version, key=_numbers)
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@cache
def frozen_table(name: str) -> FrozenTable:
    """A table in its newest frozen version."""
    version = newest_versions()[name]
    path = FROZEN / f"{name}-{version}.json"
    text = path.read_text(encoding="utf-8")
    return FrozenTable(name, version, _columns(json.loads(text)["fields"]), path, text)


def _columns(content: Sequence[dict[str, Any]]) -> tuple[FrozenColumn, ...]:
    return tuple(
        FrozenColumn(
            name=column["name"],
            type=column["type"],
            nullable=column["nullable"],
            description=column.get("description", ""),
            values=tuple(column.get("values", ())),
            fields=_columns(column.get("fields", ())),
        )
        for column in content
    )


def item_type(kind: str) -> str | None:
    """The type of the items of a list: `string` of `list<string or null>`; None of what is no list."""
    return kind[len("list<") : -1].removesuffix(" or null") if kind.startswith("list<") else None


def columns_markdown(columns: Sequence[AnyColumn]) -> str:
    """A Markdown table of columns; a member of a list of structs has a row such as `replay[].start_s`."""
    head = ["| column | type | nullable | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *_markdown_rows(columns, "")])


def _markdown_rows(columns: Sequence[AnyColumn], prefix: str) -> Iterator[str]:
    for column in columns:
        path = prefix + column.name
        yield f"| `{path}` | `{column.type}` | {'yes' if column.nullable else 'no'} | {_meaning(column)} |"
        yield from _markdown_rows(column.fields, f"{path}{'[]' * column.type.count('list<')}.")


def _meaning(column: AnyColumn) -> str:
    """The description and the values of an enum, in one cell: a bar would end it, a line break the row."""
    values = f"One of {', '.join(f'`{value}`' for value in column.values)}." if column.values else ""
    return " ".join(f"{column.description} {values}".split()).replace("|", "\\|")
