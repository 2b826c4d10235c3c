"""The columns of what is read from the records of videos, and the way into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from blift.schemas.arrow import absent
from blift.schemas.registry import SCHEMAS

#: What a record cannot tell: it follows from the address, or is of posts that are no videos.
_NOT_READ_POST = frozenset(
    {"canonical_url", "media_key", "media_kind", "media_host"}
    | {"subreddit", "crosspost_of", "bot", "score", "upvote_ratio"}
)
_NOT_READ_COMMENT = frozenset({"author", "bot"})

_PROVENANCE = [
    pa.field("author_name", pa.string()),
    pa.field("source", pa.string()),
    pa.field("line", pa.int64()),
]

#: Members of the structs that are read, in the order of their tuples.
_MEMBERS = {
    "replay": ("start_s", "end_s", "value"),
    "chapters": ("start_s", "end_s", "title"),
    "speech": ("start_s", "end_s", "text"),
    "reactions": ("source", "second", "count"),
}

#: Flags of posts of any kind, and those of them that no video has.
_FLAGS = ("is_self", "is_gallery", "is_video", "has_poll")
_SHAPE = {"is_self": False, "is_gallery": False, "has_poll": False}

#: What is so of every row. There are no records of what was withdrawn.
_CONSTANT = {**_SHAPE, "deleted": False, "removed": False}

#: Columns of the post table, where a post came from, and its shape.
POST_COLUMNS = pa.schema(
    [
        *(column for column in SCHEMAS["post"] if column.name not in _NOT_READ_POST),
        *_PROVENANCE,
        *(pa.field(name, pa.bool_()) for name in _FLAGS),
    ]
)

#: Columns of the comment table, and where a comment came from.
COMMENT_COLUMNS = pa.schema(
    [*(column for column in SCHEMAS["comment"] if column.name not in _NOT_READ_COMMENT), *_PROVENANCE]
)


def table_of(values: Mapping[str, Sequence[Any]], rows: int, columns: pa.Schema) -> pa.Table:
    """The values of so many rows, by column, as a table. A column without values is null, or empty lists."""
    arrays = []
    for column in columns:
        given = values.get(column.name)
        if column.name in _CONSTANT:
            arrays.append(pa.repeat(pa.scalar(_CONSTANT[column.name], column.type), rows))
        elif pa.types.is_list(column.type):
            arrays.append(_lists(given or [()] * rows, column))
        else:
            arrays.append(pa.array(given, column.type) if given else pa.nulls(rows, column.type))
    return pa.Table.from_arrays(arrays, schema=columns)


def _lists(rows: Sequence[Any], column: pa.Field) -> pa.ListArray:
    """Lists of texts, or of structs that are given as tuples or as the rows of a numeric array."""
    kind = column.type
    offsets = pa.array(np.cumsum([0, *map(len, rows)]), pa.int32())
    if not pa.types.is_struct(kind.value_type):
        items = pa.array(list(chain.from_iterable(rows)), kind.value_type)
        return pa.ListArray.from_arrays(offsets, items, type=kind)
    given = _MEMBERS.get(column.name, ())
    if rows and isinstance(rows[0], np.ndarray):
        values: Any = np.concatenate(rows).T
    else:
        values = list(zip(*chain.from_iterable(rows), strict=True)) or [()] * len(given)
    known = dict(zip(given, values, strict=True))
    items = offsets[-1].as_py()
    arrays = [
        pa.array(known[member.name], member.type) if member.name in known else absent(member, items)
        for member in kind.value_type
    ]
    structs = pa.StructArray.from_arrays(arrays, fields=list(kind.value_type))
    return pa.ListArray.from_arrays(offsets, structs, type=kind)
