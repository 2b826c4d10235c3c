"""Digests of rows, 16 bytes each, so that two versions of a dataset can be compared without either."""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from blift.transforms.row_changes import RowChanges
from blift.transforms.tables import frame, hash64

SCHEMA = pa.schema([pa.field("row", pa.uint64(), nullable=False), pa.field("content", pa.uint64(), nullable=False)])

#: The column that names a row, by table; a row of any other table is named by its whole content.
KEYS = {
    "post": "post_id",
    "comment": "comment_id",
    "sample": "sample_id",
    "instruction": "id",
    "chat": "id",
    "preference": "id",
    "instruction_with_media": "id",
    "chat_with_media": "id",
    "preference_with_media": "id",
    "media": "sha256",
}


def row_digests(rows: pa.Table, table: str) -> pa.Table:
    """For every row xxh3-64 of what names it and of its whole content (as JSON)."""
    content = hash64(frame(rows).select(pl.struct(pl.all()).struct.json_encode().alias("json"))["json"])
    key = KEYS.get(table)
    names = hash64(frame(rows.select([key]))[key]) if key else content
    return pa.table({"row": pa.array(names, pa.uint64()), "content": pa.array(content, pa.uint64())}, schema=SCHEMA)


def sorted_digests(digests: pa.Table) -> pa.Table:
    """Digests in an order that depends on nothing but their values."""
    return digests.sort_by([("row", "ascending"), ("content", "ascending")])


def compare(old: pa.Table, new: pa.Table) -> RowChanges:
    """What became of the rows of ``old`` in ``new``; repeats of one name are told apart by their content's order."""
    before, after = _numbered(old), _numbered(new)
    both = before.join(after, on=["row", "nth"], suffix="_new")
    changed = int((both["content"] != both["content_new"]).sum())
    return RowChanges(after.height - both.height, before.height - both.height, changed)


def _numbered(digests: pa.Table) -> pl.DataFrame:
    return frame(sorted_digests(digests)).with_columns(nth=pl.int_range(pl.len()).over("row"))
