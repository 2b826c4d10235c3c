"""`blift` in a process that counts what it changes, and dies before the change of a number.

Changes are counted in each process by itself: of files below a folder (opened to be written, renamed, deleted, made),
statements of SQLite that change rows, and pieces that are sent over the network. Where the number is reached, the whole
process group is killed, as a power cut would; where asked for, what is synced is recorded, so that the rest can be
dropped.

The program imports everything once, and forks for each command that a line of its input names: an import takes longer
than most commands.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
import socket
import sqlite3
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from apache_beam.transforms import userstate

from blift.pipelines.cli import main
from tests.kill.killed import COUNTS, FOLDER, KILLED, SYNCED
from tests.kill.unsynced import Synced

_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")
_COMMANDS = [f"blift.pipelines.commands.{name}" for name in ("build", "export", "fetch", "publish", "report")]
_STATEMENTS = ("CREATE", "INSERT", "DELETE", "UPDATE item SET state")


class _Counter:
    """Counts the changes of this process, and ends it where the number is reached."""

    def __init__(self, role: str) -> None:
        self._role, self._folder = role, os.environ[FOLDER]
        self._killed, _, at = os.environ[KILLED].partition(":")
        self._at = int(at)
        self._numbers = itertools.count(1)
        self._counts = os.open(os.path.join(os.environ[COUNTS], role), os.O_CREAT | os.O_WRONLY)

    def change(self) -> None:
        number = next(self._numbers)
        if self._killed == self._role and number == self._at:
            os.killpg(0, signal.SIGKILL)
        os.pwrite(self._counts, b"%d" % number, 0)

    def audited(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if self._is_below(path) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                self.change()
        elif event in _CHANGES and self._is_below(arguments[0]):
            self.change()

    def _is_below(self, path: object) -> bool:
        return isinstance(path, str) and path.startswith(self._folder)


def count(role: str) -> None:
    """Count from here on, as the environment says."""
    counter = _Counter(role)

    class Counted(sqlite3.Connection):
        """Counts what changes records and states, and the end of each transaction that does; not how often it asks."""

        _changed = False

        def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
            self._count(statement)
            return super().execute(statement, *values)

        def executemany(self, statement: str, *values: Any) -> sqlite3.Cursor:
            self._count(statement)
            return super().executemany(statement, *values)

        def _count(self, statement: str) -> None:
            changes = statement.startswith(_STATEMENTS)
            if changes or (statement == "COMMIT" and self._changed):
                counter.change()
            self._changed = changes or (self._changed and statement != "COMMIT")

    class Socket(socket.socket):
        def send(self, *arguments: Any) -> int:
            counter.change()
            return super().send(*arguments)

        def sendall(self, *arguments: Any) -> None:
            counter.change()
            super().sendall(*arguments)

    if records := os.environ[SYNCED]:
        synced, sync = Synced(Path(os.environ[FOLDER]), Path(records)), os.fsync

        def fsync(fd: Any) -> None:
            sync(fd)
            number = fd if isinstance(fd, int) else fd.fileno()
            synced.keep(Path(os.readlink(f"/proc/self/fd/{number}")))

        os.fsync = fsync
    sqlite3.connect = partial(sqlite3.connect, factory=Counted)
    socket.socket = Socket  # type: ignore[misc]
    sys.addaudithook(counter.audited)


def tell_states_once() -> None:
    """Let Beam look for the states of each function once, and not eight times: that takes half of a small build."""
    found: dict[int, tuple[Any, Any]] = {}
    told = userstate.get_dofn_specs

    def tell(function: Any) -> Any:
        number = id(function)
        if number not in found:
            found[number] = (function, told(function))  # held, so that no other gets its number
        return found[number][1]

    userstate.get_dofn_specs = tell


def serve() -> None:
    """Run the command of each line of the input in a process of its own, and write its exit code."""
    for module in ("polars", "praw", "pyarrow.parquet", "blift.pipelines.build.build", *_COMMANDS):
        import_module(module)
    tell_states_once()
    assert "huggingface_hub.constants" not in sys.modules  # which reads the environment of each command when imported
    for line in sys.stdin:
        arguments, environment = json.loads(line)
        child = os.fork()
        if not child:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ.update(environment)
            count("main")
            sys.exit(main(arguments))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
else:  # a worker process imports this file as `__mp_main__`
    count("worker")
