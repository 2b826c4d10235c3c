"""The annotate stage: rows of annotations meet the names of samples, and are written with the samples' shards."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.annotations import read_annotations
from blift.connectors.files import InputFile
from blift.connectors.parquet import read_shard, shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.annotations import (
    ASKED,
    MATCHES,
    MEDIA_NAMES,
    NAMES,
    USABLE,
    annotation_table,
    asked_names,
    judged,
    matched,
    media_names,
    names_of,
    of_samples,
)
from blift.transforms.rejects import reject_rows
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.tables import arrow, concat, frame

STAGE = "annotate"
PREFIX = "annotations/annotations"
_SAMPLE = ["sample_id", "media_key", "sha256", "media_urls", "audiences"]
_SAMPLES = pa.schema([SCHEMAS["sample"].field(name) for name in _SAMPLE])
#: Annotations of samples on their way to the shard of the sample.
_JOINED = pa.schema([*SCHEMAS["annotation"], pa.field("media_key", pa.string())])
_READ, _SAME, _JOIN = 0, 1, 2

_Grouped = tuple[int, Mapping[str, Iterable[pa.Table]]]


@dataclass(frozen=True)
class AnnotateConfig:
    """What the workers of the stage need to know; ``lists_unmatched``: rows of no sample are listed as rejects."""

    folder: str
    shards: int
    lists_unmatched: bool


def plan(
    pipeline: beam.Pipeline,
    files: Sequence[InputFile],
    samples: Sequence[Shard],
    media: Sequence[Shard],
    config: AnnotateConfig,
) -> StagePlan:
    """The stage as a pipeline; only names and annotations travel."""
    read = (
        pipeline
        | "Files" >> beam.Create(list(files))
        | "Read annotations"
        >> beam.ParDo(_Read()).with_output_types(pa.Table).with_outputs(REJECTS, TALLY, main="main")
    )
    names = (
        {
            "samples": _read(pipeline, "samples", samples, _read_samples, config) | _by("samples", "media_key", config),
            "media": _read(pipeline, "media", media, _read_media, config) | _by("media", "media_key", config),
        }
        | "Samples and media" >> beam.CoGroupByKey()
        | "Names" >> beam.Map(_names).with_output_types(pa.Table)
    )
    asked = read.main | "Asked names" >> beam.Map(asked_names).with_output_types(pa.Table)
    matches = (
        {"asked": asked | _by("asked names", "name", config), "names": names | _by("names", "name", config)}
        | "Equal names" >> beam.CoGroupByKey()
        | "Match" >> beam.Map(_matched).with_output_types(pa.Table)
    )
    joined = (
        {"rows": read.main | _by("rows", "row_id", config), "matches": matches | _by("matches", "row_id", config)}
        | "Rows and matches" >> beam.CoGroupByKey()
        | "Join" >> beam.ParDo(_Join(config)).with_output_types(pa.Table).with_outputs(REJECTS, TALLY, main="main")
    )
    written = (
        joined.main
        | _by("annotations", "media_key", config)
        | "Group annotations" >> beam.GroupByKey()
        | "Write annotations" >> beam.Map(_write, config).with_output_types(Shard)
    )
    rejects = (
        (read[REJECTS], joined[REJECTS])
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    return StagePlan([written, rejects], [read[TALLY], joined[TALLY]])


def _read(
    pipeline: beam.Pipeline, what: str, shards: Sequence[Shard], reader: object, config: AnnotateConfig
) -> beam.PCollection[pa.Table]:
    return (
        pipeline
        | f"Shards of {what}" >> beam.Create(list(shards))
        | f"Read {what}" >> beam.Map(reader, config.folder).with_output_types(pa.Table)
    )


def _by(what: str, column: str, config: AnnotateConfig) -> beam.PTransform:
    split = beam.ParDo(SplitByShard(column, config.shards)).with_output_types(ShardedTable)
    return f"{what.capitalize()} by {column}" >> split


def _read_samples(shard: Shard, folder: str) -> pa.Table:
    return read_shard(folder, shard, "sample", _SAMPLE)


def _read_media(shard: Shard, folder: str) -> pa.Table:
    return media_names(read_shard(folder, shard, "media", ["sha256", "uses", "unite_as"]))


def _names(element: _Grouped) -> pa.Table:
    found = element[1]
    return names_of(concat(found["samples"], _SAMPLES), concat(found["media"], MEDIA_NAMES))


def _matched(element: _Grouped) -> pa.Table:
    found = element[1]
    return matched(concat(found["asked"], ASKED), concat(found["names"], NAMES))


class _Read(beam.DoFn):
    """A file to rows that can be used, and rejects of the others."""

    def process(self, file: InputFile) -> Iterator[pa.Table | TaggedOutput]:
        for rows in read_annotations(file):
            kept, rejected = judged(rows)
            tally = Tally(STAGE)
            reasons = {row["values"]: row["counts"] for row in rejected.column("reason").value_counts().to_pylist()}
            losses = {Reason(reason): count for reason, count in reasons.items()}
            tally.flow(_READ, "read", "annotation", rows.num_rows, kept.num_rows, losses)
            yield kept
            yield TaggedOutput(REJECTS, rejected)
            yield from tally.emit()


class _Join(beam.DoFn):
    """Rows and their matches to annotations of samples, and rejects of rows that are of no sample."""

    def __init__(self, config: AnnotateConfig) -> None:
        self._config = config

    def process(self, element: _Grouped) -> Iterator[pa.Table | TaggedOutput]:
        rows, matches = concat(element[1]["rows"], USABLE), concat(element[1]["matches"], MATCHES)
        annotations, lost = of_samples(rows, matches)
        distinct = annotations["row_id"].n_unique() + lost.height
        tally = Tally(STAGE)
        tally.step(_SAME, "same_row", "annotation", rows.num_rows, merged=rows.num_rows - distinct)
        tally.step(_JOIN, "of_a_sample", "annotation", distinct, {Reason.NOT_FOUND: lost.height})
        yield arrow(annotations, _JOINED)
        if self._config.lists_unmatched:
            yield TaggedOutput(REJECTS, _unmatched(lost))
        yield from tally.emit()


def _unmatched(lost: pl.DataFrame) -> pa.Table:
    verdict = lost.with_columns(
        named=pl.coalesce("sha256", "post_id", "url"),
        rule=pl.lit("of_a_sample"),
        reason=pl.lit(Reason.NOT_FOUND.value),
        detail=pl.lit("no sample has this digest, post or address"),
    )
    return reject_rows(verdict, STAGE, "annotation", "named", payload=False, out_of_scope=True)


def _write(element: tuple[int, Iterable[pa.Table]], config: AnnotateConfig) -> Shard:
    index, tables = element
    rows = annotation_table(frame(concat(tables, _JOINED)))
    return write_shard(rows, "annotation", config.folder, shard_name(PREFIX, index, config.shards))
