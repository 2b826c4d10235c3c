"""The media of samples as preferences show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa

from blift.transforms.instructions import shown_media
from blift.transforms.pair_media import ShownFile
from blift.transforms.preferences.messages import SHOWN
from blift.transforms.tables import arrow, frame

#: Columns of the sample table that decide it.
SHOWN_COLUMNS = ["sample_id", "media_key", "media_kind", "media_urls", "channel_id"]


def show_media(samples: pa.Table, splits: pa.Table, files: Sequence[list[ShownFile] | str] | None = None) -> pa.Table:
    """The media of samples as ``MakePreferences`` takes them (``SHOWN``); none of samples whose media is nowhere known.

    Args:
        samples: with ``SHOWN_COLUMNS``.
        splits: ``sample_id`` and ``split`` of at least these samples, as ``AssignSplits`` gives them.
        files: those of the media of every sample, in order, or why it has none. None: media are web addresses.
    """
    kept = files or ["media were not looked at"] * samples.num_rows
    rows = [_row(sample, found) for sample, found in zip(samples.to_pylist(), kept, strict=True)]
    there = frame(pa.Table.from_pylist([row for row in rows if row["films"]], SHOWN))
    assigned: pl.DataFrame = frame(splits.select(["sample_id", "split"]))
    return arrow(there.drop("split").join(assigned, on="sample_id", how="left", maintain_order="left"), SHOWN)


def _row(sample: Mapping[str, Any], files: list[ShownFile] | str) -> dict[str, Any]:
    """The media of a sample; without ``films`` where nobody knows where it is."""
    shown = [] if isinstance(files, str) else files
    media = shown_media(sample, shown)
    videos = [file for file in shown if file.is_video]
    frames = [
        {"image": name, "time_s": time_s, "video": place}
        for place, file in enumerate(videos)
        for name, time_s in file.frames
    ]
    own = {name: sample[name] for name in ("sample_id", "media_key", "channel_id")}
    return own | media.column() | {"frames": frames, "films": media.films, "why": files if not shown else None}
