"""The SQLite file of a fetch folder, opened as what a stranger may have handed over, and its rows by their types.

SQLite's advice on files of others (sqlite.org/security.html, "Untrusted SQLite Database Files") is followed: no
functions in a schema, and here no schema but our own, so that neither a trigger nor a view runs; no journal that names
another file, which SQLite would delete. SQLite gives a column whatever was put into it, of any type.
"""

from __future__ import annotations

import os
import posixpath
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from backports import zstd

from blift.connectors.inside import check_file
from blift.schemas.errors import InputError, OutputError

_BUSY_S = 60.0
_SETTINGS = ("trusted_schema = OFF", "cell_size_check = ON", "journal_mode = WAL", "synchronous = NORMAL")
#: How a journal ends that names a super-journal (sqlite.org/fileformat2.html, section 3).
_SUPER_JOURNAL = bytes.fromhex("d9d505f920a163d7")
#: The largest record that is unpacked: some hundred times a video with 100,000 comments.
_RECORD_BYTES = 1 << 30
_CHECKED: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}

Row = TypeVar("Row")


class Database:
    """One file of tables. One object serves one thread.

    Args:
        path: of the file; its folder is there.
        tables: the statements that make its tables.
        form: the number of its format.

    Raises:
        InputError: the file is none of ours, or of another format.
        OutputError: it cannot be opened or made.
    """

    def __init__(self, path: str, tables: str, form: int) -> None:
        self._path = path
        _check_files(path)
        with self.told():
            self._base = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None)
            self._base.text_factory = bytes.decode
            for setting in _SETTINGS:
                self._base.execute(f"PRAGMA {setting}")
            with self.changes() as base:
                self._prepare(base, tables, form)

    def _prepare(self, base: sqlite3.Connection, tables: str, form: int) -> None:
        (found,) = base.execute("PRAGMA user_version").fetchone()
        if found == 0 and not _schema(base):
            _make(base, tables)
            base.execute(f"PRAGMA user_version = {form}")
            return
        if found not in (0, form):
            raise InputError(f"{self._path} has format {found}, and this blift reads {form}. Use another folder.")
        with sqlite3.connect(":memory:", isolation_level=None) as ours:
            _make(ours, tables)
            if _schema(base) != _schema(ours):
                raise InputError(f"{self._path} is none of blift's: it has other tables. Choose another folder.")
        ours.close()

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def changes(self) -> Iterator[sqlite3.Connection]:
        """A transaction: all of it or nothing.

        Raises:
            InputError: the file is damaged.
            OutputError: it cannot be written.
        """
        with self.told():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def rows(self, of_type: type[Row], query: str, values: Iterable[Any] = ()) -> Iterator[Row]:
        """The rows of a query, each a tuple of these types.

        Raises:
            InputError: the file is damaged.
            OutputError: it cannot be read.
        """
        with self.told():
            for row in self._base.execute(query, tuple(values)):
                yield msgspec.convert(row, of_type)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the file as sentences."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # of this code, not of the file
        except sqlite3.OperationalError as error:
            raise OutputError(f"Cannot open {self._path}: {error}. Check the folder and its disk.") from error
        except (sqlite3.Error, msgspec.ValidationError, zstd.ZstdError, UnicodeDecodeError, OverflowError) as error:
            raise InputError(f"{self._path} is damaged or none of blift's ({error}). Choose another folder.") from error


def _check_files(path: str) -> None:
    """Refuse what is no plain file, and a journal that would have SQLite delete another file."""
    folder, name = posixpath.split(path)
    for each in (name, f"{name}-wal", f"{name}-shm", f"{name}-journal"):
        check_file(folder, each)
    journal = f"{path}-journal"
    if os.path.exists(journal):
        with open(journal, "rb") as stream:
            stream.seek(max(0, os.path.getsize(journal) - len(_SUPER_JOURNAL)))
            if stream.read() == _SUPER_JOURNAL:
                raise InputError(f"{journal} names another file. blift did not write that: remove it.")


def _make(base: sqlite3.Connection, tables: str) -> None:
    for statement in tables.split(";\n"):
        base.execute(statement)


def _schema(base: sqlite3.Connection) -> set[tuple[str | None, ...]]:
    """Everything that a file defines: kind, name, table and statement of each."""
    return set(base.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def packed(data: bytes) -> bytes:
    """A record as it is kept, with a checksum."""
    return zstd.compress(data, options=_CHECKED)


def unpacked(data: bytes) -> bytes:
    """A record out of what is kept.

    Raises:
        zstd.ZstdError: it is damaged, or too large.
    """
    unpack = zstd.ZstdDecompressor()
    found: bytes = unpack.decompress(data, max_length=_RECORD_BYTES)
    if not unpack.eof:
        raise zstd.ZstdError("a record breaks off, or is too large")
    return found
