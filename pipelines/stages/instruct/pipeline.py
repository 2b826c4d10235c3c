"""The instruct stage: samples to instruction pairs, in both shapes, in splits."""

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
from blift.pipelines.stages.instruct.files import Files, FilesOfMedia, keep_files
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.schemas.split import Split
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.instructions import Pairs, instructions
from blift.transforms.measured import FILES
from blift.transforms.pair_media import ShownFile
from blift.transforms.popularity import COLUMNS
from blift.transforms.rejects import reject_rows
from blift.transforms.steps.popularity import RANKED, RankPopularity
from blift.transforms.steps.splits import AssignSplits
from blift.transforms.tables import concat, frame
from blift.transforms.templates import Template

STAGE = "instruct"


@dataclass(frozen=True)
class InstructConfig:
    """What the workers of the stage need to know.

    Attributes:
        files: where files of media are, and how they are kept; None where the recipe does not look at media.
        requires_files: pairs without a file are rejected.
        by_month: whether pairs lie in folders of the months in which their media were first posted.
        annotations: shards of the annotation table; one holds those of the samples of the shard of its number.
    """

    folder: str
    shards: int
    templates: Sequence[Template]
    validation: float
    test: float
    min_comment_score: int | None
    files: Files | None
    requires_files: bool
    by_month: bool
    annotations: Sequence[Shard] = ()


def plan(pipeline: beam.Pipeline, inputs: Sequence[Shard], config: InstructConfig) -> StagePlan:
    """The stage as a pipeline: splits need all samples' ids and channels at once, pairs one shard and its files."""
    samples = pipeline | "Shards" >> beam.Create(list(inputs))
    compared = samples | "Read" >> beam.Map(_read_compared, config.folder).with_output_types(pa.Table)
    splits = compared | "Splits" >> AssignSplits(config.validation, config.test)
    ranked = compared | "Popularity" >> RankPopularity(splits)
    by_shard = {"samples": samples | "By shard" >> beam.Map(by_place).with_output_types(tuple[int, Shard])}
    if config.annotations:
        by_shard["annotations"] = (
            pipeline
            | "Annotations" >> beam.Create(list(config.annotations))
            | "Annotations by shard" >> beam.Map(by_place).with_output_types(tuple[int, Shard])
        )
    if config.files:
        by_shard["files"] = pipeline | "Files" >> FilesOfMedia(config.files, config.folder, config.shards)
    pairs = (
        by_shard
        | "Samples and files" >> beam.CoGroupByKey()
        | "Pairs" >> beam.ParDo(_Pairs(config), ranked=beam.pvalue.AsIter(ranked)).with_outputs(
            REJECTS, TALLY, main="main"
        )
    )  # fmt: skip
    rejects = pairs[REJECTS] | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    return StagePlan([pairs.main, rejects], [pairs[TALLY]])


def _read_compared(shard: Shard, folder: str) -> pa.Table:
    """What of samples decides splits and popularity."""
    return read_shard(folder, shard, "sample", ["cluster", *COLUMNS])


class _Pairs(beam.DoFn):
    """The samples of one number to pairs in both shapes, written split by split; those without a file apart."""

    def __init__(self, config: InstructConfig) -> None:
        self._config = config

    def process(
        self, element: tuple[int, Mapping[str, Iterable[Any]]], ranked: Iterable[pa.Table]
    ) -> Iterator[Shard | TaggedOutput]:
        config, tally = self._config, Tally(STAGE)
        shards = sorted(element[1]["samples"])
        if not shards:
            return
        samples = concat([read_shard(config.folder, shard, "sample") for shard in shards], SCHEMAS["sample"])
        samples = samples.sort_by("sample_id")  # as one shard has them, in however many months they lie
        annotated = [read_shard(config.folder, shard, "annotation") for shard in element[1].get("annotations", ())]
        assigned = frame(concat(ranked, RANKED))
        own = pl.DataFrame({"sample_id": pl.Series(samples.column("sample_id"))}).join(
            assigned, on="sample_id", how="left", maintain_order="left"
        )
        kept: list[list[ShownFile] | str] | None = None
        if config.files:
            kept = keep_files(samples, frame(concat(element[1]["files"], FILES)), config.files.keeping)
        shown = [[] if isinstance(files, str) else files for files in kept] if kept else None
        pairs = instructions(
            samples, config.templates, own["split"], shown,
            popularity=own.select("score_ratio", "score_percentile"), min_comment_score=config.min_comment_score,
            annotations=concat(annotated, SCHEMAS["annotation"]),
        )  # fmt: skip
        asked = samples.num_rows * len(config.templates)
        skipped = {Reason.NOTHING_TO_ASK: pairs.skipped.num_rows}
        tally.flow(0, "render", "pair", asked, pairs.chat.num_rows, skipped)
        yield TaggedOutput(REJECTS, _rejects(frame(pairs.skipped), "template", Reason.NOTHING_TO_ASK))
        has_file = _has_file(pairs)
        if kept is not None and config.requires_files:
            lacking = pairs.chat.filter(pa.compute.invert(has_file))
            tally.step(1, "media", "pair", pairs.chat.num_rows, {Reason.NO_FILE: lacking.num_rows})
            why = dict(zip(own["sample_id"], kept, strict=True))
            yield TaggedOutput(REJECTS, _lacking(lacking, why))
        yield from self._written(pairs, has_file, samples, *shards[0].place)
        yield from tally.emit()

    def _written(
        self, pairs: Pairs, has_file: pa.BooleanArray, samples: pa.Table, index: int, total: int
    ) -> Iterator[Shard]:
        parts = [("", has_file if self._config.files else pa.repeat(pa.scalar(True), len(has_file)))]
        if self._config.files and not self._config.requires_files:
            parts.append(("-without-media", pa.compute.invert(has_file)))
        for suffix, mask in parts:
            for shape, table, rows in (("llava", "instruction", pairs.llava), ("chat", "chat", pairs.chat)):
                there = rows.filter(mask)
                for split in Split:
                    chosen = there.filter(pa.compute.equal(there.column("split"), split.value))
                    if chosen.num_rows:
                        name = shard_name(f"instructions/{shape}{suffix}/{split.value}", index, total)
                        times = _times(chosen, samples) if self._config.by_month else None
                        yield from write_months(chosen, times, table, self._config.folder, name)


def _times(pairs: pa.Table, samples: pa.Table) -> pa.ChunkedArray:
    """When the media of each pair was first posted."""
    places = pa.compute.index_in(pairs.column("sample_id"), samples.column("sample_id"))
    return samples.column("posted_at").take(places)


def _has_file(pairs: Pairs) -> pa.BooleanArray:
    return pa.compute.greater(pa.compute.list_value_length(pairs.chat.column("sha256")), 0).combine_chunks()


def _lacking(chat: pa.Table, why: Mapping[str, list[ShownFile] | str]) -> pa.Table:
    """Rejects of pairs that have no file."""
    rows = frame(chat.select(["sample_id", "template"]))
    details = [str(why[sample]) for sample in rows["sample_id"]]
    return _rejects(rows.with_columns(why=pl.Series(details, dtype=pl.String)), "media", Reason.NO_FILE)


def _rejects(skipped: pl.DataFrame, rule: str, reason: Reason) -> pa.Table:
    rows = skipped.select(
        (pl.col("sample_id") + "-" + pl.col("template")).alias("pair_id"),
        pl.lit(rule).alias("rule"),
        pl.lit(reason.value).alias("reason"),
        pl.col("why").alias("detail"),
        pl.lit(None, dtype=pl.String).alias("permalink"),
    )
    return reject_rows(rows, STAGE, "pair", "pair_id", payload=False, out_of_scope=True)
