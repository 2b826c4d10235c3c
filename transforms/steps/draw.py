"""A fixed number of samples, drawn by the hash of their ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.schemas.reasons import Reason
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.rejects import reject_rows
from blift.transforms.shuffle import ShardedTable
from blift.transforms.steps.samples import SampleOptions, Samples
from blift.transforms.tables import frame, hash64

#: Step of the funnel, after the rules for samples.
_DRAW = 1000


class DrawSamples(beam.PTransform[beam.PCollection[ShardedTable], Samples]):
    """Tables of `sample` to ``count`` samples in all: those whose ids have the lowest hashes.

    Which samples are drawn depends on their ids alone, so a larger count only adds samples. One worker holds the
    hashes of all ids, 8 bytes each.

    Args:
        count: how many samples are drawn; all of them where there are fewer.
        seed: another seed draws others.
        options: say whether rejects hold the sample itself, and whether samples that are not drawn are listed among
            them; they are counted anyway.
        stage: name of the stage in counts and rejects.
    """

    def __init__(self, count: int, seed: int, options: SampleOptions, stage: str = "curate") -> None:
        super().__init__()
        self._count, self._seed, self._options, self._stage = count, seed, options, stage

    def expand(self, samples: beam.PCollection[ShardedTable]) -> Samples:
        """The transform."""
        last = (
            samples
            | "Hashes" >> beam.Map(_hashes, self._seed).with_output_types(ShardedTable)
            | "All hashes" >> beam.GroupByKey()
            | "Last hash" >> beam.Map(_last_drawn, self._count).with_output_types(pa.Table)
        )
        drawn = samples | "Draw" >> beam.ParDo(
            _Draw(self._seed, self._options, self._stage), last=beam.pvalue.AsIter(last)
        ).with_output_types(ShardedTable).with_outputs(REJECTS, TALLY, main="main")
        return Samples(drawn.main, drawn[REJECTS], drawn[TALLY])


def _hashes(element: ShardedTable, seed: int) -> ShardedTable:
    return 0, pa.table({"hash": pa.array(_hash(element[1], seed), pa.uint64())})


def _hash(samples: pa.Table, seed: int) -> np.ndarray:
    return hash64(f"sample {seed} " + pl.Series(samples.column("sample_id")))


def _last_drawn(element: tuple[int, Iterable[pa.Table]], count: int) -> pa.Table:
    """The highest hash that is drawn."""
    hashes = np.sort(np.concatenate([table.column("hash").to_numpy() for table in element[1]]))
    return pa.table({"hash": pa.array(hashes[:count][-1:], pa.uint64())})


class _Draw(beam.DoFn):
    """The samples of a shard that are drawn."""

    def __init__(self, seed: int, options: SampleOptions, stage: str) -> None:
        self._seed, self._options, self._stage = seed, options, stage

    def process(self, element: ShardedTable, last: Iterable[pa.Table]) -> Iterator[ShardedTable | TaggedOutput]:
        (index, samples), tally = element, Tally(self._stage)
        drawn = _hash(samples, self._seed) <= max(table.column("hash")[0].as_py() for table in last)
        tally.step(_DRAW, "sample", "sample", samples.num_rows, {Reason.NOT_SAMPLED: int((~drawn).sum())})
        yield from tally.emit()
        rejected = (
            frame(samples)
            .filter(~pl.Series(drawn))
            .with_columns(
                rule=pl.lit("sample"), reason=pl.lit(Reason.NOT_SAMPLED.value), detail=pl.lit(None, dtype=pl.String)
            )
        )
        payload, listed = self._options.reject_payload, self._options.reject_out_of_scope
        rejects = reject_rows(rejected, self._stage, "sample", "sample_id", payload=payload, out_of_scope=listed)
        yield TaggedOutput(REJECTS, rejects)
        if drawn.any():
            yield index, samples.filter(pa.array(drawn))
