"""Media of a release within tables: shards whose row groups hold whole files, bounded in bytes."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import groups_of_shard, write_row_groups
from blift.connectors.shard import Shard
from blift.pipelines.stages.release.bared import BareFile, Withheld, bared
from blift.pipelines.stages.release.layout import EMBEDDED, VIDEOS
from blift.pipelines.stages.release.media_work import (
    FACTS,
    ORDER,
    WORK,
    Account,
    MediaRelease,
    facts_of,
    said,
)
from blift.schemas.arrow import conform, embedded
from blift.schemas.reasons import Unpublished
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.transforms.tables import arrow, concat, frame

#: Bytes of a row group and of a shard, about: as much as the Hub's viewer opens, and as travels well.
GROUP_BYTES, SHARD_BYTES = 32 << 20, 512 << 20
#: The largest file that a cell holds.
CELL_BYTES = 1 << 30


class Cell(NamedTuple):
    """A file as `datasets` has it in a cell: its content and its name."""

    bytes: bytes
    path: str


class Embed(beam.DoFn):
    """The work of one bucket to shards that hold the files."""

    def __init__(self, config: MediaRelease) -> None:
        self._config = config

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[Shard | TaggedOutput]:
        bucket, tables = element
        work = frame(concat(tables, WORK)).sort(ORDER)
        account = Account()
        for name, folder, table in EMBEDDED:
            rows = work.filter(pl.col("kind") == name)
            written: list[TaggedOutput] = []
            groups = _groups(rows, name, account, written)
            yield from shards_of(groups, table, self._config, f"{folder}/{name}-{bucket:05d}")
            yield from written
        yield from account.emit()


def shards_of(groups: Iterator[pa.Table], table: str, config: MediaRelease, stem: str) -> Iterator[Shard]:
    """Row groups written to shards of about ``SHARD_BYTES``, whose names begin with a stem."""
    for part, first in enumerate(groups):
        path = f"{config.target}{stem}-{part:03d}.parquet"
        yield write_row_groups(groups_of_shard(first, groups, SHARD_BYTES), SCHEMAS[table], config.folder, path)


def _groups(rows: pl.DataFrame, name: str, account: Account, written: list[TaggedOutput]) -> Iterator[pa.Table]:
    """Row groups of about the same bytes; what is to be said of them is added to ``written``."""
    facts: list[pl.DataFrame] = []
    cells: list[Cell] = []
    size = 0
    for row in rows.iter_slices(1):
        account.seen[name] += 1
        try:
            content, paths = row.select("content", "paths").row(0)
            file, cell = cell_of(content, paths, video=name == VIDEOS)
        except Withheld as why:
            account.withheld(name, 1, why)
            continue
        account.found.update((name, removed) for removed in file.removed)
        if cells and size + file.size_bytes > GROUP_BYTES:
            yield _group(facts, cells, name, written)
            facts, cells, size = [], [], 0
        facts.append(facts_of(row, file))
        cells.append(cell)
        size += file.size_bytes
    if cells:
        yield _group(facts, cells, name, written)


def cell_of(content: str, paths: Sequence[str], *, video: bool) -> tuple[BareFile, Cell]:
    """A file, which may lie at some paths, and the cell that holds it.

    Args:
        content: digest of the file as it was measured.

    Raises:
        Withheld: it is not published.
    """
    with bared(paths, content, video=video) as file:
        if file.size_bytes > CELL_BYTES:
            raise Withheld(Unpublished.TOO_MANY_BYTES, f"{paths[0]} has {file.size_bytes:,} bytes")
        with open(file.path, "rb") as stream:
            return file, Cell(stream.read(), posixpath.basename(file.name))


def _group(facts: Sequence[pl.DataFrame], cells: Sequence[Cell], name: str, written: list[TaggedOutput]) -> pa.Table:
    """A row group: what is said of some files, and the files."""
    table = next(table for config, _, table in EMBEDDED if config == name)
    released = said(name, arrow(pl.concat(facts), FACTS), table)
    written += released.outputs
    schema = SCHEMAS[table]
    [column] = embedded(RECORDS[table])
    files = pa.array([cell._asdict() for cell in cells], schema.field(column).type)
    return conform(conform(released.rows, FACTS).append_column(schema.field(column), files), schema)
