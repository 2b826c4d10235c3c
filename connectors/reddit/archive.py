"""Archives of Reddit as tables: NDJSON of submissions or comments, block by block."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import compress
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from polars.datatypes import DataType

from blift.connectors.files import Chunk, InputFile
from blift.connectors.lines import BLOCK_BYTES, MAX_LINE_BYTES, BadLine, Lines, read_lines
from blift.connectors.malformed import Malformed, RejectList
from blift.connectors.reddit.media import is_present, media_of
from blift.connectors.reddit.records import Comment, Observed, Submission, decode_line, decode_lines
from blift.schemas.platform import REDDIT
from blift.schemas.reasons import Reason

#: What Reddit and the archives write in place of a text that was withdrawn.
_DELETED, _REMOVED = "[deleted]", "[removed]"
#: Who withdrew a post, where its author did; every other word names moderators or the platform.
_BY_AUTHOR = frozenset({"deleted", "author"})

#: Rows of a chunk, about; and the most blocks of a file of whose records few are wanted.
_CHUNK_ROWS, _CHUNK_PARTS = 20_000, 64

_SITE = "https://www.reddit.com"
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
    lines = read_lines(file, block_bytes=block_bytes, max_line_bytes=max_line_bytes)
    skip = None if subreddits is None else Skip(Reason.OTHER_SUBREDDIT, partial(_of_subreddits, subreddits))
    read = _Reader(file.name, Submission, "post", _posts, skip, RejectList(file.size_bytes))
    yield from _gathered(map(read.chunk, lines))


def submissions_in(lines: Sequence[bytes], source: str) -> Chunk:
    """Submissions that are at hand, one a line, as ``read_submissions`` gives those of a file."""
    data = b"\n".join(lines)
    read = _Reader(source, Submission, "post", _posts, None, RejectList(len(data)))
    return read.chunk(Lines(1, data, len(lines)))


def _of_subreddits(subreddits: Collection[str], records: Sequence[Submission]) -> BooleanArray:
    return np.array([(record.subreddit or "").lower() in subreddits for record in records], dtype=bool)


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
    lines = read_lines(file, block_bytes=block_bytes, max_line_bytes=max_line_bytes)
    skip = None if of_posts is None else Skip(Reason.ORPHAN_COMMENT, partial(_on_posts, of_posts))
    read = _Reader(file.name, Comment, "comment", _comments, skip, RejectList(file.size_bytes))
    yield from _gathered(map(read.chunk, lines))


def _on_posts(of_posts: Callable[[pl.Series], BooleanArray], records: Sequence[Comment]) -> BooleanArray:
    links = pl.Series("link", [record.link_id for record in records], dtype=pl.String).to_frame()
    return of_posts(links.select(_id(pl.col("link").str.strip_prefix("t3_"))).to_series())


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
            return records, np.arange(lines.first, lines.first + lines.count), lines.count
        found: list[Any] = []
        numbers: list[int] = []
        rows_in = 0
        for number, line in enumerate(lines.data.split(b"\n"), start=lines.first):
            if not line.strip():
                continue
            rows_in += 1
            try:
                found.append(decode_line(line, self.kind))
            except Malformed as problem:
                self._reject(problem, number, line)
            else:
                numbers.append(number)
        return found, np.asarray(numbers, dtype=np.int64), rows_in

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


def _is_one_a_line(lines: Lines) -> bool:
    """Every line begins an object; else a line with two of them would hide an empty one in their number."""
    data = np.frombuffer(lines.data, np.uint8)
    starts = np.flatnonzero(data[:-1] == ord("\n")) + 1
    return bool(data[0] == ord("{") and data[-1] != ord("\n") and (data[starts] == ord("{")).all())


def _posts(records: Sequence[Submission], lines: np.ndarray, source: str) -> pa.Table:
    media = [media_of(record) for record in records]
    rows = _frame(records, _POST_FIELDS | _FIELDS).with_columns(
        url=_column([item.url for item in media], pl.String),
        media_urls=_column([item.urls for item in media], pl.List(pl.String)),
        width=_column([item.width for item in media], pl.Int64),
        height=_column([item.height for item in media], pl.Int64),
        duration_s=_column([item.duration_s for item in media], pl.Float64),
        is_gallery=_column([item.is_gallery for item in media], pl.Boolean),
        is_video=_column([item.is_video for item in media], pl.Boolean),
        is_gif=_column([item.is_gif for item in media], pl.Boolean),
        has_poll=_column([is_present(record.poll_data) for record in records], pl.Boolean),
    )
    text, by_author = pl.col("selftext"), pl.col("removed_by_category").is_in(list(_BY_AUTHOR)).fill_null(value=False)
    return _table(
        rows.select(
            *_common(lines, source, text),
            *("title", "media_urls", "url", "width", "height", "duration_s", "subreddit", "score"),
            *("upvote_ratio", "num_comments", "is_gallery", "is_video", "is_gif", "has_poll"),
            pl.col("is_self").fill_null(value=False),
            post_id=_id(pl.col("id")),
            permalink=pl.lit(_SITE) + pl.coalesce("permalink", pl.concat_str(pl.lit("/comments/"), "id", pl.lit("/"))),
            tags=pl.when(pl.col("link_flair_text") != "").then(pl.concat_list("link_flair_text")).otherwise([]),
            channel_subscribers=pl.col("subreddit_subscribers"),
            crosspost_of=_id(pl.col("crosspost_parent").str.strip_prefix("t3_")),
            nsfw=pl.col("over_18"),
            deleted=by_author | _deleted(text),
            removed=_removed(text) | (pl.col("removed_by_category").is_not_null() & ~by_author),
            live=pl.lit(value=False),
        )
    )


def _comments(records: Sequence[Comment], lines: np.ndarray, source: str) -> pa.Table:
    parents = [record.parent_id if isinstance(record.parent_id, str) else None for record in records]
    rows = _frame(records, _COMMENT_FIELDS | _FIELDS).with_columns(parent_id=_column(parents, pl.String))
    text = pl.col("body")
    return _table(
        rows.select(
            *_common(lines, source, text),
            comment_id=_id(pl.col("id")),
            post_id=_id(pl.col("link_id").str.strip_prefix("t3_")),
            parent_id=_id(pl.col("parent_id").str.extract(r"^t1_([0-9a-z]+)$")),
            score=pl.when(~pl.col("score_hidden").fill_null(value=False)).then("score"),
            rank=pl.lit(None, dtype=pl.Int64),
            by_poster=pl.col("is_submitter"),
            deleted=_deleted(text),
            removed=_removed(text),
        )
    )


#: Fields whose values become columns as they are, with the columns' types.
_FIELDS: dict[str, pl.DataType] = {
    "id": pl.String(),
    "author": pl.String(),
    "score": pl.Int64(),
    "removed": pl.Boolean(),
    **dict.fromkeys(("created_utc", "retrieved_on", "retrieved_utc", "updated_on"), pl.Float64()),
}
_POST_FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("title", "selftext", "permalink", "subreddit", "removed_by_category"), pl.String()),
    **dict.fromkeys(("link_flair_text", "crosspost_parent"), pl.String()),
    **dict.fromkeys(("num_comments", "subreddit_subscribers"), pl.Int64()),
    **dict.fromkeys(("over_18", "is_self"), pl.Boolean()),
    "upvote_ratio": pl.Float64(),
}
_COMMENT_FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(("body", "link_id"), pl.String()),
    **dict.fromkeys(("score_hidden", "is_submitter"), pl.Boolean()),
}


def _frame(records: Sequence[Observed], fields: Mapping[str, pl.DataType]) -> pl.DataFrame:
    columns = {name: _column(list(map(attrgetter(name), records)), kind) for name, kind in fields.items()}
    return pl.DataFrame(columns).with_columns(
        noted_at=_column([record.noted_at() for record in records], pl.Float64),
        is_banned=_column([bool(record.banned_by) for record in records], pl.Boolean),
    )


def _column(values: Sequence[Any], kind: DataType | type[DataType]) -> pl.Series:
    return pl.Series(values, dtype=kind)


def _common(lines: np.ndarray, source: str, text: pl.Expr) -> list[pl.Expr]:
    """Columns that posts and comments have in common."""
    return [
        pl.lit(REDDIT.name).alias("platform"),
        pl.col("id").alias("native_id"),
        pl.when(~text.is_in([_DELETED, _REMOVED])).then(text).alias("text"),
        pl.col("author").alias("author_name"),
        _time(pl.col("created_utc")).alias("posted_at"),
        _time(_latest("retrieved_on", "retrieved_utc", "updated_on", "noted_at")).alias("retrieved_at"),
        pl.lit(source).alias("source"),
        pl.lit(pl.Series(lines, dtype=pl.Int64)).alias("line"),
    ]


def _id(native: pl.Expr) -> pl.Expr:
    return pl.lit(f"{REDDIT.name}:") + native


def _latest(*names: str) -> pl.Expr:
    """The latest of the times; 0 says nothing."""
    latest = pl.max_horizontal(*names)
    return pl.when(latest > 0).then(latest)


def _time(seconds: pl.Expr) -> pl.Expr:
    return (seconds * 1_000_000).round().cast(pl.Int64).cast(pl.Datetime("us", "UTC"))


def _deleted(text: pl.Expr) -> pl.Expr:
    """Its author withdrew it, or the account. Moderators' removals hide the author too, and count as removals."""
    by_account = (pl.col("author") == _DELETED) & text.ne_missing(pl.lit(_REMOVED))
    return by_account.fill_null(value=False) | text.eq_missing(pl.lit(_DELETED))


def _removed(text: pl.Expr) -> pl.Expr:
    """Moderators or the platform withdrew it."""
    return text.eq_missing(pl.lit(_REMOVED)) | pl.col("removed").fill_null(value=False) | pl.col("is_banned")


def _table(rows: pl.DataFrame) -> pa.Table:
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
