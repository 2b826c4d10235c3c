"""Runs a command whole, and killed at some of its changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.kill.unsynced import Synced

#: Below what folder files count; what process dies before what change, as `main:17` or `worker:3`; where counts lie;
#: where it is recorded what was synced.
FOLDER, KILLED, COUNTS, SYNCED = "BLIFT_KILL_FOLDER", "BLIFT_KILL_AT", "BLIFT_KILL_COUNTS", "BLIFT_KILL_SYNCED"
_PROGRAM = Path(__file__).with_name("program.py")


@cache
def _program() -> subprocess.Popen[str]:
    """The program that runs commands; it ends with this process, which holds the other end of its input."""
    paths = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
    return subprocess.Popen(
        [sys.executable, str(_PROGRAM)],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True)
class Command:
    """A command of `blift`.

    Attributes:
        arguments: of the command.
        folder: below which its changes of files count.
        environment: variables beside those of this process.
    """

    arguments: Sequence[str]
    folder: Path
    environment: Mapping[str, str]

    def run(self, counts: Path, at: str = "nobody:0", synced: Path | None = None) -> int:
        """Run it; the exit code.

        Args:
            counts: where the numbers of changes are written.
            at: the process that is killed, and before what change.
            synced: where it is recorded what was synced, if anywhere.
        """
        counts.mkdir(exist_ok=True)
        kill = {FOLDER: str(self.folder), KILLED: at, COUNTS: str(counts), SYNCED: str(synced or "")}
        program = _program()
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(json.dumps([self.arguments, {**self.environment, **kill}]) + "\n")
        program.stdin.flush()
        return int(program.stdout.readline())

    def is_killed(self, counts: Path, at: str, *, without_power: bool = False) -> bool:
        """Run it, killed before a change; False where it made fewer.

        Args:
            counts: as of ``run``.
            at: as of ``run``.
            without_power: what was not synced to the disk by then is lost.
        """
        records = None
        if without_power:
            records = counts / "synced"
            records.mkdir(parents=True)
            self.folder.mkdir(exist_ok=True)
            synced = Synced(self.folder, records)
            synced.keep_all()
        code = self.run(counts, at, records)
        assert code in (0, -signal.SIGKILL), code
        if without_power and code:
            synced.lose_the_rest()
        return code != 0


def spread(counts: Path, kills: int) -> list[str]:
    """So many changes of those that a whole run made, evenly spread over each process by what it made."""
    counted = {path.name: path.read_text() for path in sorted(counts.iterdir()) if path.is_file()}
    made = {role: int(number) for role, number in counted.items() if number}
    share = {role: max(1, round(kills * number / sum(made.values()))) for role, number in made.items()}
    most = max(share, key=lambda role: share[role])
    share[most] += kills - sum(share.values())
    return [
        f"{role}:{1 + (2 * place + 1) * made[role] // (2 * times)}"
        for role, times in share.items()
        for place in range(times)
    ]
