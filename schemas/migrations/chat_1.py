"""`chat` 1 to 2: pairs name files beside web addresses."""

from __future__ import annotations

import pyarrow as pa

from blift.schemas.migrations import Migration


def _move(rows: pa.Table) -> pa.Table:
    """``images`` and ``videos`` held web addresses."""
    urls = [
        images or videos
        for images, videos in zip(rows.column("images").to_pylist(), rows.column("videos").to_pylist(), strict=True)
    ]
    kept = rows.select([name for name in rows.column_names if name not in ("images", "videos")])
    return kept.append_column("urls", pa.array(urls, pa.list_(pa.string())))


MIGRATION = Migration(_move, ("Old rows name no files of media; their web addresses are kept. Build again for files.",))
