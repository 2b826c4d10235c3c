"""The prefer stage: posts and comments that the rules keep, and samples of their media, to preferences in splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard, shard_name
from blift.connectors.shard import Shard, by_place
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects, write_months
from blift.pipelines.stages.curate.pipeline import ShardPair, read_pair
from blift.pipelines.stages.instruct.files import Files, FilesOfMedia, keep_files
from blift.schemas.configs import CONFIGS
from blift.schemas.reasons import Reason
from blift.schemas.split import Split
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.measured import FILES, united_keys
from blift.transforms.preferences.options import PreferenceOptions
from blift.transforms.preferences.shown import SHOWN_COLUMNS, show_media
from blift.transforms.rejects import reject_rows
from blift.transforms.shuffle import ShardedTable
from blift.transforms.steps.preferences import COMMENT_COLUMNS, MakePreferences
from blift.transforms.steps.rules import ApplyRules, PostsWithComments, RuleOptions
from blift.transforms.steps.splits import COLUMNS, AssignSplits
from blift.transforms.tables import concat, frame

STAGE = "prefer"
#: Where preferences lie, with their files and without.
FOLDERS = [folder for _, folder, table in CONFIGS if table == "preference"]


@dataclass(frozen=True)
class PreferConfig:
    """What the workers of the stage need to know.

    Attributes:
        rules: those of the curate stage; what they reject is counted there.
        files: where files of media are, and how they are kept; None where the recipe does not look at media.
        requires_files: preferences without a file are rejected.
        by_month: whether preferences lie in folders of the months in which their preferred record was posted.
    """

    folder: str
    shards: int
    rules: RuleOptions
    preferences: PreferenceOptions
    validation: float
    test: float
    files: Files | None
    requires_files: bool
    by_month: bool


@dataclass(frozen=True)
class PreferInputs:
    """Shards of posts with their comments, of media, and of samples."""

    records: Sequence[ShardPair]
    media: Sequence[Shard]
    samples: Sequence[Shard]


def plan(pipeline: beam.Pipeline, inputs: PreferInputs, config: PreferConfig) -> StagePlan:
    """The stage as a pipeline."""
    same = (
        pipeline
        | "Media shards of keys" >> beam.Create(list(inputs.media))
        | "Read keys" >> beam.Map(_read_keys, config.folder).with_output_types(pa.Table)
    )
    judged = (
        pipeline
        | "Shards" >> beam.Create(list(inputs.records))
        | "Read shards" >> beam.Map(read_pair, config.folder).with_output_types(PostsWithComments)
        | "Apply rules" >> ApplyRules(config.rules, same, STAGE, COMMENT_COLUMNS)
    )
    shown = _shown(pipeline, inputs.samples, config)
    made = {"posts": judged.posts, "comments": judged.comments, "shown": shown} | "Compare" >> MakePreferences(
        config.preferences, config.shards, STAGE
    )
    written = made.rows | "Write" >> beam.ParDo(_Write(config)).with_outputs(REJECTS, TALLY, main="main")
    rejects = written[REJECTS] | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    return StagePlan([written.main, rejects], [made.tallies, written[TALLY]])


def _shown(pipeline: beam.Pipeline, inputs: Sequence[Shard], config: PreferConfig) -> beam.PCollection[pa.Table]:
    """The media of samples as preferences show them, as ``show_media`` gives them."""
    samples = pipeline | "Samples" >> beam.Create(list(inputs))
    splits = (
        samples
        | "Read ids" >> beam.Map(_read_ids, config.folder).with_output_types(pa.Table)
        | "Splits" >> AssignSplits(config.validation, config.test)
    )
    by_shard = {"samples": samples | "By shard" >> beam.Map(by_place).with_output_types(tuple[int, Shard])}
    if config.files:
        by_shard["files"] = pipeline | "Files" >> FilesOfMedia(config.files, config.folder, config.shards)
    return (
        by_shard
        | "Samples and files" >> beam.CoGroupByKey()
        | "Show media" >> beam.ParDo(_ShowMedia(config), splits=beam.pvalue.AsIter(splits)).with_output_types(pa.Table)
    )


def _read_keys(shard: Shard, folder: str) -> pa.Table:
    return united_keys(read_shard(folder, shard, "media"))


def _read_ids(shard: Shard, folder: str) -> pa.Table:
    return read_shard(folder, shard, "sample", list(COLUMNS))


class _ShowMedia(beam.DoFn):
    """A shard of samples, and the files of their media, to their media as preferences show them."""

    def __init__(self, config: PreferConfig) -> None:
        self._config = config

    def process(
        self, element: tuple[int, Mapping[str, Iterable[Any]]], splits: Iterable[pa.Table]
    ) -> Iterator[pa.Table]:
        config = self._config
        assigned = concat(splits, _SPLITS)
        files = frame(concat(element[1]["files"], FILES)) if config.files else None
        for shard in element[1]["samples"]:
            samples = read_shard(config.folder, shard, "sample", SHOWN_COLUMNS)
            kept = None
            if config.files and files is not None:
                kept = keep_files(samples, files, config.files.keeping)
            yield show_media(samples, assigned, kept)


_SPLITS = pa.schema([pa.field("sample_id", pa.string()), pa.field("split", pa.string())])


class _Write(beam.DoFn):
    """A shard of preferences, written split by split; those without a file apart."""

    def __init__(self, config: PreferConfig) -> None:
        self._config = config

    def process(self, element: ShardedTable) -> Iterator[Shard | TaggedOutput]:
        config, (index, rows), tally = self._config, element, Tally(STAGE)
        has_file = pa.compute.greater(pa.compute.list_value_length(rows.column("sha256")), 0)
        parts = [(FOLDERS[0], rows.filter(has_file) if config.files else rows)]
        if config.files:
            lacking = rows.filter(pa.compute.invert(has_file))
            lost = lacking.num_rows if config.requires_files else 0
            tally.step(0, "media", "preference", rows.num_rows, {Reason.NO_FILE: lost})
            if config.requires_files:
                yield TaggedOutput(REJECTS, _rejects(lacking))
            else:
                parts.append((FOLDERS[1], lacking))
        for folder, there in parts:
            for split in Split:
                chosen = there.filter(pa.compute.equal(there.column("split"), split.value))
                if chosen.num_rows:
                    name = shard_name(f"{folder}/{split.value}", index, config.shards)
                    times = pa.compute.struct_field(chosen.column("preferred"), "posted_at")
                    yield from write_months(
                        chosen, times if config.by_month else None, "preference", config.folder, name
                    )
        yield from tally.emit()


def _rejects(lacking: pa.Table) -> pa.Table:
    """Rejects of preferences that have no file."""
    rows = frame(lacking.select(["id"])).with_columns(
        rule=pl.lit("media"),
        reason=pl.lit(Reason.NO_FILE.value),
        detail=pl.lit("a sample that it shows has no file"),
        permalink=pl.lit(None, dtype=pl.String),
    )
    return reject_rows(rows, STAGE, "preference", "id", payload=False, out_of_scope=True)
