"""Ids of Reddit posts out of what people have: ids, permalinks and short links in lines, Parquet or CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from blift.connectors.files import ByteStream, InputFile, open_bytes
from blift.connectors.filesystem import open_to_read
from blift.connectors.lines import BadLine, read_lines
from blift.schemas.errors import InputError

#: Columns that may name a post, the surest first.
COLUMNS = ("permalink", "url", "post_id", "id")

_ID = re.compile(r"(?:t3_|reddit:)?([0-9a-z]{1,13})", re.IGNORECASE)
_HOST, _SHORT_HOST = "reddit.com", "redd.it"
#: Parts of a path after which the id of a post stands.
_BEFORE_ID = ("comments", "gallery", "poll", "tb", "by_id")
#: Parts of a path after which the name of a subreddit or user stands.
_PLACES = ("r", "u", "user")
_PARQUET = b"PAR1"
_CSV = re.compile(r"\.csv(\.\w+)?$", re.IGNORECASE)
_CSV_BLOCK = 32 << 20
_SHOWN = 200


class NamesNoPost(ValueError):
    """A text names no post of Reddit's; it says why."""


class BadEntry(NamedTuple):
    """A line or row that names no post: its file, its number (1 first; rows of a table, without the head), and why."""

    source: str
    number: int
    text: str
    problem: str


@dataclass
class FoundIds:
    """Ids of posts, each once, in the order of the file; and what names none."""

    ids: list[str] = field(default_factory=list)
    bad: list[BadEntry] = field(default_factory=list)


def submission_id(text: str) -> str:
    """The id that a text names: ``1abc``, ``t3_1abc``, a permalink with or without its host, ``redd.it/1abc``.

    Raises:
        NamesNoPost: it names none.
    """
    text = text.strip()
    found = _ID.fullmatch(text)
    if found:
        return found[1].lower()
    if text.startswith("t1_"):
        raise NamesNoPost("it names a comment")
    if "." not in text and "/" not in text:
        raise NamesNoPost("it is neither an id, base 36, nor an address")
    return _of_address(text)


def _of_address(text: str) -> str:
    try:
        address = urlsplit(_whole(text))
        host = (address.hostname or "").rstrip(".").lower()
    except ValueError:
        raise NamesNoPost("it is no address") from None
    parts = [part for part in address.path.split("/") if part]
    if host in (_SHORT_HOST, f"www.{_SHORT_HOST}"):
        return _id_in(parts[0] if parts else "")
    if host.endswith(f".{_SHORT_HOST}"):
        raise NamesNoPost("it is the address of a file, not of a post")
    if host != _HOST and not host.endswith(f".{_HOST}"):
        raise NamesNoPost("it is no address of Reddit's")
    if parts and parts[0].lower() in _PLACES:  # a subreddit may have any name
        del parts[:2]
    for before, part in pairwise(parts):
        if before.lower() in _BEFORE_ID:
            return _id_in(part)
    if parts[:1] == ["s"]:
        raise NamesNoPost("a share link does not say where it leads; open it, and give the address that it leads to")
    raise NamesNoPost("it is an address of Reddit's, not of a post")


def _whole(text: str) -> str:
    """An address with its scheme and host."""
    if text.startswith("/") or text.partition("/")[0].lower() in (*_PLACES, *_BEFORE_ID):
        return f"https://www.{_HOST}/{text.lstrip('/')}"
    return text if "://" in text else f"https://{text}"


def _id_in(part: str) -> str:
    found = _ID.fullmatch(part)
    if not found:
        raise NamesNoPost("what stands where the id should be is none")
    return found[1].lower()


def read_ids(file: InputFile) -> FoundIds:
    """The ids that a file names: a line each, or a column of a Parquet or CSV file (``COLUMNS``).

    Of several such columns the first that names a post counts. Empty lines are nothing.

    Raises:
        InputError: the file cannot be read, or has no such column.
    """
    with open_bytes(file.path) as stream:
        is_parquet = stream.read(len(_PARQUET)) == _PARQUET
    if is_parquet:
        return _gathered(file.name, _parquet_rows(file))
    if _CSV.search(file.path):
        return _gathered(file.name, _csv_rows(file))
    return _gathered(file.name, _lines(file))


def _gathered(source: str, rows: Iterable[tuple[int, list[str]]]) -> FoundIds:
    found: dict[str, None] = {}
    bad = []
    for number, texts in rows:
        told = [text for text in texts if text.strip()]
        problem = None
        for text in told:
            try:
                found[submission_id(text)] = None
            except NamesNoPost as error:
                problem = problem or BadEntry(source, number, text[:_SHOWN], str(error))
            else:
                break
        else:
            bad += [problem] if problem else []
    return FoundIds(list(found), bad)


def _lines(file: InputFile) -> Iterator[tuple[int, list[str]]]:
    for part in read_lines(file):
        if isinstance(part, BadLine):
            raise InputError(f"Line {part.number} of {file.path} cannot be read: {part.problem}.")
        for number, line in enumerate(part.data.split(b"\n"), start=part.first):
            yield number, [line.decode(errors="replace")]


def _parquet_rows(file: InputFile) -> Iterator[tuple[int, list[str]]]:
    with _damage_told(file):
        stream = open_to_read(file.path)
        with stream, pq.ParquetFile(stream) as parquet:
            names = _named(file, parquet.schema_arrow)
            yield from _rows(parquet.iter_batches(columns=names), names)


def _csv_rows(file: InputFile) -> Iterator[tuple[int, list[str]]]:
    with _damage_told(file), open_bytes(file.path) as stream:
        table = pa_csv.open_csv(
            pa.PythonFile(_Readable(stream), mode="r"),
            read_options=pa_csv.ReadOptions(block_size=_CSV_BLOCK),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                include_columns=COLUMNS, include_missing_columns=True, column_types=dict.fromkeys(COLUMNS, pa.string())
            ),
        )
        _named(file, pa.schema([(name, pa.string()) for name in _head(file)]))
        yield from _rows(table, list(COLUMNS))


def _head(file: InputFile) -> list[str]:
    """The names in the first line of a CSV file."""
    with open_bytes(file.path) as stream:
        first = stream.read(_CSV_BLOCK).removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0]
    return next(csv.reader([first.decode(errors="replace").strip()]), [])


class _Readable(io.RawIOBase):
    """A stream as Arrow takes it."""

    def __init__(self, stream: ByteStream) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        return self._stream.read(size)


def _rows(batches: Iterable[Any], names: list[str]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    for batch in batches:
        columns = [batch.column(name).to_pylist() for name in names]
        for values in zip(*columns, strict=True):
            number += 1
            yield number, [value for value in values if isinstance(value, str)]


def _named(file: InputFile, schema: Any) -> list[str]:
    """The columns of a table that may name posts."""
    names = [name for name in COLUMNS if name in schema.names and pa.types.is_string(schema.field(name).type)]
    if not names:
        raise InputError(
            f"{file.path} has no column of texts that names posts. One of {', '.join(COLUMNS)} is needed; it has "
            f"{', '.join(schema.names)}."
        )
    return names


@contextmanager
def _damage_told(file: InputFile) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        raise InputError(f"{file.path} cannot be read: {error}.") from error
