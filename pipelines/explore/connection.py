"""A connection to DuckDB that is locked before it is asked anything: some files to read, and nothing else.

It reaches no network, loads no extension and writes nothing, and its settings cannot be changed. A question takes so
long at most, and what DuckDB says of a wrong one becomes a sentence.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from blift.pipelines.explore.choice import quoted_texts
from blift.schemas.errors import InputError, cut, did_you_mean

if TYPE_CHECKING:
    import duckdb

#: Memory of the database, MB. What a sort holds is only the sorted column.
_MEMORY_MB = 2_048
#: Seconds between two interrupts of a query that goes on.
_AGAIN_S = 0.1
_CLOSED = "The dataset is no longer open."
_NO_COLUMN = re.compile(r'Referenced column "(?P<name>.+?)" not found')
_EXAMPLE = "A condition is one SQL expression, such as \"score > 100 AND title ILIKE '%cat%'\"."


def require_duckdb() -> None:
    """Check that the extra `explore` is installed.

    Raises:
        InputError: it is not.
    """
    if find_spec("duckdb") is None:
        raise InputError("Looking at rows needs duckdb. Install it: pip install 'blift[explore]'.")


class Connection:
    """A database in memory that may read some files, for several threads.

    Args:
        paths: full paths of the files.
        longest_s: seconds after which a query is given up.

    Raises:
        InputError: DuckDB is not installed.
    """

    def __init__(self, paths: Iterable[str], longest_s: float) -> None:
        require_duckdb()
        import duckdb  # noqa: PLC0415 - an extra

        self._longest_s = longest_s
        self._cursors: set[duckdb.DuckDBPyConnection] = set()
        self._running, self._closed = threading.Condition(), False
        self._connection = duckdb.connect(":memory:", config={"temp_directory": "", "threads": os.cpu_count() or 1})
        with self._told(None, ()):
            for setting in (
                f"allowed_paths = {quoted_texts(paths)}",
                "enable_external_access = false",
                "python_enable_replacements = false",
                "autoload_known_extensions = false",
                "autoinstall_known_extensions = false",
                "allow_community_extensions = false",
                "TimeZone = 'UTC'",
                f"memory_limit = '{_MEMORY_MB}MB'",
            ):
                self._connection.execute(f"SET {setting}")

    @contextmanager
    def prepared(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection itself, to make views with; its settings are locked afterwards.

        Raises:
            InputError: a file cannot be read.
        """
        with self._told(None, ()):
            yield self._connection
            self._connection.execute("SET lock_configuration = true")

    @contextmanager
    def cursor(self, table: str, columns: Sequence[str]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one question on a table with these columns, until the time is up.

        Raises:
            InputError: DuckDB refused the question, or it took too long.
        """
        cursor = self._registered()
        done = threading.Event()
        threading.Thread(target=self._interrupt, args=(cursor, done), daemon=True).start()
        try:
            with self._told(table, columns):
                yield cursor
        finally:
            done.set()
            with self._running:
                self._cursors.discard(cursor)
                cursor.close()
                self._running.notify()

    def close(self) -> None:
        """Give up the queries that run, wait for their ends, and let the files go."""
        with self._running:
            self._closed = True
            while self._cursors:
                for cursor in self._cursors:
                    cursor.interrupt()
                self._running.wait(_AGAIN_S)
        self._connection.close()

    def _registered(self) -> duckdb.DuckDBPyConnection:
        """A cursor that ``close`` knows of."""
        with self._running:
            if self._closed:
                raise InputError(_CLOSED)
            cursor = self._connection.cursor()
            self._cursors.add(cursor)
        return cursor

    def _interrupt(self, cursor: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
        """Interrupt a cursor when the time is up, again and again: what starts after an interrupt goes on."""
        waiting = self._longest_s
        while not done.wait(waiting):
            cursor.interrupt()
            waiting = _AGAIN_S

    @contextmanager
    def _told(self, table: str | None, columns: Sequence[str]) -> Iterator[None]:
        """What DuckDB says of a condition or a file, in one sentence.

        Raises:
            InputError: DuckDB refused something.
        """
        import duckdb  # noqa: PLC0415 - an extra

        try:
            yield
        except UnicodeEncodeError as error:
            raise InputError("DuckDB reads names and conditions in UTF-8 alone; rename the folder.") from error
        except duckdb.InterruptException as error:
            if self._closed:
                raise InputError(_CLOSED) from error
            raise InputError(f"The query took more than {self._longest_s:g} s and was given up. Narrow it.") from error
        except duckdb.Error as error:
            raise InputError(_sentence(table, columns, str(error))) from error


def _sentence(table: str | None, columns: Sequence[str], said: str) -> str:
    if table is None:
        return f"A file of the dataset cannot be read: {_first_line(said)}. `blift verify` says which are damaged."
    if found := _NO_COLUMN.search(said):
        return no_column(table, found["name"], columns)
    return f"The condition cannot be used: {_first_line(said)}. {_EXAMPLE}"


def no_column(table: str, name: str, columns: Sequence[str]) -> str:
    """The sentence that a table has no column of a name, and which it has."""
    return f"{table} has no column {name!r}{did_you_mean(name, columns) or '.'} Its columns: {', '.join(columns)}."


def _first_line(said: str) -> str:
    """The sentence of a message of DuckDB, without the query that it quotes."""
    return cut(said.strip().partition("\n")[0], 400).rstrip(".")
