"""Input files: found by pattern, opened whatever they are packed with, on any filesystem that Beam knows."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import pyarrow as pa
from backports import zstd

from blift.connectors.bytes_read import bytes_read
from blift.connectors.filesystem import Entry, is_here, matched, open_to_read
from blift.connectors.store_errors import reason_of
from blift.connectors.wildcards import folder_before_wildcards
from blift.schemas.errors import InputError, cut
from blift.schemas.reasons import Reason

#: Reddit's archives are packed with a window of 2 GiB (`zstd --long=31`).
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}

#: A packed file is read until it comes to so many times its size, and some more. Archives unpack to 5 to 30 times their
#: size, and a file that is made to fill memory to a thousand times and more.
MAX_RATIO = 100

#: How much of a packed file is taken at a time.
_PACKED_BYTES = 128 << 10


@dataclass(frozen=True)
class InputFile:
    """A file to read: its path or address, its size, and its name relative to the pattern that found it."""

    path: str
    size_bytes: int
    name: str


@dataclass(frozen=True)
class Chunk:
    """Rows read from a part of a file.

    Attributes:
        rows_in: records in that part: the rows of ``table`` and ``rejects``, and what the other two count.
        table: records that could be read.
        rejects: the others, as rows of the reject table.
        skipped: records that the caller asked to leave out, counted by the reason for it.
        unlisted: records that could not be read, and that are more than is listed of one file, counted by the reason.
    """

    rows_in: int
    table: pa.Table
    rejects: pa.Table
    skipped: Mapping[Reason, int] = field(default_factory=dict)
    unlisted: Mapping[Reason, int] = field(default_factory=dict)

    def rejected(self) -> Counter[Reason]:
        """How many records could not be read, by reason."""
        listed = self.rejects.column("reason").value_counts().to_pylist()
        return Counter({Reason(row["values"]): row["counts"] for row in listed}) + Counter(self.unlisted)


def most_unpacked(size_bytes: int, more_bytes: int) -> int:
    """How many bytes are read of what a file of ``size_bytes`` unpacks to; ``more_bytes`` of them whatever its size."""
    return more_bytes + MAX_RATIO * size_bytes


class ByteStream(Protocol):
    """What `open_bytes` gives."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes."""


class _Packed(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class DamagedFile(OSError):
    """The content of a packed file is not what its format says; one that ends too early raises EOFError."""


def match(patterns: Iterable[str]) -> list[InputFile]:
    """The files that the patterns name, each once, sorted by name.

    A pattern is a path, an address such as ``gs://bucket/RS_*.zst``, or a glob: ``*`` stays within a folder,
    ``**`` does not.

    Raises:
        InputError: a pattern matches nothing, or names a folder, a device, a pipe or a socket.
    """
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        entries = _entries(pattern)
        if not entries:
            raise InputError(f"No file matches {cut(pattern, 400)}. Check the path in the recipe.")
        root = folder_before_wildcards(pattern)
        for entry in entries:
            if is_here(entry.path) and os.path.exists(entry.path) and not os.path.isfile(entry.path):
                raise InputError(f"{entry.path} is a device, a pipe or a socket. Name regular files in the recipe.")
            name = entry.path.removeprefix(root).lstrip("/")
            found.setdefault(entry.path, InputFile(entry.path, entry.size_bytes, name))
    return sorted(found.values(), key=lambda file: (file.name, file.path))


def _entries(pattern: str) -> list[Entry]:
    if is_here(pattern) and os.path.isdir(pattern):
        raise InputError(f"{pattern} is a folder. Name the files in it, such as {pattern.rstrip('/')}/*.")
    if is_here(pattern) and os.path.exists(pattern):  # brackets in a plain name are no wildcards
        facts = os.stat(pattern)
        return [Entry(pattern, facts.st_size, facts.st_mtime)]
    return list_files(pattern)


def list_files(pattern: str) -> list[Entry]:
    """The files that one glob matches; none is no error.

    Raises:
        InputError: the filesystem does not answer, or there is none for such an address.
    """
    try:
        return matched(pattern)
    except (ValueError, OSError) as error:
        raise InputError(
            f"Cannot list {cut(pattern, 400)}: {reason_of(error)}. Check the address and your access to it."
        ) from error


def refuse_broken_links(pattern: str) -> None:
    """Look for links that a pattern matches and that lead to no file: a listing leaves them out without a word.

    Raises:
        InputError: there is one.
    """
    links = glob.iglob(pattern, recursive=True) if is_here(pattern) else ()
    broken = next((path for path in links if not os.path.exists(path)), None)
    if broken is not None:
        raise InputError(f"{broken} is a link to {os.readlink(broken)}, which is not there. Mend it, or remove it.")


def literal(path: str) -> str:
    """A path as a pattern that matches it alone."""
    return glob.escape(path)


@contextmanager
def open_bytes(path: str) -> Iterator[ByteStream]:
    """Open a file for reading, unpacked if it is zstd, gzip, xz or bzip2 by its first bytes, whatever its name.

    Members and frames that follow one another are read as one. Memory is bounded, whatever the content
    unpacks to; a zstd window takes up to 2 GiB where the file was written with one.

    Raises:
        InputError: the file cannot be opened.
        EOFError: while reading, where the packed content ends too early.
        DamagedFile: while reading, where the packed content is broken.
        MemoryError: while reading, where there is no memory for the window that the file was packed with.
        OSError: while reading, where the filesystem fails.
    """
    try:
        raw = open_to_read(path)
        magic = raw.read(6)
        raw.seek(0)
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot open {path}: {reason_of(error)}.") from error
    try:
        unpack = next((opener for start, opener in _OPENERS if magic.startswith(start)), None)
        with bytes_read.reading(path, raw):
            yield _Unpacked(unpack(raw)) if unpack else raw
    finally:
        raw.close()


def _open_zstd(raw: Any) -> _Packed:
    return _Streams(raw, partial(zstd.ZstdDecompressor, options=_ZSTD_OPTIONS))


def _open_gzip(raw: Any) -> _Packed:
    return gzip.GzipFile(fileobj=raw)


def _open_xz(raw: Any) -> _Packed:
    return _Streams(raw, lzma.LZMADecompressor)


def _open_bzip2(raw: Any) -> _Packed:
    return _Streams(raw, bz2.BZ2Decompressor)


class _Streams:
    """Streams of zstd, xz or bzip2 that follow one another.

    Python's own readers take a damaged stream of xz or bzip2 for the end of the file, and copy unpacked zstd once more.
    """

    def __init__(self, raw: Any, new: Callable[[], Any]) -> None:
        self._raw = raw
        self._new = new
        self._current = new()

    def read1(self, size: int, /) -> bytes:
        while True:
            if self._current.eof:
                packed = self._after_padding(self._current.unused_data)
                if not packed:
                    return b""
                self._current = self._new()
            else:
                packed = self._raw.read(_PACKED_BYTES) if self._current.needs_input else b""
                if self._current.needs_input and not packed:
                    raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            piece: bytes = self._current.decompress(packed, size)
            if piece:
                return piece

    def _after_padding(self, packed: bytes) -> bytes:
        """The next stream's beginning; zeros may stand before it. Empty at the end of the file."""
        packed = packed.lstrip(b"\0")
        while not packed:
            more: bytes = self._raw.read(_PACKED_BYTES)
            if not more:
                break
            packed = more.lstrip(b"\0")
        return packed


#: First bytes of a format, and what opens it. zstd's pzstd and seekable forms begin with a skippable frame.
_OPENERS: tuple[tuple[tuple[bytes, ...], Callable[[Any], _Packed]], ...] = (
    ((b"\x28\xb5\x2f\xfd", *(bytes([0x50 + low, 0x2A, 0x4D, 0x18]) for low in range(16))), _open_zstd),
    ((b"\x1f\x8b",), _open_gzip),
    ((b"\xfd7zXZ\x00",), _open_xz),
    ((b"BZh",), _open_bzip2),
)


class _Unpacked:
    """A packed stream whose errors are told apart from those of the filesystem, and come after all that was read."""

    def __init__(self, stream: _Packed) -> None:
        self._stream = stream
        self._error: Exception | None = None

    def read(self, size: int, /) -> bytes:
        pieces: list[bytes] = []
        room = size
        while room and self._error is None:
            try:
                piece = self._stream.read1(room)
            except (EOFError, OSError, zlib.error, lzma.LZMAError, zstd.ZstdError) as error:
                self._error = _told_apart(error)
                break
            if not piece:
                break
            pieces.append(piece)
            room -= len(piece)
        if self._error is not None and not pieces:
            raise self._error
        return b"".join(pieces)


def _told_apart(error: Exception) -> Exception:
    """The error as `open_bytes` documents it. bz2 and gzip have no class of their own, but no error number either."""
    if isinstance(error, zstd.ZstdError) and "Allocation error" in str(error):
        return MemoryError(str(error))  # a window of up to 2 GiB that this machine does not have: no fault of the file
    is_of_filesystem = isinstance(error, OSError) and error.errno is not None
    return error if is_of_filesystem or isinstance(error, EOFError) else DamagedFile(str(error))
