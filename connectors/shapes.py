"""Files that should hold one JSON object a line, and do not: told by how they begin, and read where that is safe.

A JSON array, a listing or another envelope of an API, objects on several lines, and UTF-16 are read. A web page, a
table (CSV, Parquet, SQLite) or a package is refused with a sentence that says what it looks like.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from itertools import groupby, islice
from typing import Any, NamedTuple

import numpy as np

from blift.connectors.files import ByteStream, DamagedFile, InputFile, most_unpacked, open_bytes
from blift.connectors.lines import BLOCK_BYTES, LINE_BYTES, MAX_LINE_BYTES, MORE_BYTES, BadLine, Lines, read_lines
from blift.connectors.malformed import DECODER, PAYLOAD_BYTES, Malformed
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason

_HEAD_BYTES = 64 << 10
#: Objects that are given at a time.
_OBJECTS = 5_000

#: How files of other kinds begin.
_MAGIC = (
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PK\x03\x04", "a ZIP package (or a spreadsheet)"),
    (b"7z\xbc\xaf", "a 7z package"),
    (b"Rar!", "a RAR package"),
    (b"%PDF-", "a PDF"),
    (b"ARROW1", "an Arrow file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x80\x04\x95", "a Python pickle"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"version https://git-lfs", "a pointer of Git LFS, in place of the file"),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
#: Of a file, in which its encoding shows.
_BEGIN_BYTES = 64
#: How JSON begins in an encoding: an object with a name, or an array.
_BEGINS = re.compile(r'\s*(?:\{\s*["}]|\[\s*[{\["\]])')
_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml|svg|rss|feed|error)", re.IGNORECASE)
#: Objects that are no records themselves: what APIs put around lists of them.
_ENVELOPE = re.compile(
    rb'\s*\{\s*"(?:kind"\s*:\s*"Listing"|(?:data|posts|comments|submissions|results|items|hits)"\s*:\s*[\[{])'
)
_TAR = (257, b"ustar")
_COLUMNS = frozenset({"id", "title", "author", "score", "body", "selftext", "created_utc", "url", "subreddit", "text"})
_MIN_COLUMNS = 2
#: Fields under which envelopes keep their lists, the surest first.
_LISTS = ("children", "data", "posts", "submissions", "comments", "results", "items", "hits", "things", "json")
_DEEPEST = 600
#: Times the longest object: more is not read in vain.
_MOST_WASTED = 4
#: How Python begins to say that JSON ends within a text, where no line break of a pretty object can be.
_IN_TEXT = "Unterminated string"
#: Characters of the longest word or escape of JSON: one that is cut off is told where it begins.
_LONGEST_WORD = 12
#: What may stand between two objects.
_BETWEEN = re.compile("[ \t\r\n,\\[\\]\ufeff\x1e]*")
#: The next line that begins an object; and bytes that were no UTF-8.
_NEXT_OBJECT = re.compile(r"\n[ \t,\[]*\{")
_NO_TEXT = re.compile("[\ud800-\udfff]")


class Shape(Enum):
    """How the records of a file stand in it."""

    LINES = auto()  # one a line
    VALUES = auto()  # an array, an envelope, or objects on several lines


def read_records(
    file: InputFile, *, block_bytes: int = BLOCK_BYTES, max_line_bytes: int = MAX_LINE_BYTES
) -> Iterator[Lines | BadLine]:
    """The records of a file, one JSON object a line, however they stand in the file; see ``read_lines``.

    Args:
        file: to read.
        block_bytes: of the file are held at a time, unpacked.
        max_line_bytes: a longer line, or object, becomes a `BadLine`.

    Raises:
        InputError: the file cannot be opened, its filesystem fails, or it is a file of another kind.
    """
    head = _head(file)
    encoding = _encoding(head)
    if encoding:
        head = head.decode(encoding, errors="replace").encode()
    if _shape(head, file.path) is Shape.LINES:
        yield from read_lines(file, block_bytes=block_bytes, max_line_bytes=max_line_bytes, encoding=encoding)
    else:
        yield from _read_values(file, encoding or "utf-8-sig", block_bytes, max_line_bytes)


def _head(file: InputFile) -> bytes:
    """The beginning of a file; what cannot be unpacked is told by who reads it from there."""
    with open_bytes(file.path) as stream:
        try:
            return stream.read(_HEAD_BYTES)
        except (EOFError, OSError):
            return b""


def _encoding(head: bytes) -> str | None:
    """The encoding of a file that is not UTF-8: UTF-16 or UTF-32, with or without a byte order mark.

    A mark or a NUL alone is not enough: the other lines must be read even where the first one is damaged.
    """
    names = [*(name for mark, name in _MARKS if head.startswith(mark)), *_UNMARKED]
    return next((name for name in names if _BEGINS.match(head[:_BEGIN_BYTES].decode(name, "replace"))), None)


def _shape(head: bytes, path: str) -> Shape:
    """How the records of a file stand in it, by its beginning.

    Raises:
        InputError: it is a file of another kind.
    """
    found = next((name for magic, name in _MAGIC if head.startswith(magic)), None)
    plain = head.removeprefix(codecs.BOM_UTF8)
    start, magic = _TAR
    if head[start : start + len(magic)] == magic:
        found = "a tar package"
    elif _PAGE.match(plain):
        found = "a web page or XML"
    elif plain.lstrip()[:2] == b"{'":
        found = "Python's way to print objects (in single quotes)"
    else:
        found = found or _table(plain)
    if found:
        raise InputError(
            f"{path} looks like {found}, not like an archive with one JSON object a line. Name another file in the "
            "recipe, or convert this one."
        )
    is_values = _is_array(plain) or _ENVELOPE.match(plain) or _is_pretty(plain)
    return Shape.VALUES if is_values else Shape.LINES


def _table(plain: bytes) -> str | None:
    """CSV or TSV by its first line, which names columns."""
    first = plain.partition(b"\n")[0].decode(errors="replace")
    for separator, name in ((",", "CSV"), ("\t", "TSV"), (";", "CSV")):
        names = {part.strip().strip('"').lower() for part in first.split(separator)}
        if "{" not in first and len(names & _COLUMNS) >= _MIN_COLUMNS:
            return f"{name} (a table of texts)"
    return None


def _is_array(plain: bytes) -> bool:
    """The file is an array of objects; a line that is an array of something else is one bad line among others."""
    first, _, more = plain.lstrip().partition(b"\n")
    if not first.startswith(b"["):
        return False
    try:
        values = DECODER.decode(first.decode())
    except (ValueError, RecursionError):
        return True
    return not more.strip() or any(isinstance(value, dict) for value in values)


def _is_pretty(plain: bytes) -> bool:
    """Objects take several lines each: the first line breaks off between two values, and the next begins no object."""
    first, _, more = plain.lstrip().partition(b"\n")
    if not first.startswith(b"{") or not more.strip() or more.lstrip()[:1] not in (b'"', b"}"):
        return False
    try:
        text = first.decode()
        DECODER.decode(text)
    except json.JSONDecodeError as error:
        return _breaks_off(error, len(text.rstrip())) and not error.msg.startswith(_IN_TEXT)
    except (ValueError, RecursionError):
        return False
    return False


def _breaks_off(error: json.JSONDecodeError, length: int) -> bool:
    """JSON of that length, in characters, is not wrong: there is more of it."""
    return error.pos >= length - _LONGEST_WORD or error.msg.startswith(_IN_TEXT)


def _read_values(file: InputFile, encoding: str, block_bytes: int, max_bytes: int) -> Iterator[Lines | BadLine]:
    """The objects of a file that holds values of JSON, one after the other, in arrays or in envelopes.

    After an object that cannot be read, the next line that begins one is read.
    """
    with open_bytes(file.path) as stream:
        values = _Values(stream, encoding, min(block_bytes, max_bytes), max_bytes)
        records = _sized(values, file.size_bytes)
        for is_bad, found in groupby(_to_the_end(records, values, file.path), key=lambda one: isinstance(one, BadLine)):
            if is_bad:
                yield from (one for one in found if isinstance(one, BadLine))
                continue
            good = (one for one in found if not isinstance(one, BadLine))
            while held := list(islice(good, _OBJECTS)):
                yield _lines(held)


def _to_the_end(
    records: Iterator[tuple[int, bytes] | BadLine], values: _Values, path: str
) -> Iterator[tuple[int, bytes] | BadLine]:
    """The records, and last what is left of a file that breaks off."""
    try:
        yield from records
    except EOFError as error:
        yield values.broken(Malformed(Reason.TRUNCATED_FILE, str(error) or "the file ends too early"))
    except DamagedFile as error:
        yield values.broken(Malformed(Reason.UNREADABLE_FILE, str(error)))
    except OSError as error:
        raise InputError(f"Reading {path} failed after line {values.number - 1}: {error}.") from error


def _sized(values: _Values, size_bytes: int) -> Iterator[tuple[int, bytes] | BadLine]:
    """The records of a file of that size, each as JSON, with the number of its line.

    Raises:
        DamagedFile: they are far larger than the file.
        EOFError, OSError: the file cannot be read on.
    """
    room = most_unpacked(size_bytes, MORE_BYTES)
    for value in values.objects():
        if isinstance(value, BadLine):
            yield value
            continue
        for record in _records(value.content):
            line = value.line if record is value.content else json.dumps(record).encode()
            room -= len(line) + LINE_BYTES
            if room < 0:
                raise DamagedFile(f"its {size_bytes:,} bytes unpack to far more than any archive does")
            yield values.number, line


def _lines(records: list[tuple[int, bytes]]) -> Lines:
    numbers = np.array([number for number, _ in records], dtype=np.int64)
    return Lines(records[0][0], b"\n".join(line for _, line in records), len(records), numbers)


class _Object(NamedTuple):
    """An object, and its text."""

    content: dict[str, Any]
    text: str

    @property
    def line(self) -> bytes:
        """The text on one line: no line break of JSON stands in a string."""
        return self.text.replace("\n", " ").encode()


class _Values:
    """A stream of text, and how far it is read: the number of the line, and what was read of it."""

    def __init__(self, stream: ByteStream, encoding: str, block_bytes: int, max_bytes: int) -> None:
        self.number = 1
        self._stream = stream
        # Bytes that are no UTF-8 cost the object that they are in.
        errors = "surrogateescape" if "utf-8" in encoding else "surrogatepass"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        self._block_bytes = block_bytes
        self._max = max_bytes
        self._text = ""
        self._place = 0
        self._is_over = False
        self._wasted = 0

    def objects(self) -> Iterator[_Object | BadLine]:
        """Every object, ``number`` being the line on which it begins; arrays around objects are opened.

        What cannot be read is a bad line, up to the next line that begins an object.
        """
        while self._skip():
            try:
                value, end = self._object()
            except Malformed as problem:
                yield self.broken(problem)
                self._skip_object()
                continue
            yield _Object(value, self._text[self._place : end])
            self._advance(end)

    def _object(self) -> tuple[dict[str, Any], int]:
        """The object that stands next, and where it ends.

        Raises:
            Malformed: no object stands there, or it is too long.
        """
        start = self._text[self._place]
        if start != "{":
            raise Malformed(Reason.NOT_JSON, f"{start!r} stands where an object should begin")
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._place)
            except RecursionError as error:
                raise Malformed(Reason.NOT_JSON, "it is nested too deeply") from error
            except json.JSONDecodeError as error:
                if len(self._text) - self._place > self._max:
                    self._waste(self._max)
                    detail = f"an object has more than the {self._max:,} bytes that are read"
                    raise Malformed(Reason.LINE_TOO_LONG, detail) from error
                if not _breaks_off(error, len(self._text)) or not self._more():
                    self._waste(error.pos - self._place)
                    raise Malformed(Reason.NOT_JSON, str(error)) from error
            else:
                if _NO_TEXT.search(self._text, self._place, end):
                    raise Malformed(Reason.NOT_UTF8, "bytes that are no text")
                return value, end

    def _waste(self, characters: int) -> None:
        """Count what was read in vain: objects that are never closed lie in one another, and each is read to the end.

        Raises:
            DamagedFile: it is too much.
        """
        self._wasted += characters
        if self._wasted > _MOST_WASTED * self._max:
            raise DamagedFile("its objects are not closed")

    def _skip_object(self) -> None:
        """Go to the next line that begins an object, or to the end."""
        self._advance(min(self._place + 1, len(self._text)))
        while not (found := _NEXT_OBJECT.search(self._text, self._place)):
            # The last characters may be the beginning of such a line.
            self._advance(max(self._place, len(self._text) - _LONGEST_WORD))
            if not self._more():
                self._advance(len(self._text))
                return
        self._advance(found.end() - 1)

    def broken(self, problem: Malformed) -> BadLine:
        """The file cannot be read from here on."""
        head = self._text[self._place : self._place + PAYLOAD_BYTES].encode(errors="replace")[:PAYLOAD_BYTES]
        return BadLine(self.number, head, Malformed(problem.reason, f"in line {self.number}: {problem.detail}"))

    def _skip(self) -> bool:
        """Go to the next object, over what stands between objects; false at the end.

        Raises:
            DamagedFile: nothing comes for longer than any object is.
        """
        skipped = 0
        while True:
            found = _BETWEEN.match(self._text, self._place)
            place = found.end() if found else self._place
            skipped += place - self._place
            self._advance(place)
            if place < len(self._text):
                return True
            if skipped > self._max:
                raise DamagedFile(f"no object stands in {skipped:,} characters")
            if not self._more():
                return False

    def _more(self) -> bool:
        """Read on; false at the end of the file."""
        if self._is_over:
            return False
        piece = self._stream.read(self._block_bytes)
        self._is_over = not piece
        try:
            self._text = self._text[self._place :] + self._decoder.decode(piece, final=not piece)
        except UnicodeDecodeError as error:
            raise DamagedFile(f"it is not all {error.encoding}: {error.reason}") from error
        self._place = 0
        return True

    def _advance(self, place: int) -> None:
        self.number += self._text.count("\n", self._place, place)
        self._place = place


def _records(value: Any, depth: int = 0) -> Iterator[Any]:
    """The records in a value: itself, or those that an envelope holds, with the replies of comments in it.

    What Reddit only names (`more`) is no record.
    """
    if isinstance(value, list):
        for item in value:
            yield from _records(item, depth + 1)
        return
    if not isinstance(value, dict) or depth > _DEEPEST:
        yield value
        return
    if value.get("kind") == "more":
        return
    if isinstance(value.get("data"), dict) and "id" not in value:
        yield from _records(value["data"], depth + 1)
    elif "id" not in value and any(_holds(value.get(name)) for name in _LISTS):
        inner = next(value[name] for name in _LISTS if _holds(value.get(name)))
        yield from _records(inner, depth + 1)
    elif "_source" in value:
        yield from _records(value["_source"], depth + 1)
    else:
        replies = value.get("replies")
        yield {**value, "replies": ""} if replies else value
        if isinstance(replies, dict):
            yield from _records(replies, depth + 1)


def _holds(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, dict) and bool(value))


def objects_of(line: bytes) -> list[bytes] | None:
    """The objects of a line that holds several, one after the other; None where it does not."""
    try:
        text = line.decode().strip(" \t\r\0,")
        found: list[bytes] = []
        place = 0
        while place < len(text):
            value, end = DECODER.raw_decode(text, place)
            if not isinstance(value, dict):
                return None
            found.append(text[place:end].encode())
            place = end + len(text[end:]) - len(text[end:].lstrip(" \t\r\0,"))
    except (ValueError, RecursionError):
        return None
    return found if len(found) > 1 else None
