"""Archives of Reddit as tables: NDJSON of submissions or comments, block by block."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import compress
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from blift.connectors.ahead import ahead, spare_threads
from blift.connectors.files import Chunk, InputFile
from blift.connectors.lines import BLOCK_BYTES, MAX_LINE_BYTES, BadLine, Lines
from blift.connectors.malformed import Malformed, RejectList
from blift.connectors.plain import PlainForm
from blift.connectors.reddit.columns import comment_table, post_id, post_table
from blift.connectors.reddit.records import Comment, Observed, Submission, decode_line, decode_lines
from blift.connectors.shapes import objects_of, read_records
from blift.schemas.places import subreddit_name
from blift.schemas.reasons import Reason

#: Rows of a chunk, about; and the most blocks of a file of whose records few are wanted.
_CHUNK_ROWS, _CHUNK_PARTS = 20_000, 64

#: The least size of a file that several threads read.
_THREADED_BYTES = 1 << 20
#: How many of the records of a block must be left out, of 1, for the next to be sifted before it is decoded.
_WORTH_SIFTING = 0.3
#: A comment among submissions is for the decoder to judge.
_PLAIN: dict[type[Observed], PlainForm] = {
    Submission: PlainForm(Submission, "subreddit", without=("link_id", "body")),
    Comment: PlainForm(Comment, "link_id"),
}

_NATIVE_ID = r"^[0-9a-z]{1,13}$"


BooleanArray = NDArray[np.bool_]


class Skip(NamedTuple):
    """Which records are wanted, by one field of each, and the reason that counts the others.

    Attributes:
        reason: that counts them.
        field: a string, or null.
        wanted: of a column of that field, a mask of the same shape.
    """

    reason: Reason
    field: str
    wanted: Callable[[pl.Series], BooleanArray]


def read_submissions(
    file: InputFile,
    subreddits: Collection[str] | None = None,
    *,
    block_bytes: int = BLOCK_BYTES,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Chunk]:
    """Read an archive of submissions into chunks of bounded size.

    Args:
        file: NDJSON, plain or packed.
        subreddits: in lower case; posts of others are counted and not built. None for all.
        block_bytes: how much of the file makes a chunk, unpacked.
        max_line_bytes: a longer line becomes a reject.

    Yields:
        Chunks whose tables have the columns of the post table that a record tells, and ``author_name``, ``is_self``,
        ``is_gallery``, ``is_video``, ``has_poll``, ``source`` and ``line``.

    Raises:
        InputError: the file cannot be opened or read. (Content that makes no sense becomes rejects.)
    """
    lines = read_records(file, block_bytes=block_bytes, max_line_bytes=max_line_bytes)
    skip = (
        None if subreddits is None else Skip(Reason.OTHER_SUBREDDIT, "subreddit", partial(_of_subreddits, subreddits))
    )
    read = _Reader(file.name, Submission, "post", post_table, skip, RejectList(file.size_bytes))
    yield from read.chunks(lines, _threads(file))


def submissions_in(lines: Sequence[bytes], source: str) -> Chunk:
    """Submissions that are at hand, one a line, as ``read_submissions`` gives those of a file."""
    data = b"\n".join(lines)
    read = _Reader(source, Submission, "post", post_table, None, RejectList(len(data)))
    [chunk] = read.chunks(iter([Lines(1, data, len(lines))]))
    return chunk


def _of_subreddits(subreddits: Collection[str], names: pl.Series) -> BooleanArray:
    names = names.fill_null("")
    wanted = [name for name in names.unique() if subreddit_name(name) in subreddits]
    return names.is_in(wanted).to_numpy()


def read_comments(
    file: InputFile,
    of_posts: Callable[[pl.Series], BooleanArray] | None = None,
    *,
    block_bytes: int = BLOCK_BYTES,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Iterator[Chunk]:
    """Read an archive of comments; as ``read_submissions``, with the columns of the comment table.

    Args:
        file: NDJSON, plain or packed.
        of_posts: says of ``post_id``s which are wanted; comments on others are counted and not built. None for all.
        block_bytes: as there. ``max_line_bytes``: as there.
    """
    lines = read_records(file, block_bytes=block_bytes, max_line_bytes=max_line_bytes)
    skip = None if of_posts is None else Skip(Reason.ORPHAN_COMMENT, "link_id", partial(_on_posts, of_posts))
    read = _Reader(file.name, Comment, "comment", comment_table, skip, RejectList(file.size_bytes))
    yield from read.chunks(lines, _threads(file))


def _on_posts(of_posts: Callable[[pl.Series], BooleanArray], links: pl.Series) -> BooleanArray:
    return of_posts(links.to_frame("link").select(post_id(pl.col("link"))).to_series())


def _threads(file: InputFile) -> int:
    """How many threads look ahead in a file; a small one is read before they are there."""
    return spare_threads() if file.size_bytes >= _THREADED_BYTES else 0


class _Sifted(NamedTuple):
    """Lines that are to be decoded, and how many records are left out already."""

    lines: Lines | BadLine
    skipped: int = 0


@dataclass
class _Held:
    """What was read and is not built yet: whatever follows has a price for each chunk.

    Attributes:
        records: that are wanted; ``lines``: arrays of the numbers of their lines.
        rows_in: of these blocks. ``skipped``: how many of them are not wanted.
        parts: how many blocks.
    """

    records: list[Any] = field(default_factory=list)
    lines: list[NDArray[np.int64]] = field(default_factory=list)
    rows_in: int = 0
    skipped: int = 0
    parts: int = 0

    def is_enough(self) -> bool:
        """It makes a chunk."""
        return self.rows_in - self.skipped >= _CHUNK_ROWS or self.parts == _CHUNK_PARTS


@dataclass
class _Reader:
    """Makes chunks of the parts of one file.

    Attributes:
        source: the file's name.
        kind: of its records.
        table: that they belong to.
        build: makes a table of records, the numbers of their lines, and the source.
        skip: what is not built.
        rejects: of the file.
        left_out: how many of the last block's records were not built, of 1: where they are few, what decides is not
            looked for before all is decoded.
    """

    source: str
    kind: type[Observed]
    table: str
    build: Callable[[Sequence[Any], np.ndarray, str], pa.Table]
    skip: Skip | None
    rejects: RejectList
    left_out: float = 1.0

    def chunks(self, parts: Iterator[Lines | BadLine], threads: int = 0) -> Iterator[Chunk]:
        """What the parts of the file hold, several made one where little of them is wanted.

        Args:
            parts: of the file.
            threads: that look ahead for what is wanted.
        """
        held = _Held()
        for part in ahead(parts, self._sifted, threads if self.skip else 0):
            self._hold(part, held)
            if held.is_enough():
                yield self._built(held)
                held = _Held()
        if held.parts:
            yield self._built(held)

    def _hold(self, part: _Sifted, held: _Held) -> None:
        """Read a part of the file."""
        held.parts += 1
        if isinstance(part.lines, BadLine):
            self._reject(part.lines.problem, part.lines.number, part.lines.head)
            held.rows_in += 1
            return
        skipped = part.skipped
        records, numbers, decoded = self._decoded(part.lines)
        rows_in = decoded + skipped
        if self.skip is not None:
            column = pl.Series(list(map(attrgetter(self.skip.field), records)), dtype=pl.String)
            wanted = self.skip.wanted(column)
            skipped += len(records) - int(wanted.sum())
            records, numbers = list(compress(records, wanted)), numbers[wanted]
        self.left_out = skipped / max(rows_in, 1)
        held.records += records
        held.lines.append(numbers)
        held.rows_in += rows_in
        held.skipped += skipped

    def _built(self, held: _Held) -> Chunk:
        """The chunk of what is held."""
        lines = np.concatenate([np.empty(0, np.int64), *held.lines])
        table = self._with_sound_ids(self.build(held.records, lines, self.source))
        rejects, unlisted = self.rejects.take()
        skipped = {self.skip.reason: held.skipped} if self.skip else {}
        return Chunk(held.rows_in, table, rejects, skipped, unlisted)

    def _sifted(self, lines: Lines | BadLine) -> _Sifted:
        """The lines without those that are surely of records that are not wanted. Other threads may run this."""
        if self.skip is None or isinstance(lines, BadLine) or self.left_out < _WORTH_SIFTING:
            return _Sifted(lines)
        plain = _PLAIN[self.kind].find(lines.data, lines.count)
        if plain is None:
            return _Sifted(lines)
        left_out = plain.is_plain & ~self.skip.wanted(plain.values)
        kept = np.flatnonzero(~left_out)
        if len(kept) == lines.count:
            return _Sifted(lines)
        ends = plain.ends[kept].tolist()
        starts = np.where(kept > 0, plain.ends[kept - 1] + 1, 0).tolist()
        data = b"\n".join(lines.data[start:end] for start, end in zip(starts, ends, strict=True))
        return _Sifted(Lines(lines.first, data, len(kept), _numbers(lines)[kept]), lines.count - len(kept))

    def _reject(self, problem: Malformed, line: int, payload: bytes) -> None:
        self.rejects.add(problem, self.table, None, self.source, line, payload)

    def _decoded(self, lines: Lines) -> tuple[list[Any], np.ndarray, int]:
        """Records, the numbers of their lines, and how many there were with those that are none."""
        if not lines.count:
            return [], np.empty(0, np.int64), 0
        with _no_collection():
            records = decode_lines(lines.data, self.kind)
        if records is not None and len(records) == lines.count and _is_one_a_line(lines):
            return records, _numbers(lines), lines.count
        found: list[Any] = []
        numbers: list[int] = []
        rows_in = 0
        for number, line in zip(_numbers(lines).tolist(), lines.data.split(b"\n"), strict=True):
            if not line.strip():
                continue
            for one in self._decoded_line(line, number):
                rows_in += 1
                if one is not None:
                    found.append(one)
                    numbers.append(number)
        return found, np.asarray(numbers, dtype=np.int64), rows_in

    def _decoded_line(self, line: bytes, number: int) -> Iterator[Observed | None]:
        """The record of a line, or those of one that holds several; None for each that is none."""
        plain = line.strip(b" \t\r\0")
        if not plain:
            detail = f"the line holds {len(line):,} bytes of zero: writing or copying the file was not finished"
            self._reject(Malformed(Reason.NOT_JSON, detail), number, b"")
            yield None
            return
        try:
            yield decode_line(plain, self.kind)
        except Malformed as problem:
            several = objects_of(plain) if problem.reason is Reason.NOT_JSON else None
            if several is None:
                self._reject(problem, number, line)
                yield None
            for one in several or ():
                yield from self._decoded_line(one, number)

    def _with_sound_ids(self, table: pa.Table) -> pa.Table:
        """The rows whose id is one of Reddit's, base 36; the others become rejects."""
        sound = pl.Series(table.column("native_id")).str.contains(_NATIVE_ID)
        if self.table == "comment":
            sound &= pl.Series(table.column("post_id")).str.contains(r"^reddit:[0-9a-z]{1,13}$")
        if sound.all():
            return table
        problem = Malformed(Reason.WRONG_TYPE, "the id of the record, or of its post, is none of Reddit's (base 36)")
        odd = table.filter(pa.array(~sound))
        for native_id, line in zip(odd.column("native_id").to_pylist(), odd.column("line").to_pylist(), strict=True):
            self._reject(problem, line, native_id.encode())
        return table.filter(pa.array(sound))


@contextmanager
def _no_collection() -> Iterator[None]:
    """No search for cycles: a hundred thousand new records, none of which can be in one, would set off many."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _numbers(lines: Lines) -> NDArray[np.int64]:
    """The number of every line in its file."""
    return np.arange(lines.first, lines.first + lines.count) if lines.numbers is None else lines.numbers


def _is_one_a_line(lines: Lines) -> bool:
    """Every line begins an object; else a line with two of them would hide an empty one in their number."""
    data = np.frombuffer(lines.data, np.uint8)
    starts = np.flatnonzero(data[:-1] == ord("\n")) + 1
    return bool(data[0] == ord("{") and data[-1] != ord("\n") and (data[starts] == ord("{")).all())
