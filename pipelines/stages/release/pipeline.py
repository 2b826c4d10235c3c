"""The release stage: the tables of a run as they may leave it, with personal data replaced, beside their originals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard, write_parquet, write_shard
from blift.connectors.shard import Shard, in_month, month_of
from blift.pipelines.engine.pipeline import StagePlan
from blift.pipelines.stages.release.layout import FOLDER, POSTED, STAGE, WITHDRAWN, Part, ReleasedMedia, digests_path
from blift.schemas.reasons import Reason
from blift.transforms.accounting import TALLY, Tally
from blift.transforms.digests import SCHEMA as DIGESTS
from blift.transforms.digests import row_digests, sorted_digests
from blift.transforms.personal_data import kinds
from blift.transforms.published_pairs import PAIRS, published_pairs
from blift.transforms.release import Released, blift_rows, posted_by_month, release, withdrawn_ids, withdrawn_in
from blift.transforms.tables import concat

_DIGESTS, _FINDINGS = "digests", "findings"


def plan(
    pipeline: beam.Pipeline,
    chosen: Sequence[Part],
    flagged: Sequence[Shard],
    folder: str,
    media: Callable[[beam.Pipeline], ReleasedMedia] | None,
) -> StagePlan:
    """The stage as a pipeline: one shard in, one out; ids of what was withdrawn are known to all."""
    withdrawn = (
        pipeline
        | "Shards of records" >> beam.Create(list(flagged))
        | "Withdrawn" >> beam.ParDo(_Withdrawn(folder)).with_output_types(pa.Table)
    )
    of_media = media(pipeline) if media else None
    names = of_media.names if of_media else None
    released = (
        pipeline
        | "Shards" >> beam.Create(list(chosen))
        | "Release"
        >> beam.ParDo(
            _Release(folder, has_files=names is not None),
            withdrawn=beam.pvalue.AsIter(withdrawn),
            names=beam.pvalue.AsIter(names if names is not None else pipeline | "No names" >> beam.Create([])),
        ).with_outputs(TALLY, _DIGESTS, _FINDINGS, main="main")
    )
    shards, digests, tallies = [released.main], [released[_DIGESTS]], [released[TALLY]]
    notes, findings = [], [released[_FINDINGS]]
    if of_media:
        shards.append(of_media.shards)
        digests.append(of_media.digests)
        tallies.append(of_media.tallies)
        findings.append(of_media.findings)
        notes.append(of_media.notes)
    written = (
        tuple(digests)
        | "All digests" >> beam.Flatten()
        | "Typed digests" >> beam.Map(_same).with_output_types(tuple[str, pa.Table])
        | "Digests by configuration" >> beam.GroupByKey()
        | "Write digests" >> beam.Map(_write_digests, folder=folder)
    )
    return StagePlan([*shards, written], tallies, notes, findings)


def _same(element: tuple[str, pa.Table]) -> tuple[str, pa.Table]:
    return element


class _Withdrawn(beam.DoFn):
    """A shard of posts or comments to the hashes of what was withdrawn."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def process(self, shard: Shard) -> Iterator[pa.Table]:
        table = "post" if shard.path.startswith("posts/") else "comment"
        columns = [f"{table}_id", "deleted", "removed"]
        hashes = withdrawn_ids(read_shard(self._folder, shard, table, columns), columns[0])
        if len(hashes):
            yield pa.table({"hash": pa.array(hashes, pa.uint64())})


class _Release(beam.DoFn):
    """A shard as it may leave, written; for samples also in the six columns of BLIFT."""

    def __init__(self, folder: str, *, has_files: bool) -> None:
        self._folder = folder
        self._has_files = has_files

    def process(
        self, part: Part, withdrawn: Iterable[pa.Table], names: Iterable[pa.Table]
    ) -> Iterator[Shard | TaggedOutput]:
        tally = Tally(STAGE)
        rows = read_shard(self._folder, part.shard, part.table)
        if part.table == "sample":
            found = withdrawn_in(rows, _sorted(withdrawn))
            yield TaggedOutput(_FINDINGS, (WITHDRAWN, found))
            for platform, month, count in posted_by_month(rows):
                yield TaggedOutput(_FINDINGS, (f"{POSTED} {platform} {month}", count))
        released = release(rows, part.table)
        if part.table in PAIRS:
            known = {row["sha256"]: row["name"] for table in names for row in table.to_pylist()}
            pairs = published_pairs(released.rows, part.table, known if self._has_files else None)
            withheld = {Reason.NO_FILE: pairs.withheld} if pairs.withheld else {}
            released = Released(pairs.rows, withheld, released.redacted)
        for kind, count in kinds(released.redacted).items():
            yield TaggedOutput(_FINDINGS, (f"{part.config} {kind}", count))
        tally.flow(0, "privacy", part.config, rows.num_rows, released.rows.num_rows, released.withheld)
        yield write_shard(released.rows, part.table, self._folder, f"{FOLDER}{part.shard.name}")
        if part.table == "sample":
            six = blift_rows(released.rows)
            path = f"{FOLDER}blift/{part.shard.name.rpartition('/')[2].replace('samples', 'blift')}"
            yield write_shard(six, "blift", self._folder, in_month(path, month_of(part.shard.path)))
        yield TaggedOutput(_DIGESTS, (part.config, row_digests(released.rows, part.table)))
        yield from tally.emit()


def _sorted(withdrawn: Iterable[pa.Table]) -> np.ndarray:
    return np.sort(np.concatenate([np.empty(0, np.uint64), *[table.column("hash").to_numpy() for table in withdrawn]]))


def _write_digests(element: tuple[str, Iterable[pa.Table]], folder: str) -> Shard:
    config, tables = element
    return write_parquet(sorted_digests(concat(tables, DIGESTS)), folder, f"{FOLDER}{digests_path(config)}")
