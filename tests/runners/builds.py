"""A build as a person starts it: the `blift` command in a process of its own, on an engine, measured."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.runners.engines import Engine
from tests.runners.processes import Processes, Usage

BLIFT = str(Path(sys.executable).parent / "blift")
_TIMEOUT_S = 1500


@dataclass(frozen=True)
class Build:
    """A finished build: the run folder, the digest of every data shard, the dataset's fingerprint, what it took."""

    folder: Path
    digests: dict[str, str]
    fingerprint: str
    usage: Usage


class BuildFailed(Exception):
    """The command ended with an error, or printed one; the text is what it and the engine printed."""


def build_on(engine: Engine, recipe: Path, work: Path, extra: Sequence[str] = ()) -> Build:
    """Build a recipe on an engine into ``work``/out.

    Raises:
        Missing: a tool of the engine cannot be had.
        BuildFailed: the command failed, or printed a traceback.
    """
    engine.find_tools()
    with Processes(work / "engine") as processes:
        options = engine.start(processes)
        printed = run_blift(processes, "build", str(recipe), "--out", str(work / "out"), *options, *extra)
        if "Traceback" in printed:
            raise BuildFailed(f"The build is done, and a traceback was printed:\n{printed}")
        return finished(work / "out", processes.usage())


def run_blift(processes: Processes, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """Run the command to its end; what it printed.

    Raises:
        BuildFailed: it ended with an error.
    """
    code, printed = processes.run("blift", [BLIFT, *arguments], _TIMEOUT_S, variables)
    if code:
        logs = "\n".join(f"--- {log.name}\n{_end(log)}" for log in sorted(processes.folder.glob("*.log")))
        raise BuildFailed(f"blift ended with code {code}.\n{logs}")
    return printed


def _end(log: Path) -> str:
    return log.read_text(errors="replace")[-4000:]


def finished(folder: Path, usage: Usage) -> Build:
    """What lies in a run folder."""
    manifest = json.loads((folder / "manifest.json").read_text())
    digests = {shard["path"]: shard["sha256"] for stage in manifest["stages"].values() for shard in stage["shards"]}
    return Build(folder, digests, manifest["fingerprint"], usage)
