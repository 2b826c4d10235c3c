"""Features of a table as `datasets` writes them in the front matter of a card."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from blift.schemas.arrow import FEATURES_KEY

#: Arrow's names of types where `datasets` has another.
_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The features of a table, one entry a column. Those of whole files are what the metadata of the schema say."""
    stated = json.loads((schema.metadata or {}).get(FEATURES_KEY, b'{"info": {"features": {}}}'))["info"]["features"]
    return [{"name": column.name, **_of_column(column, stated.get(column.name))} for column in schema]


def _of_column(column: pa.Field, stated: Any) -> dict[str, Any]:
    if isinstance(stated, list):
        return {"list": stated[0]["_type"].lower()}
    return {"dtype": stated["_type"].lower()} if stated else _feature(column.type)


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
