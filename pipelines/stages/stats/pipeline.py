"""The stats stage: each file is counted by one worker, counts are added up, and statistics are written as JSON."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa

from blift.connectors.parquet import replace_file
from blift.connectors.shard import Shard
from blift.connectors.tokenizer import TokenizerFile
from blift.pipelines.engine.pipeline import StagePlan
from blift.pipelines.engine.statistics import PREFIX
from blift.pipelines.stages.stats.sides import File, Side, statistics_of
from blift.schemas.statistics import TokenizerName, statistics_text
from blift.transforms.statistics.counts import merged

STAGE = "stats"
#: The dataset that is described, and the one that it is compared with.
_NOW, _THEN = "now", "then"


@dataclass(frozen=True)
class StatsConfig:
    """What the workers of the stage need to know."""

    folder: str
    now: Side
    then: Side | None
    tokenizer: TokenizerFile | None


def plan(pipeline: beam.Pipeline, config: StatsConfig) -> StagePlan:
    """The stage as a pipeline; what travels are counts, never rows."""
    sides = {_NOW: config.now, **({_THEN: config.then} if config.then else {})}
    files = [(which, file) for which, side in sides.items() for file in side.files]
    written = (
        pipeline
        | "Files" >> beam.Create(files)
        | "Count" >> beam.Map(_count, tokenizer=config.tokenizer)
        | "By table" >> beam.GroupByKey()
        | "Add up" >> beam.MapTuple(_add)
        | "Under one key" >> beam.Map(_under_one_key)
        | "Gather" >> beam.GroupByKey()
        | "Describe" >> beam.Map(_describe, config=config).with_output_types(Shard)
    )
    tallies = pipeline | "No rows are judged" >> beam.Create([])
    return StagePlan([written], [tallies])


def _count(element: tuple[str, File], tokenizer: TokenizerFile | None) -> tuple[tuple[str, str], pa.Table]:
    which, file = element
    return (which, file.config), file.counts(tokenizer.lengths if tokenizer else None)


def _add(key: tuple[str, str], counts: Iterable[pa.Table]) -> tuple[tuple[str, str], pa.Table]:
    return key, merged(counts)


def _under_one_key(element: tuple[tuple[str, str], pa.Table]) -> tuple[int, tuple[tuple[str, str], pa.Table]]:
    return 0, element


def _describe(element: tuple[int, Iterable[tuple[tuple[str, str], pa.Table]]], config: StatsConfig) -> Shard:
    """The file of statistics, named by its content."""
    counts = dict(element[1])
    of_sides = {
        which: {name: counts[which, name] for name in side.rows if (which, name) in counts}
        for which, side in ((_NOW, config.now), (_THEN, config.then))
        if side
    }
    tokenizer = TokenizerName(config.tokenizer.name, config.tokenizer.sha256) if config.tokenizer else None
    then = (config.then, of_sides[_THEN]) if config.then else None
    content = statistics_text(statistics_of(config.now, of_sides[_NOW], tokenizer, then))
    digest = hashlib.sha256(content).hexdigest()
    path = f"{PREFIX}-{digest}.json"
    replace_file(posixpath.join(config.folder, path), content)
    return Shard(path, 1, len(content), digest)
