"""The instruct stage: samples to instruction pairs, in both shapes, in splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard, shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.schemas.reasons import Reason
from blift.schemas.split import Split
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.instructions import instructions
from blift.transforms.rejects import reject_rows
from blift.transforms.steps.splits import COLUMNS, AssignSplits
from blift.transforms.tables import concat, frame
from blift.transforms.templates import Template

STAGE = "instruct"


@dataclass(frozen=True)
class InstructConfig:
    """What the workers of the stage need to know."""

    folder: str
    shards: int
    templates: Sequence[Template]
    validation: float
    test: float


def plan(pipeline: beam.Pipeline, inputs: Sequence[Shard], config: InstructConfig) -> StagePlan:
    """The stage as a pipeline: splits need all samples' ids and channels at once, pairs only one shard."""
    samples = pipeline | "Shards" >> beam.Create(list(inputs)) | "Spread shards" >> beam.Reshuffle()
    splits = (
        samples
        | "Ids" >> beam.Map(_read_ids, config.folder).with_output_types(pa.Table)
        | "Splits" >> AssignSplits(config.validation, config.test)
    )
    pairs = samples | "Pairs" >> beam.ParDo(_Pairs(config), splits=beam.pvalue.AsIter(splits)).with_outputs(
        REJECTS, TALLY, main="main"
    )
    rejects = pairs[REJECTS] | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    return StagePlan([pairs.main, rejects], [pairs[TALLY]])


def _read_ids(shard: Shard, folder: str) -> pa.Table:
    return read_shard(folder, shard, "sample").select(COLUMNS)


class _Pairs(beam.DoFn):
    """A shard of samples to pairs in both shapes, written split by split."""

    def __init__(self, config: InstructConfig) -> None:
        self._config = config

    def process(self, shard: Shard, splits: Iterable[pa.Table]) -> Iterator[Shard | TaggedOutput]:
        config, tally = self._config, Tally(STAGE)
        samples = read_shard(config.folder, shard, "sample")
        assigned = frame(concat(splits, pa.schema([])))
        own = pl.DataFrame({"sample_id": pl.Series(samples.column("sample_id"))}).join(
            assigned, on="sample_id", how="left", maintain_order="left"
        )
        pairs = instructions(samples, config.templates, own["split"])
        asked = samples.num_rows * len(config.templates)
        tally.flow(0, "render", "pair", asked, pairs.llava.num_rows, {Reason.NOTHING_TO_ASK: pairs.skipped.num_rows})
        index, total = _place(shard.name)
        for split in Split:
            for shape, table, rows in (("llava", "instruction", pairs.llava), ("chat", "chat", pairs.chat)):
                chosen = rows.filter(pa.compute.equal(rows.column("split"), split.value))
                if chosen.num_rows:
                    name = shard_name(f"instructions/{shape}/{split.value}", index, total)
                    yield write_shard(chosen, table, config.folder, name)
        yield TaggedOutput(REJECTS, _rejects(frame(pairs.skipped)))
        yield from tally.emit()


def _place(path: str) -> tuple[int, int]:
    """Index and total out of a shard's name."""
    _, index, _, total = path.removesuffix(".parquet").rsplit("-", 3)
    return int(index), int(total)


def _rejects(skipped: pl.DataFrame) -> pa.Table:
    rows = skipped.select(
        (pl.col("sample_id") + "-" + pl.col("template")).alias("pair_id"),
        pl.lit("template").alias("rule"),
        pl.lit(Reason.NOTHING_TO_ASK.value).alias("reason"),
        pl.col("why").alias("detail"),
        pl.lit(None, dtype=pl.String).alias("permalink"),
    )
    return reject_rows(rows, STAGE, "pair", "pair_id", payload=False, out_of_scope=True)
