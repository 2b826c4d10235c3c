"""A file as blocks of whole lines, in bounded memory; what cannot be held, and a file that breaks off, are told."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blift.connectors.files import ByteStream, DamagedFile, InputFile, most_unpacked, open_bytes
from blift.connectors.malformed import PAYLOAD_BYTES, Malformed
from blift.schemas.errors import InputError
from blift.schemas.reasons import Reason

#: How much of a file is held at a time, unpacked. (The C library hands memory of 32 MiB and more back to the system
#: each time, and getting it anew costs as much as reading the file.)
BLOCK_BYTES = 8 << 20
#: The most lines of a block. A record takes hundreds of bytes, however short its line is.
BLOCK_LINES = 20_000
#: The longest line that is read. Reddit's longest records, a post with 100 embedded crossposts, have about 2 MB.
MAX_LINE_BYTES = 8 << 20
#: What a line counts for beside its bytes: a record takes memory however short its line is. (Less than `MAX_RATIO`, so
#: that a file that is not packed never comes that far.)
LINE_BYTES = 96
#: Read of what a packed file unpacks to, however small it is.
MORE_BYTES = 8 << 20

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Lines:
    """Whole lines: ``data`` without the last line's end, the number of the first line (1 first), how many they are.

    ``numbers`` are those of all lines, where they do not follow one another in the file.
    """

    first: int
    data: bytes
    count: int
    numbers: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class BadLine:
    """A line that cannot be read, or the place at which a file breaks off: its number, its beginning, and why."""

    number: int
    head: bytes
    problem: Malformed


def read_lines(
    file: InputFile,
    *,
    block_bytes: int = BLOCK_BYTES,
    block_lines: int = BLOCK_LINES,
    max_line_bytes: int = MAX_LINE_BYTES,
    encoding: str | None = None,
) -> Iterator[Lines | BadLine]:
    """The lines of a file, packed or not. Its end needs no line end; a byte order mark is dropped.

    A file that breaks off, whose packing is damaged, or that unpacks to far more than it holds, ends with one
    `BadLine`; what stood before is given.

    Args:
        file: to read.
        block_bytes: of the file are held at a time, unpacked.
        block_lines: the most lines that are given at a time.
        max_line_bytes: a longer line becomes a `BadLine`.
        encoding: of the file; None for UTF-8.

    Raises:
        InputError: the file cannot be opened, or its filesystem fails in the middle.
    """
    gathered = _Gathered(max_line_bytes, block_lines)
    with open_bytes(file.path) as stream:
        room = most_unpacked(file.size_bytes, MORE_BYTES)
        try:
            for part in gathered.read(
                _AsUtf8(stream, encoding) if encoding else stream, min(block_bytes, max_line_bytes)
            ):
                if isinstance(part, Lines):
                    room -= len(part.data) + LINE_BYTES * part.count
                    if room < 0:
                        raise DamagedFile(f"its {file.size_bytes:,} bytes unpack to far more than any archive does")
                yield part
        except EOFError as error:
            yield gathered.broken(Reason.TRUNCATED_FILE, str(error) or "the file ends too early")
        except DamagedFile as error:
            yield gathered.broken(Reason.UNREADABLE_FILE, str(error))
        except OSError as error:
            raise InputError(f"Reading {file.path} failed after line {gathered.number - 1}: {error}.") from error


class _AsUtf8:
    """A stream of text in another encoding as UTF-8; what is none of that encoding becomes U+FFFD."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._held = b""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes."""
        while len(self._held) < size:
            piece = self._stream.read(size)
            self._held += self._decoder.decode(piece, final=not piece).encode()
            if not piece:
                break
        found, self._held = self._held[:size], self._held[size:]
        return found


class _Gathered:
    """A line that is not whole yet."""

    def __init__(self, max_line_bytes: int, block_lines: int) -> None:
        self.number = 1
        self._max = max_line_bytes
        self._block_lines = block_lines
        self._parts: list[bytes] = []
        self._size = 0

    def read(self, stream: ByteStream, block_bytes: int) -> Iterator[Lines | BadLine]:
        """The whole lines of a stream, block by block."""
        piece = stream.read(len(_BOM)).removeprefix(_BOM) or stream.read(block_bytes)
        while piece:
            first, last = piece.find(b"\n"), piece.rfind(b"\n")
            start = 0
            if first >= 0 and self._size + first > self._max:
                yield self._too_long(first)
                start = first + 1
            if last >= start:
                yield from self._lines(memoryview(piece)[start:last])
            self._hold(piece[last + 1 :])
            piece = stream.read(block_bytes)
        if self._size > self._max:
            yield self._too_long(0)
        elif self._size:
            yield from self._lines(b"")

    def _hold(self, piece: bytes) -> None:
        self._size += len(piece)
        self._parts.append(piece)
        if self._size > self._max:
            self._parts = [b"".join(part[:PAYLOAD_BYTES] for part in self._parts)[:PAYLOAD_BYTES]]

    def _lines(self, end: bytes | memoryview) -> Iterator[Lines]:
        data = b"".join([*self._parts, end])
        self._parts, self._size = [], 0
        for part, count in _few_at_a_time(data, self._block_lines):
            yield Lines(self.number, part, count)
            self.number += count

    def _too_long(self, more_bytes: int) -> BadLine:
        detail = f"the line has {self._size + more_bytes:,} bytes, more than the {self._max:,} that are read"
        bad = BadLine(self.number, b"".join(self._parts)[:PAYLOAD_BYTES], Malformed(Reason.LINE_TOO_LONG, detail))
        self.number += 1
        self._parts, self._size = [], 0
        return bad

    def broken(self, reason: Reason, detail: str) -> BadLine:
        """The file ends here, in the middle of a line or not."""
        where = f"after line {self.number - 1}" if not self._size else f"in line {self.number}"
        return BadLine(self.number, b"".join(self._parts)[:PAYLOAD_BYTES], Malformed(reason, f"{where}: {detail}"))


def _few_at_a_time(data: bytes, most: int) -> Iterator[tuple[bytes, int]]:
    """The lines in pieces of at most so many, and how many each has."""
    count = data.count(b"\n") + 1
    if count <= most:
        yield data, count
        return
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))[most - 1 :: most].tolist()
    starts = [0, *(end + 1 for end in ends)]
    for place, (start, end) in enumerate(zip(starts, [*ends, len(data)], strict=True)):
        yield data[start:end], min(most, count - place * most)
