"""Conditions of the page: what is searched for, and filters of columns, as SQL whose values are quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blift.pipelines.explore.choice import Column, quoted_name, quoted_text
from blift.schemas.errors import InputError, did_you_mean

#: What a filter compares with, and how SQL says it: of a column, and a value.
_COMPARED = {"=": "=", "!=": "IS DISTINCT FROM", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONTAINS, _EMPTY, _FILLED = "contains", "empty", "filled"
OPERATORS = (*_COMPARED, _CONTAINS, _EMPTY, _FILLED)


@dataclass(frozen=True)
class Filter:
    """A filter of one column: an operator of ``OPERATORS``, and the value that it compares with."""

    column: str
    operator: str
    value: str = ""


def condition(columns: Sequence[Column], filters: Sequence[Filter], search: str = "") -> str:
    """One condition that holds where all of these do; empty where there are none.

    Args:
        columns: of the table.
        search: a text that one of the columns of text contains, whatever its case.

    Raises:
        InputError: a filter names no column, or no operator.
    """
    there = {column.name: column for column in columns}
    parts = [_filtered(there, one) for one in filters]
    if search.strip():
        texts = [column.name for column in columns if column.kind == "VARCHAR" and not column.is_empty]
        parts.append(" OR ".join(_contains(quoted_name(name), search.strip()) for name in texts) or "false")
    return " AND ".join(f"({part})" for part in parts)


def _filtered(columns: Mapping[str, Column], one: Filter) -> str:
    column = columns.get(one.column)
    if column is None:
        raise InputError(f"There is no column {one.column!r}{did_you_mean(one.column, columns) or '.'}")
    name = quoted_name(column.name)
    is_listed = not column.is_plain
    if one.operator == _CONTAINS:
        return _contains(f"CAST({name} AS VARCHAR)", one.value)
    if one.operator in (_EMPTY, _FILLED):
        empty = f"({name} IS NULL OR CAST({name} AS VARCHAR) IN ('', '[]'))"
        return empty if one.operator == _EMPTY else f"NOT {empty}"
    if one.operator not in _COMPARED or is_listed:
        raise InputError(f"{column.name} cannot be filtered by {one.operator!r}. Choose one of {', '.join(OPERATORS)}.")
    return f"{name} {_COMPARED[one.operator]} CAST({quoted_text(one.value)} AS {column.kind})"


def _contains(expression: str, text: str) -> str:
    return f"contains(lower({expression}), lower({quoted_text(text)}))"
