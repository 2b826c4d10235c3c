"""Runs a command whole, and killed at some of its changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Below what folder files count; what process dies before what change, as `main:17` or `worker:3`; where counts lie.
FOLDER, KILLED, COUNTS = "BLIFT_KILL_FOLDER", "BLIFT_KILL_AT", "BLIFT_KILL_COUNTS"
_PROGRAM = Path(__file__).with_name("program.py")
_TIMEOUT_S = 280


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

    def run(self, counts: Path, at: str = "nobody:0") -> int:
        """Run it; the exit code. ``at``: the process that is killed, and before what change."""
        counts.mkdir(exist_ok=True)
        kill = {FOLDER: str(self.folder), KILLED: at, COUNTS: str(counts)}
        paths = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
        done = subprocess.run(
            [sys.executable, str(_PROGRAM), *self.arguments],
            env={**os.environ, **self.environment, **kill, "PYTHONPATH": paths},
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            check=False,
            timeout=_TIMEOUT_S,
        )
        return done.returncode

    def is_killed(self, counts: Path, at: str) -> bool:
        """Run it, killed before a change; False where it made fewer."""
        code = self.run(counts, at)
        assert code in (0, -signal.SIGKILL), code
        return code != 0


def spread(counts: Path, kills: int) -> list[str]:
    """So many changes of those that a whole run made, evenly spread over each process by what it made."""
    counted = {path.name: path.read_text() for path in sorted(counts.iterdir())}
    made = {role: int(number) for role, number in counted.items() if number}
    share = {role: max(1, round(kills * number / sum(made.values()))) for role, number in made.items()}
    most = max(share, key=lambda role: share[role])
    share[most] += kills - sum(share.values())
    return [
        f"{role}:{1 + (2 * place + 1) * made[role] // (2 * times)}"
        for role, times in share.items()
        for place in range(times)
    ]
