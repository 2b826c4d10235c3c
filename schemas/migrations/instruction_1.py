"""`instruction` 1 to 2: pairs name files beside web addresses."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from blift.schemas.migrations import Migration

_REPLACED = ("image", "video", "conversations")


def _move(rows: pa.Table) -> pa.Table:
    """``image`` and ``video`` held web addresses, and the first turn was the system text."""
    conversations = rows.column("conversations").to_pylist()
    systems = [next((turn["value"] for turn in turns if turn["from"] == "system"), None) for turns in conversations]
    spoken = [[turn for turn in turns if turn["from"] != "system"] for turns in conversations]
    nothing = pa.nulls(rows.num_rows, pa.string())
    return (
        rows.select([name for name in rows.column_names if name not in _REPLACED])
        .append_column("image", nothing)
        .append_column("video", nothing)
        .append_column("url", pc.coalesce(rows.column("image"), rows.column("video")))
        .append_column("system", pa.array(systems, pa.string()))
        .append_column("conversations", pa.array(spoken, rows.schema.field("conversations").type))
    )


MIGRATION = Migration(_move, ("Old rows name no files of media; their web addresses are kept. Build again for files.",))
