"""Run folders for reports: that of the demo, with other samples."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from blift.connectors.parquet import read_shard, write_shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.registry import SCHEMAS

Row = dict[str, Any]

#: A replay graph of a film of eight seconds, highest between the fourth and the fifth.
REPLAY = [{"start_s": float(at), "end_s": at + 1.0, "value": 1.0 if at == 4 else 0.25} for at in range(8)]


def with_rows(run: Path, target: Path, change: Callable[[list[Row]], list[Row]], table: str = "sample") -> Path:
    """A copy of a run folder in which the rows of each shard of a table are changed."""
    shutil.copytree(run, target)
    folder = RunFolder(str(target))
    manifest = folder.require_manifest()
    for name, record in manifest.stages.items():
        shards = []
        for shard in record.shards:
            if shard.path.startswith(f"{table}s/"):
                rows = change(read_shard(folder.path, shard, table).to_pylist())
                shards.append(write_shard(pa.Table.from_pylist(rows, SCHEMAS[table]), table, folder.path, shard.name))
            else:
                shards.append(shard)
        manifest.stages[name] = replace(record, shards=shards)
    folder.write_manifest(manifest)
    return target


def with_replay(rows: list[Row]) -> list[Row]:
    """Give decoded films a replay graph and speech: in the demo, they have other lengths than their records."""
    return [
        {
            **row,
            "replay": REPLAY,
            "replay_absent": None,
            "speech": [{"start_s": 1.0, "end_s": 2.5, "text": "Look at the light."}],
        }
        if row["sha256"] and row["media_kind"] == "video"
        else row
        for row in rows
    ]


def with_personal_data(rows: list[Row]) -> list[Row]:
    """Give every sample a title with an address."""
    return [{**row, "title": f"{row['title']}, write to somebody@example.org"} for row in rows]
