"""`blift` in a process that counts what it changes, and dies before the change of a number.

Changes are counted in each process by itself: of files below a folder (opened to be written, renamed, deleted, made),
statements of SQLite that change rows, and pieces that are sent over the network. Where the number is reached, the whole
process group is killed, as a power cut would.
"""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sqlite3
import sys
from functools import partial
from typing import Any

from tests.kill.killed import COUNTS, FOLDER, KILLED

_ROLE = "main" if __name__ == "__main__" else "worker"  # which imports this file as `__mp_main__`
_CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate")
_STATEMENTS = ("CREATE", "INSERT", "DELETE", "UPDATE item SET state")
_numbers = itertools.count(1)
_folder = os.environ[FOLDER]
_counts = os.open(os.path.join(os.environ[COUNTS], _ROLE), os.O_CREAT | os.O_WRONLY)
_killed, _, _at = os.environ[KILLED].partition(":")


def _change() -> None:
    number = next(_numbers)
    if _killed == _ROLE and number == int(_at):
        os.killpg(0, signal.SIGKILL)
    os.pwrite(_counts, b"%d" % number, 0)


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if _is_below(path) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _change()
    elif event in _CHANGES and _is_below(arguments[0]):
        _change()


def _is_below(path: object) -> bool:
    return isinstance(path, str) and path.startswith(_folder)


class _Counted(sqlite3.Connection):
    """Counts what changes records and states, and the end of each transaction that does; not how often it is asked."""

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
            _change()
        self._changed = changes or (self._changed and statement != "COMMIT")


class _Socket(socket.socket):
    def send(self, *arguments: Any) -> int:
        _change()
        return super().send(*arguments)

    def sendall(self, *arguments: Any) -> None:
        _change()
        super().sendall(*arguments)


sqlite3.connect = partial(sqlite3.connect, factory=_Counted)
socket.socket = _Socket  # type: ignore[misc]
sys.addaudithook(_audited)


if __name__ == "__main__":
    from blift.pipelines.cli import main

    sys.exit(main(sys.argv[1:]))
