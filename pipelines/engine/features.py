"""Features of a table as `datasets` writes them in the front matter of a card."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

#: Arrow's names of types where `datasets` has another.
_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}
#: Members of a column that holds whole files; such a column is named as its feature is.
_FILE = ["bytes", "path"]


def features(columns: Iterable[pa.Field]) -> list[dict[str, Any]]:
    """The features of a table, one entry a column."""
    return [{"name": column.name, **_of_column(column)} for column in columns]


def _of_column(column: pa.Field) -> dict[str, Any]:
    if pa.types.is_struct(column.type) and [member.name for member in column.type] == _FILE:
        return {"dtype": column.name}
    return _feature(column.type)


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"list": _item(kind.value_type)}
    if pa.types.is_struct(kind):
        return {"struct": [{"name": member.name, **_feature(member.type)} for member in kind]}
    return {"dtype": _NAMES.get(str(kind), str(kind))}


def _item(kind: pa.DataType) -> Any:
    """The feature of a list's items: a type's name, a list of members, or whatever else."""
    feature = _feature(kind)
    return next(iter(feature.values())) if list(feature) in (["dtype"], ["struct"]) else feature
