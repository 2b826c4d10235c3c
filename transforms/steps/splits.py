"""Samples to their splits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam
import polars as pl
import pyarrow as pa

from blift.transforms.shuffle import ShardedTable
from blift.transforms.splits import components, split_of
from blift.transforms.tables import concat, frame

#: What of a sample decides its split.
COLUMNS = ["sample_id", "cluster", "channel_id"]


class AssignSplits(beam.PTransform[beam.PCollection[pa.Table], beam.PCollection[pa.Table]]):
    """Tables of samples to tables of ``sample_id`` and ``split``: `train`, `validation` or `test`.

    Samples of one channel, and samples whose media are near-duplicates, have the same split. It is a function of ids,
    so a sample keeps its split when others are added, unless a new link joins two groups. One worker holds all ids.

    Args:
        validation: ratio of the samples, 0 to 1. ``test``: the same; the rest is train.
    """

    def __init__(self, validation: float, test: float) -> None:
        super().__init__()
        self._validation, self._test = validation, test

    def expand(self, samples: beam.PCollection[pa.Table]) -> beam.PCollection[pa.Table]:
        """The transform."""
        return (
            samples
            | "Ids" >> beam.Map(_ids).with_output_types(ShardedTable)
            | "All ids" >> beam.GroupByKey()
            | "Split" >> beam.ParDo(_Split(self._validation, self._test)).with_output_types(pa.Table)
        )


def _ids(samples: pa.Table) -> ShardedTable:
    return 0, samples.select(COLUMNS)


class _Split(beam.DoFn):
    """The split of every sample."""

    def __init__(self, validation: float, test: float) -> None:
        self._validation, self._test = validation, test

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
        samples = frame(concat(element[1], pa.schema([]))).sort("sample_id")
        representatives = components(samples["sample_id"], samples["cluster"], samples["channel_id"])
        splits = split_of(representatives, self._validation, self._test)
        yield samples.select("sample_id").with_columns(split=splits).to_arrow(compat_level=pl.CompatLevel.oldest())
