"""What the stages share: the pipeline around them with its account, and the writing of rejects."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

import apache_beam as beam
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

from blift.connectors.parquet import replace_file, shard_name, write_shard
from blift.connectors.shard import Shard, in_month
from blift.pipelines.engine.job_server import own_job_server
from blift.pipelines.engine.local_workers import local_runner
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.run_report import LIBRARIES, StageResult, account_name, library_versions, read_account
from blift.pipelines.engine.running import running
from blift.schemas.errors import OutputError
from blift.transforms.accounting import TallyKey
from blift.transforms.months import by_month
from blift.transforms.rejects import SCHEMA as REJECT
from blift.transforms.rejects import shard_keys, sorted_rejects
from blift.transforms.shuffle import ShardedTable
from blift.transforms.tables import concat, shard_of, split


@dataclass(frozen=True)
class StagePlan:
    """What a stage's pipeline gives: shards that were written, tallies, and sentences on what could not be used."""

    shards: Sequence[beam.PCollection[Shard]]
    tallies: Sequence[beam.PCollection[tuple[TallyKey, int]]]
    notes: Sequence[beam.PCollection[str]] = ()
    findings: Sequence[beam.PCollection[tuple[str, int]]] = ()
    """Counts of what was found in rows, such as phone numbers; they say nothing of rows kept or lost."""


def run_stage(
    name: str,
    folder: RunFolder,
    options: PipelineOptions,
    plan: Callable[[beam.Pipeline], StagePlan],
    fingerprint: str,
    *,
    detach: bool,
) -> StageResult | None:
    """Build the pipeline of a stage, run it to its end, and read back what it did; None where nobody waits for it.

    The account is written by the pipeline itself, to a file in the run folder: a driver cannot read a
    collection, metrics are not exact on every runner, and the driver may be gone when the job ends.
    """
    folder.clear([account_name(name)])
    writes_jar = options.view_as(PortableOptions).output_executable_path
    with running(), own_job_server(options), local_runner(options) as runner:
        pipeline = beam.Pipeline(runner=runner, options=options)
        _with_account(pipeline, plan(pipeline), fingerprint, folder.file(account_name(name)))
        result = pipeline.run()
        if writes_jar or not detach:
            result.wait_until_finish()
    if writes_jar or detach:
        return None
    account = read_account(name, folder, fingerprint)
    if account is None:
        path = folder.file(account_name(name))
        raise OutputError(
            f"The runner says that {name} is done, and {path} is not there. The workers cannot write where this "
            "command reads: give --out as a folder that all of them share, such as gs://BUCKET/FOLDER."
        )
    return account


def _with_account(pipeline: beam.Pipeline, planned: StagePlan, fingerprint: str, path: str) -> None:
    """Let the pipeline write the account of what it did."""
    tallies = (
        tuple(planned.tallies)
        | "All tallies" >> beam.Flatten()
        | "Sum tallies" >> beam.CombinePerKey(sum)
        | "Tally lines" >> beam.MapTuple(_tally_line)
    )
    shards = tuple(planned.shards) | "All shards" >> beam.Flatten() | "Shard lines" >> beam.Map(_shard_line)
    notes = [found | f"Notes {place}" >> beam.Map(_note_line) for place, found in enumerate(planned.notes)]
    findings = [
        found | f"Sum findings {place}" >> beam.CombinePerKey(sum) | f"Findings {place}" >> beam.MapTuple(_finding_line)
        for place, found in enumerate(planned.findings)
    ]
    start = (
        pipeline
        | "Driver" >> beam.Create([(fingerprint, time.time(), library_versions())])
        | "Start account" >> beam.MapTuple(_start_line)
    )
    _ = (
        (start, tallies, shards, *notes, *findings)
        | "All lines" >> beam.Flatten()
        | "One account" >> beam.Map(_under_one_key)
        | "Gather report lines" >> beam.GroupByKey()
        | "Write account" >> beam.Map(_write_account, path=path)
    )


def _start_line(fingerprint: str, started: float, versions: dict[str, str]) -> str:
    """The first line of the account, written by a worker.

    Raises:
        OutputError: the worker is not what the driver is, and would write other bytes.
    """
    found = library_versions()
    if other := [
        f"{name} {found[name]} instead of {versions[name]}" for name in LIBRARIES if found[name] != versions[name]
    ]:
        raise OutputError(
            f"The workers have {', '.join(other)}, so their files would differ from those made here. "
            "Use one image, or the same constraints.txt, for the command and its workers."
        )
    return json.dumps(["start", fingerprint, started])


def _tally_line(key: TallyKey, rows: int) -> str:
    return json.dumps(["tally", key, rows])


def _shard_line(shard: Shard) -> str:
    return json.dumps(["shard", asdict(shard)])


def _note_line(note: str) -> str:
    return json.dumps(["note", note])


def _finding_line(what: str, count: int) -> str:
    return json.dumps(["finding", what, count])


def _under_one_key(line: str) -> tuple[int, str]:
    return 0, line


def _write_account(element: tuple[int, Iterable[str]], path: str) -> None:
    _, lines = element
    replace_file(path, "\n".join(sorted(lines)).encode())


class WriteShards(beam.PTransform[beam.PCollection[ShardedTable], beam.PCollection[Shard]]):
    """Tables with the numbers of their shards to Parquet files, with one file per shard, or per shard and month.

    Args:
        table: the table of the contract whose columns they have, such as `post`.
        folder: the run folder.
        prefix: path of the files within it, up to their number, such as `posts/posts`.
        shards: how many there are, at most.
        by_month: rows lie in folders of the months of their `posted_at`.
    """

    def __init__(self, table: str, folder: str, prefix: str, shards: int, *, by_month: bool = False) -> None:
        super().__init__()
        self._write = _WriteShard(table, folder, prefix, shards, by_month=by_month)

    def expand(self, rows: beam.PCollection[ShardedTable]) -> beam.PCollection[Shard]:
        """The transform."""
        return rows | "Write" >> beam.ParDo(self._write).with_output_types(Shard)


class _WriteShard(beam.DoFn):
    def __init__(self, table: str, folder: str, prefix: str, shards: int, *, by_month: bool) -> None:
        self._table, self._folder, self._prefix, self._shards = table, folder, prefix, shards
        self._by_month = by_month

    def process(self, element: ShardedTable) -> Iterator[Shard]:
        index, rows = element
        times = rows.column("posted_at") if self._by_month else None
        yield from write_months(rows, times, self._table, self._folder, shard_name(self._prefix, index, self._shards))


def write_months(
    rows: pa.Table, posted_at: pa.ChunkedArray | None, table: str, folder: str, path: str
) -> Iterator[Shard]:
    """Write the rows of a shard, each month of them to a file in the folder of that month.

    Args:
        rows: sorted by the caller.
        posted_at: their times, UTC; None writes them all to one file, in no such folder.
        table, folder, path: as ``write_shard`` takes them.
    """
    if posted_at is None:
        yield write_shard(rows, table, folder, path)
        return
    for month, own in by_month(rows, posted_at):
        yield write_shard(own, table, folder, in_month(path, month))


class WriteRejects(beam.PTransform[beam.PCollection[pa.Table], beam.PCollection[Shard]]):
    """Tables of `reject` to `rejects/<stage>-*.parquet`, sorted.

    Args:
        stage: whose rejects they are.
        folder: the run folder.
        shards: into how many files they are divided, at most.
    """

    def __init__(self, stage: str, folder: str, shards: int) -> None:
        super().__init__()
        self._stage, self._folder, self._shards = stage, folder, shards

    def expand(self, rejects: beam.PCollection[pa.Table]) -> beam.PCollection[Shard]:
        return (
            rejects
            | "Split" >> beam.ParDo(_SplitRejects(self._shards)).with_output_types(ShardedTable)
            | "Group" >> beam.GroupByKey()
            | "Write" >> beam.ParDo(_WriteRejects(self._stage, self._folder, self._shards))
        )


class _SplitRejects(beam.DoFn):
    def __init__(self, shards: int) -> None:
        self._shards = shards

    def process(self, rejects: pa.Table) -> Iterator[ShardedTable]:
        if rejects.num_rows:
            yield from split(rejects, shard_of(shard_keys(rejects), self._shards))


class _WriteRejects(beam.DoFn):
    def __init__(self, stage: str, folder: str, shards: int) -> None:
        self._stage, self._folder, self._shards = stage, folder, shards

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[Shard]:
        index, tables = element
        path = shard_name(f"rejects/{self._stage}", index, self._shards)
        yield write_shard(sorted_rejects(concat(tables, REJECT)), "reject", self._folder, path)
