"""Files of the media of samples: brought to the shard of their sample, and kept in the run folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import apache_beam as beam
import polars as pl
import pyarrow as pa

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.stages.media.lists import LISTED, read_list
from blift.transforms.measured import FILES, files_by_key, with_paths
from blift.transforms.pair_media import ShownFile, found_files
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.tables import concat, frame

if TYPE_CHECKING:
    from blift.pipelines.stages.instruct.kept import Keeping


@dataclass(frozen=True)
class Files:
    """Where files of media are, and how they are kept.

    Attributes:
        media: shards of the table media. ``lists``: those that say where files lie.
    """

    media: Sequence[Shard]
    lists: Sequence[Shard]
    keeping: Keeping


class FilesOfMedia(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[ShardedTable]]):
    """Files as ``FILES``, each with the shard of the samples that look for it."""

    def __init__(self, files: Files, folder: str, shards: int) -> None:
        super().__init__()
        self._files, self._folder, self._shards = files, folder, shards

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[ShardedTable]:
        media = (
            begin
            | "Media shards" >> beam.Create(list(self._files.media))
            | "Read media" >> beam.Map(_read_media, folder=self._folder).with_output_types(pa.Table)
        )
        lists = (
            begin
            | "Lists" >> beam.Create(list(self._files.lists))
            | "Read lists" >> beam.Map(_read_list, folder=self._folder).with_output_types(pa.Table)
        )
        return (
            {"files": media | "Files by name" >> self._by("file"), "lists": lists | "Lists by name" >> self._by("file")}
            | "Group files" >> beam.CoGroupByKey()
            | "Places" >> beam.Map(_placed).with_output_types(pa.Table)
            | "Files by media" >> self._by("media_key")
        )

    def _by(self, column: str) -> beam.ParDo:
        return beam.ParDo(SplitByShard(column, self._shards)).with_output_types(tuple[int, pa.Table])


def _read_media(shard: Shard, folder: str) -> pa.Table:
    return files_by_key(read_shard(folder, shard, "media"))


def _read_list(shard: Shard, folder: str) -> pa.Table:
    return read_list(folder, shard)


def _placed(element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> pa.Table:
    return with_paths(frame(concat(element[1]["files"], FILES)), frame(concat(element[1]["lists"], LISTED)))


def keep_files(samples: pa.Table, files: pl.DataFrame, keeping: Keeping) -> list[list[ShownFile] | str]:
    """The files of the media of each sample, kept in the run folder; or why it has none.

    Raises:
        OutputError: the run folder cannot be written.
    """
    from blift.pipelines.stages.instruct.kept import kept  # noqa: PLC0415 - needs the extra

    rows = samples.select(["media_key", "media_kind", "media_urls"]).to_pylist()
    return [found if isinstance(found, str) else kept(found, keeping) for found in found_files(rows, files)]
