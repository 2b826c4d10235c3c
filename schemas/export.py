"""A table's schema in the forms that people and other programs read: Arrow as text, JSON Schema, Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from blift.schemas.definition import Column, definition
from blift.schemas.record import Record


def arrow_text(record: type[Record]) -> str:
    """The Arrow schema as text: the table and its version, then one field a line, members of a struct indented."""
    lines = [f"{record.table} {record.version}", *_arrow_lines(definition(record).fields, "")]
    return "\n".join(lines) + "\n"


def _arrow_lines(columns: Sequence[Column], indent: str) -> Iterator[str]:
    for column in columns:
        yield f"{indent}{column.name}: {column.type}{'' if column.nullable else ' not null'}"
        yield from _arrow_lines(column.fields, f"{indent}  ")


def json_schema(record: type[Record]) -> dict[str, Any]:
    """The JSON Schema of one row written as JSON, draft 2020-12, with the table and its version in `$id`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:blift:{record.table}:{record.version}",
        **record.model_json_schema(mode="serialization"),
    }


def markdown(record: type[Record]) -> str:
    """A Markdown table of the columns; a member of a list of structs has a row such as `replay[].start_s`."""
    head = ["| column | type | nullable | meaning |", "|---|---|---|---|"]
    return "\n".join([*head, *_markdown_rows(definition(record).fields, "")])


def _markdown_rows(columns: Sequence[Column], prefix: str) -> Iterator[str]:
    for column in columns:
        path = prefix + column.name
        yield f"| `{path}` | `{column.type}` | {'yes' if column.nullable else 'no'} | {_meaning(column)} |"
        yield from _markdown_rows(column.fields, f"{path}{'[]' * column.type.count('list<')}.")


def _meaning(column: Column) -> str:
    """The description, and what the values are, in one cell: a bar would end it, a line break the row."""
    values = f"One of {', '.join(f'`{value}`' for value in column.values)}." if column.values else ""
    numbers = f"In {column.range}." if column.range else ""
    deprecated = f"Deprecated: {column.deprecated}" if column.deprecated else ""
    return " ".join(f"{column.description} {values} {numbers} {deprecated}".split()).replace("|", "\\|")
