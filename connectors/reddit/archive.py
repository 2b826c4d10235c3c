"""Archives of Reddit as tables: NDJSON of submissions or comments, block by block."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from blift.connectors.files import Chunk, InputFile
from blift.connectors.lines import BLOCK_BYTES, MAX_LINE_BYTES, BadLine, Lines
from blift.connectors.malformed import Malformed, RejectList
from blift.connectors.reddit.columns import comment_table, post_id, post_table
from blift.connectors.reddit.records import Comment, Observed, Submission, decode_line, decode_lines
from blift.connectors.shapes import objects_of, read_records
from blift.schemas.places import subreddit_name
from blift.schemas.reasons import Reason

#: Rows of a chunk, about; and the most blocks of a file of whose records few are wanted.
_CHUNK_ROWS, _CHUNK_PARTS = 20_000, 64

_NATIVE_ID = r"^[0-9a-z]{1,13}$"


BooleanArray = NDArray[np.bool_]


class Skip(NamedTuple):
    """Which records are wanted, as a mask of shape (records,), and the reason that counts the others."""

    reason: Reason
    wanted: Callable[[Sequence[Any]], BooleanArray]


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
    skip = None if subreddits is None else Skip(Reason.OTHER_SUBREDDIT, partial(_of_subreddits, subreddits))
    read = _Reader(file.name, Submission, "post", post_table, skip, RejectList(file.size_bytes))
    yield from _gathered(map(read.chunk, lines))


def submissions_in(lines: Sequence[bytes], source: str) -> Chunk:
    """Submissions that are at hand, one a line, as ``read_submissions`` gives those of a file."""
    data = b"\n".join(lines)
    read = _Reader(source, Submission, "post", post_table, None, RejectList(len(data)))
    return read.chunk(Lines(1, data, len(lines)))


def _of_subreddits(subreddits: Collection[str], records: Sequence[Submission]) -> BooleanArray:
    return np.array([subreddit_name(record.subreddit or "") in subreddits for record in records], dtype=bool)


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
    skip = None if of_posts is None else Skip(Reason.ORPHAN_COMMENT, partial(_on_posts, of_posts))
    read = _Reader(file.name, Comment, "comment", comment_table, skip, RejectList(file.size_bytes))
    yield from _gathered(map(read.chunk, lines))


def _on_posts(of_posts: Callable[[pl.Series], BooleanArray], records: Sequence[Comment]) -> BooleanArray:
    links = pl.Series("link", [record.link_id for record in records], dtype=pl.String).to_frame()
    return of_posts(links.select(post_id(pl.col("link"))).to_series())


def _gathered(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """The chunks, several made one where they are small: whatever follows has a price for each."""
    held: list[Chunk] = []
    rows = 0
    for chunk in chunks:
        held.append(chunk)
        rows += chunk.rows_in - sum(chunk.skipped.values())
        if rows >= _CHUNK_ROWS or len(held) == _CHUNK_PARTS:
            yield _joined(held)
            held, rows = [], 0
    if held:
        yield _joined(held)


def _joined(chunks: Sequence[Chunk]) -> Chunk:
    return Chunk(
        sum(chunk.rows_in for chunk in chunks),
        pa.concat_tables([chunk.table for chunk in chunks]),
        pa.concat_tables([chunk.rejects for chunk in chunks]),
        _summed(chunk.skipped for chunk in chunks),
        _summed(chunk.unlisted for chunk in chunks),
    )


def _summed(counts: Iterable[Mapping[Reason, int]]) -> Mapping[Reason, int]:
    total: Counter[Reason] = Counter()
    for one in counts:
        total.update(one)
    return total


@dataclass(frozen=True)
class _Reader:
    """Makes chunks of the parts of one file.

    Attributes:
        source: the file's name.
        kind: of its records.
        table: that they belong to.
        build: makes a table of records, the numbers of their lines, and the source.
        skip: what is not built.
        rejects: of the file.
    """

    source: str
    kind: type[Observed]
    table: str
    build: Callable[[Sequence[Any], np.ndarray, str], pa.Table]
    skip: Skip | None
    rejects: RejectList

    def chunk(self, part: Lines | BadLine) -> Chunk:
        """What a part of the file holds."""
        records: list[Any] = []
        numbers = np.empty(0, np.int64)
        if isinstance(part, BadLine):
            self._reject(part.problem, part.number, part.head)
            rows_in = 1
        else:
            records, numbers, rows_in = self._decoded(part)
        skipped = {}
        if self.skip is not None:
            wanted = self.skip.wanted(records)
            skipped = {self.skip.reason: len(records) - int(wanted.sum())}
            records = list(compress(records, wanted))
            numbers = numbers[wanted]
        table = self._with_sound_ids(self.build(records, numbers, self.source))
        rejects, unlisted = self.rejects.take()
        return Chunk(rows_in, table, rejects, skipped, unlisted)

    def _reject(self, problem: Malformed, line: int, payload: bytes) -> None:
        self.rejects.add(problem, self.table, None, self.source, line, payload)

    def _decoded(self, lines: Lines) -> tuple[list[Any], np.ndarray, int]:
        """Records, the numbers of their lines, and how many there were with those that are none."""
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
