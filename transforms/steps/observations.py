"""Observations of posts or comments to one row per id."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import TALLY, Tally, TallyKey
from blift.transforms.observations import latest_comments, latest_posts, origins
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.tables import concat, frame

#: Step of the funnel; rules of the scope come before.
_MERGE = 1000
_MERGES = {"post": latest_posts, "comment": latest_comments}
_ORIGINS = "origins"


class Latest(NamedTuple):
    """What ``KeepLatest`` gives: per shard its number and its table, sorted; and counts for a funnel.

    Attributes:
        origins: per shard its number and its table of `origin`, empty where rows do not say where they were read.
    """

    rows: beam.PCollection[ShardedTable]
    origins: beam.PCollection[ShardedTable]
    tallies: beam.PCollection[tuple[TallyKey, int]]


class KeepLatest(beam.PTransform[beam.PCollection[pa.Table], Latest]):
    """Tables of posts or comments to one row per id, in shards by post: the last observation, with those before it.

    A post and its comments have the same shard number.

    Args:
        table: `post` or `comment`; rows have the columns of that table, and may have ``source`` and ``line``.
        shards: into how many tables the rows are divided.
        stage: name of the stage in the counts.
    """

    def __init__(self, table: str, shards: int, stage: str = "ingest") -> None:
        super().__init__()
        self._table, self._shards, self._stage = table, shards, stage

    def expand(self, observed: beam.PCollection[pa.Table]) -> Latest:
        """The transform."""
        merged = (
            observed
            | "By post" >> beam.ParDo(SplitByShard("post_id", self._shards)).with_output_types(ShardedTable)
            | "Group posts" >> beam.GroupByKey()
            | "Merge"
            >> beam.ParDo(_Merge(self._table, self._stage))
            .with_output_types(ShardedTable)
            .with_outputs(TALLY, _ORIGINS, main="main")
        )
        return Latest(merged.main, merged[_ORIGINS], merged[TALLY])


class _Merge(beam.DoFn):
    """All observations of a shard to one row per id."""

    def __init__(self, table: str, stage: str) -> None:
        self._table, self._stage = table, stage

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[ShardedTable | TaggedOutput]:
        index, tables = element
        observed = concat(tables, SCHEMAS[self._table])
        rows = _MERGES[self._table](observed)
        tally = Tally(self._stage)
        for platform in platforms_in(pl.Series(observed.column("platform"))):
            before, after = (
                frame(found.select(["platform"])).filter(belongs_to(platform)).height for found in (observed, rows)
            )
            if before:
                table = f"{platform.name} {self._table}"
                tally.step(_MERGE, "latest_observation", table, before, merged=before - after)
        yield index, rows
        yield TaggedOutput(_ORIGINS, (index, origins(observed, self._table)))
        yield from tally.emit()
