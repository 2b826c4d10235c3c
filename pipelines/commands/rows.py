"""Rows of a table on the terminal: each field on lines that fit, or as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len

from blift.pipelines.commands.show import wrapped
from blift.pipelines.explore.values import as_json
from blift.schemas.printable import printable, printable_lines

#: Items of a list, and characters of a text, that are shown to people.
_SHOWN_ITEMS, _SHOWN_CHARACTERS = 5, 1_000
#: Cells of a name before its value; a longer one is on a line of its own.
_MOST_NAME = 24


def row_lines(row: Mapping[str, Any], width: int) -> Iterator[str]:
    """A row for people: one field after the other, without those that are empty, long ones cut.

    Args:
        width: cells of a line.
    """
    fields = {name: value for name, value in row.items() if not _is_empty(value)}
    size = min(_MOST_NAME, max((cell_len(printable(name)) for name in fields), default=0))
    for name, value in fields.items():
        yield from _field(name, value, size, width)


def json_line(row: Mapping[str, Any]) -> str:
    """A row as JSON on one line, whole; what is not printable is escaped as JSON does."""
    return printable_lines(json.dumps(as_json(row), ensure_ascii=False, allow_nan=False))


def _field(name: str, value: Any, size: int, width: int) -> Iterator[str]:
    label, indent = printable(name), size + 2
    if isinstance(value, list):
        listed = isinstance(value[0], Mapping)
        text = f"{len(value):,}:" if listed else _as_text(value)
    else:
        listed, text = False, _as_text(value)
    lines = wrapped(text, width, indent)
    if cell_len(label) > size:
        yield from wrapped(label, width)
        label = ""
    yield label + " " * (indent - cell_len(label)) + lines[0]
    yield from lines[1:]
    if listed:
        yield from _items(value, indent, width)


def _items(items: Sequence[Mapping[str, Any]], indent: int, width: int) -> Iterator[str]:
    """Structs of a list, each as `name value, name value`."""
    for item in items[:_SHOWN_ITEMS]:
        text = ", ".join(f"{name} {_as_text(value)}" for name, value in item.items() if not _is_empty(value))
        first, *others = wrapped(f"- {text}", width, indent + 2)[:]
        yield " " * indent + first
        yield from others
    if len(items) > _SHOWN_ITEMS:
        yield f"{' ' * indent}... {len(items) - _SHOWN_ITEMS:,} more"


def _as_text(value: Any) -> str:
    """A value on one line, long ones cut."""
    match value:
        case str():
            more = len(value) - _SHOWN_CHARACTERS
            return value if more <= 0 else f"{value[:_SHOWN_CHARACTERS]} ... ({more:,} characters more)"
        case list():
            more = len(value) - _SHOWN_ITEMS
            items = ", ".join(map(_as_text, value[:_SHOWN_ITEMS]))
            return items if more <= 0 else f"{items}, ... {more:,} more"
        case Mapping():
            return "{" + ", ".join(f"{name}: {_as_text(item)}" for name, item in value.items()) + "}"
        case _:
            return _single(value)


def _single(value: Any) -> str:
    """A value that is no text, list or struct."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float() if math.isfinite(value):
            return f"{value:.6g}" if abs(value) < 1e6 else f"{value:,.1f}"  # noqa: PLR2004 - six digits
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S} {value.tzname() or ''}".rstrip()
        case _:
            return str(as_json(value))


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
