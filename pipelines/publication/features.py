"""Features of a table as `datasets` writes them in the front matter of a card."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from schemas.record import FEATURES_KEY

#: Arrow's names of types where `datasets` has another.
_NAMES = {"double": "float64", "float": "float32", "halffloat": "float16"}


def features(schema: pa.Schema) -> list[dict[str, Any]]:
    """The features of a schema, one entry a column."""
    said = json.loads((schema.metadata or {}).get(FEATURES_KEY, b'{"info": {"features": {}}}'))
    files = {name: {"dtype": feature["_type"].lower()} for name, feature in said["info"]["features"].items()}
    return [{"name": field.name, **(files.get(field.name) or _feature(field.type))} for field in schema]


def _feature(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"list": _item(kind.value_type)}
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    return {"dtype": _NAMES.get(str(kind), str(kind))}


def _item(kind: pa.DataType) -> Any:
    """The feature of a list's items: a type's name, a list of members, or whatever else."""
    feature = _feature(kind)
    return next(iter(feature.values())) if list(feature) in (["dtype"], ["struct"]) else feature
