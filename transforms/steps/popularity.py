"""Samples to how popular each is among its like."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import apache_beam as beam
import pyarrow as pa

from blift.transforms.popularity import COLUMNS, measured, popularity
from blift.transforms.shuffle import ShardedTable
from blift.transforms.tables import arrow, concat, frame

_MEASURED = pa.schema(
    [
        pa.field("sample_id", pa.string()),
        pa.field("value", pa.float64()),
        *[pa.field(name, pa.string()) for name in ("measure", "place", "month")],
        pa.field("age", pa.int8()),
    ]
)
#: What ``RankPopularity`` gives.
RANKED = pa.schema(
    [
        *[pa.field(name, pa.string()) for name in ("sample_id", "split")],
        *[pa.field(name, pa.float64()) for name in ("score_ratio", "score_percentile")],
    ]
)


class RankPopularity(beam.PTransform[beam.PCollection[pa.Table], beam.PCollection[pa.Table]]):
    """Tables of samples to one table of ``RANKED``: how popular a sample is among those of its place, month and age.

    Groups are fitted on the training split, so that nothing of the other splits is in it. One worker holds the numbers
    of all samples.

    Args:
        splits: tables of ``sample_id`` and ``split``, as ``AssignSplits`` gives them.
    """

    def __init__(self, splits: beam.PCollection[pa.Table]) -> None:
        super().__init__()
        self._splits = splits

    def expand(self, samples: beam.PCollection[pa.Table]) -> beam.PCollection[pa.Table]:
        """The transform."""
        return (
            samples
            | "Numbers" >> beam.Map(_numbers).with_output_types(ShardedTable)
            | "All numbers" >> beam.GroupByKey()
            | "Rank" >> beam.ParDo(_Rank(), splits=beam.pvalue.AsIter(self._splits)).with_output_types(pa.Table)
        )


def _numbers(samples: pa.Table) -> ShardedTable:
    return 0, arrow(measured(frame(samples.select(COLUMNS))), _MEASURED)


class _Rank(beam.DoFn):
    """The popularity of every sample."""

    def process(self, element: tuple[int, Iterable[pa.Table]], splits: Iterable[pa.Table]) -> Iterator[pa.Table]:
        numbers = frame(concat(element[1], _MEASURED)).sort("sample_id")
        assigned = frame(concat(splits, RANKED.empty_table().select(["sample_id", "split"]).schema))
        ranked = popularity(numbers.join(assigned, on="sample_id", how="left", maintain_order="left"))
        yield arrow(ranked.join(assigned, on="sample_id", how="left", maintain_order="left"), RANKED)
