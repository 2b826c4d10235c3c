"""What a run folder holds, in a few numbers."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blift.connectors.filesystem import matching
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.tables import tables_of
from blift.transforms.accounting import FunnelRow

#: The step of the media stage that says for how many media there is a file.
_FILE_FOUND = "file_found"


@dataclass(frozen=True)
class TableSize:
    """A table: of which table of blift, its rows, its files and their size."""

    table: str
    rows: int
    files: int
    size_bytes: int


@dataclass(frozen=True)
class MediaFound:
    """Media that posts show, those of which there is a file, and the different files that were measured."""

    wanted: int
    found: int
    measured: int


@dataclass(frozen=True)
class Overview:
    """What a run folder holds.

    Attributes:
        name: of the recipe; ``blift`` is the version that built it.
        stages: those that have run.
        tables: by name.
        media: None where the media stage has not run.
        data_bytes: size of all Parquet files of the dataset.
        store_files: images, keyframes and videos that are kept in the folder; ``store_bytes`` is their size.
    """

    name: str
    blift: str
    fingerprint: str
    folder: str
    stages: list[str]
    tables: dict[str, TableSize]
    media: MediaFound | None
    data_bytes: int
    store_files: int
    store_bytes: int


def overview_of(folder: RunFolder, manifest: Manifest) -> Overview:
    """Count what a run folder holds; no file of it is opened.

    Raises:
        OSError: the filesystem does not answer.
    """
    tables = {
        name: TableSize(table.table, table.rows, len(table.shards), table.size_bytes)
        for name, table in tables_of(folder, manifest).items()
    }
    kept = list(_kept(folder))
    return Overview(
        name=manifest.recipe,
        blift=manifest.blift,
        fingerprint=manifest.fingerprint,
        folder=folder.path,
        stages=list(manifest.stages),
        tables=tables,
        media=_media(funnel_rows(manifest), tables["media"].rows if "media" in tables else 0),
        data_bytes=sum(shard.size_bytes for shard in manifest.shards),
        store_files=len(kept),
        store_bytes=sum(kept),
    )


def _kept(folder: RunFolder) -> Iterator[int]:
    """The sizes of the files of media in the folder; links are not followed."""
    if not folder.is_local:
        yield from (entry.size_bytes for entry in matching(folder.path, "store/*/*/*"))
        return
    for above, _, names in os.walk(folder.file("store")):
        yield from (os.lstat(os.path.join(above, name)).st_size for name in names)


def _media(rows: Iterable[FunnelRow], measured: int) -> MediaFound | None:
    found = next((row for row in rows if row.step == _FILE_FOUND), None)
    return MediaFound(found.rows_in, found.rows_out, measured) if found else None


def summary(rows: Iterable[FunnelRow]) -> list[FunnelRow]:
    """The funnel with one row for each stage and record: what its first step read, and what its last one left."""
    groups: dict[tuple[str, str], list[FunnelRow]] = {}
    for row in rows:
        groups.setdefault((row.stage, row.table), []).append(row)
    return [
        FunnelRow(
            stage,
            table,
            0,
            f"{len(steps)} steps" if len(steps) > 1 else steps[0].step,
            steps[0].rows_in,
            steps[-1].rows_out,
            sum(step.merged for step in steps),
            dict(sum((Counter(step.rejected) for step in steps), Counter()).most_common()),
        )
        for (stage, table), steps in groups.items()
    ]
