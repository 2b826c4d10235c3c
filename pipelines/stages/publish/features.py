"""Features of a table as `datasets` writes them in the front matter of a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blift.schemas.tables import AnyColumn, item_type

#: Arrow's names of types where `datasets` has another.
_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}
#: Members of a column that holds whole files; such a column is named as its feature is.
FILE = ["bytes", "path"]


def features(columns: Sequence[AnyColumn]) -> list[dict[str, Any]]:
    """The features of a table, one entry a column."""
    return [{"name": column.name, **_of_column(column)} for column in columns]


def _of_column(column: AnyColumn) -> dict[str, Any]:
    if [member.name for member in column.fields] == FILE:
        return {"dtype": column.name}
    return _feature(column.type, column.fields)


def _feature(kind: str, members: Sequence[AnyColumn]) -> dict[str, Any]:
    item = item_type(kind)
    if item is not None:
        return {"list": _item(item, members)}
    if kind == "struct":
        return {"struct": [{"name": member.name, **_feature(member.type, member.fields)} for member in members]}
    return {"dtype": _NAMES.get(kind, kind)}


def _item(kind: str, members: Sequence[AnyColumn]) -> Any:
    """The feature of a list's items: a type's name, a list of members, or whatever else."""
    feature = _feature(kind, members)
    return next(iter(feature.values())) if list(feature) in (["dtype"], ["struct"]) else feature
