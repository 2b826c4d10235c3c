"""Our Parquet shards: written with the same bytes on every run, and read back by name."""

from __future__ import annotations

import errno
import hashlib
import io
import posixpath
import re
import shutil
import uuid
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from blift.connectors.filesystem import (
    delete,
    exists,
    has_folders,
    is_here,
    open_to_read,
    open_to_write,
    read_bytes,
    rename,
)
from blift.connectors.shard import Shard, content_path
from blift.connectors.store_errors import reason_of
from blift.connectors.stored_table import StoredTable
from blift.schemas.arrow import VERSION_KEY, conform, validate
from blift.schemas.errors import InputError, OutputError
from blift.schemas.records import warn_of_deprecated
from blift.schemas.registry import SCHEMAS

#: Rows of a row group: few enough for the Hub's viewer to open one, enough to compress. Where between the two a group
#: ends follows from the content, so that a row more or less moves the end of its own group and of no other.
ROW_GROUP_ROWS = (10_000, 40_000)
#: One row of so many may end a row group.
_ROW_GROUP_ENDS = 10_000

#: Columns whose values repeat. A dictionary for the others (texts, ids) costs a quarter of the time of writing and
#: makes files a tenth larger.
_REPEATING = frozenset(
    [
        "availability",
        "bot",
        "language",
        "media_host",
        "media_kind",
        "parent_id",
        "platform",
        "post_id",
        "posted_at",
        "reason",
        "record_table",
        "replay_absent",
        "retrieved_at",
        "rule",
        "sample_id",
        "source",
        "split",
        "stage",
        "subreddit",
        "template",
        "template_version",
    ]
)


def shard_name(prefix: str, index: int, shards: int) -> str:
    """``<prefix>-00003-of-00016.parquet``, the form that ``datasets`` and Beam know."""
    return f"{prefix}-{index:05d}-of-{shards:05d}.parquet"


def write_shard(rows: pa.Table, table: str, folder: str, path: str) -> Shard:
    """Write the rows of one shard, sorted by the caller, to ``folder``/``path``, with their digest in the file's name.

    The bytes depend on the rows alone: fixed compression and row groups, content-defined chunks (so that a
    changed row changes few chunks of the file), and no time or host in the metadata. The file appears under
    its name only when it is whole, and a file of another content is never replaced.

    Raises:
        SchemaError: the rows do not fit the table.
        OutputError: the file cannot be written, such as when the disk is full.
    """
    schema = SCHEMAS[table]
    rows = conform(rows, schema)
    validate(rows, schema)
    return write_parquet(rows, folder, path)


def write_parquet(rows: pa.Table, folder: str, path: str) -> Shard:
    """Write rows as they are, in the manner of ``write_shard``.

    Raises:
        OutputError: the file cannot be written.
    """
    sink = io.BytesIO()
    with pq.ParquetWriter(
        sink,
        rows.schema,
        compression="zstd",
        compression_level=3,
        use_dictionary=[name for name in rows.schema.names if name in _REPEATING],
        use_content_defined_chunking=True,
        write_page_index=True,
        write_page_checksum=True,
    ) as writer:
        for first, stop in pairwise(_row_groups(rows)):
            writer.write_table(rows.slice(first, stop - first), row_group_size=max(1, stop - first))
    content = sink.getbuffer()
    digest = hashlib.sha256(content).hexdigest()
    path = content_path(path, digest)
    full = posixpath.join(folder, path)
    if not _holds(full, content):
        replace_file(full, content)
    return Shard(path, rows.num_rows, len(content), digest)


def _holds(path: str, content: memoryview) -> bool:
    """Whether a file is there with this content. Elsewhere than on this machine, its name says so."""
    if not exists(path):
        return False
    return not is_here(path) or read_bytes(path) == content


def groups_of_shard(first: pa.Table, groups: Iterator[pa.Table], most_bytes: int) -> Iterator[pa.Table]:
    """Row groups of one shard for `write_row_groups`: the first, and others until they have this many bytes."""
    size = 0
    for group in chain([first], groups):
        yield group
        size += group.nbytes
        if size >= most_bytes:
            return


def write_row_groups(groups: Iterable[pa.Table], schema: pa.Schema, folder: str, path: str) -> Shard:
    """Write a shard of large cells one row group after the other: never more than one of them is in memory.

    Cells with whole files are neither compressed, since they are already, nor counted for the page index.

    Raises:
        OutputError: the file cannot be written.
    """
    with row_groups(schema, folder, path) as shard:
        for group in groups:
            shard.write(group)
    return shard.written


class RowGroups:
    """A shard of large cells that is being written. ``written`` is what it came to, once it is whole."""

    written: Shard

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self.rows = 0

    def write(self, group: pa.Table) -> None:
        """Add a row group."""
        self._writer.write_table(group, row_group_size=max(1, group.num_rows))
        self.rows += group.num_rows


@contextmanager
def row_groups(schema: pa.Schema, folder: str, path: str) -> Iterator[RowGroups]:
    """A shard to add row groups to, as ``write_row_groups`` does; it appears when it is whole, else not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    with _appearing(posixpath.join(folder, path)) as new:
        sink = _Counted(new.partial)
        leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
        embedded = [path for path, kind in leaves if pa.types.is_binary(kind)]
        plain = [path for path, kind in leaves if not pa.types.is_binary(kind)]
        with (
            sink,
            pq.ParquetWriter(
                sink,
                schema,
                compression={**dict.fromkeys(plain, "zstd"), **dict.fromkeys(embedded, "none")},
                use_dictionary=False,
                write_statistics=plain,
                use_content_defined_chunking=True,
                write_page_checksum=True,
            ) as writer,
        ):
            shard = RowGroups(writer)
            yield shard
        digest = sink.digest.hexdigest()
        path = content_path(path, digest)
        new.path = posixpath.join(folder, path)
        shard.written = Shard(path, shard.rows, sink.size_bytes, digest)


def _leaves(path: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    """The columns that Parquet makes of one of Arrow's: their paths and types."""
    if pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    elif pa.types.is_struct(kind):
        for member in kind:
            yield from _leaves(f"{path}.{member.name}", member.type)
    else:
        yield path, kind


class _Counted(io.RawIOBase):
    """A file that counts and digests what is written to it."""

    def __init__(self, path: str) -> None:
        self._sink = open_to_write(path)
        self.size_bytes, self.digest = 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        view = memoryview(piece).cast("B")
        self._sink.write(view)
        self.digest.update(view)
        self.size_bytes += len(view)
        return len(view)

    def close(self) -> None:
        if not self.closed:
            self._sink.close()
        super().close()


def take_in(source: str, folder: str, path: str) -> Shard:
    """Copy a file of this machine to ``folder``/``path``, where it appears whole.

    Raises:
        OutputError: the file cannot be written.
    """
    with _appearing(posixpath.join(folder, path)) as new:
        sink = _Counted(new.partial)
        with open(source, "rb") as stream, sink:
            shutil.copyfileobj(stream, sink, 1 << 20)
    return Shard(path, 1, sink.size_bytes, sink.digest.hexdigest())


@dataclass
class _New:
    """A file that is being written: its path once it is whole, and the name under which it is written."""

    path: str
    partial: str


@contextmanager
def _appearing(path: str) -> Iterator[_New]:
    """A name to write under; the file appears as ``path`` when it is whole, and not at all if that fails."""
    new = _New(path, f"{path}.{uuid.uuid4().hex}.partial")
    try:
        yield new
        rename(new.partial, new.path)
    except BaseException as error:
        with suppress(OSError):  # a full disk has no room for it; it may not have been made at all
            delete(new.partial)
        if not isinstance(error, OSError):
            raise
        reason = "the disk is full" if error.errno == errno.ENOSPC else reason_of(error)
        raise OutputError(
            f"Cannot write {path}: {reason}. Make room or choose another --out, and run again."
        ) from error


def _row_groups(rows: pa.Table) -> list[int]:
    """Where row groups begin and end: by a hash of what names a row, which is its first column or its record's id."""
    least, most = ROW_GROUP_ROWS
    bounds = [0]
    if rows.num_rows > least:
        names = rows.column("record_id" if "record_id" in rows.column_names else 0)
        hashes = (xxhash.xxh3_64_intdigest(str(name).encode()) for name in names.to_pylist())
        ends = [place for place, digest in enumerate(hashes, start=1) if digest % _ROW_GROUP_ENDS == 0]
        while rows.num_rows - bounds[-1] > least:
            first = bounds[-1]
            after = ends[bisect_left(ends, first + least) :]
            bounds.append(min([*after[:1], first + most, rows.num_rows]))
    return bounds if bounds[-1] == rows.num_rows > 0 else [*bounds, rows.num_rows]


def replace_file(path: str, content: bytes | memoryview) -> None:
    """Write a file so that a reader sees the old content or the new, and never a part.

    A runner that takes a worker for dead starts its bundle again elsewhere, while the first may still write: each
    writes a part of its own, and whichever is renamed last has the same bytes.

    Raises:
        OutputError: the file cannot be written.
    """
    if not has_folders(path):  # a new object replaces the old one in one step there; a renamed one does not
        _put(path, content)
        return
    with _appearing(path) as new, open_to_write(new.partial) as stream:
        stream.write(content)


def _put(path: str, content: bytes | memoryview) -> None:
    """Write an object of a store, which appears when it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        with open_to_write(path) as stream:
            stream.write(content)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {reason_of(error)}. Choose another --out, and run again.") from error


def read_shard(folder: str, shard: Shard, table: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of one shard, in the present version of their table; only some ``columns``, where these are named.

    A deprecated column among ``columns`` causes a `DeprecationWarning` that names its replacement.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: the file holds another table, or a version that no migration carries to the present one.
    """
    warn_of_deprecated(table, columns or ())
    with opened(folder, shard) as parquet:
        stored = StoredTable.of(parquet, table, posixpath.join(folder, shard.path))
        rows = parquet.read(stored.needed(columns))
        rows.validate(full=True)
    return stored.present(rows, columns)


def read_batches(folder: str, shard: Shard, table: str, rows: int) -> Iterator[pa.Table]:
    """The rows of one shard as ``read_shard`` gives them, in tables of at most ``rows`` rows.

    Raises:
        InputError: the file is missing or damaged.
        SchemaError: the file holds another table, or a version that no migration carries to the present one.
    """
    with opened(folder, shard) as parquet:
        yield from batches_of(parquet, table, posixpath.join(folder, shard.path), rows)


def batches_of(parquet: pq.ParquetFile, table: str, where: str, rows: int) -> Iterator[pa.Table]:
    """The rows of a file in the present version of their table, in tables of at most ``rows`` rows.

    Raises:
        SchemaError: the file holds another table, or a version that no migration carries to the present one.
    """
    stored = StoredTable.of(parquet, table, where)
    for batch in parquet.iter_batches(rows):
        batch.validate(full=True)
        yield stored.present(pa.Table.from_batches([batch]).replace_schema_metadata(parquet.schema_arrow.metadata))


def read_parquet(folder: str, shard: Shard, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of a Parquet file, whatever it holds. None of it is decoded before its digest is that of the shard.

    Raises:
        InputError: the file is missing, or is not what was written.
    """
    with opened(folder, shard) as parquet:
        rows = parquet.read(columns)
        rows.validate(full=True)
    return rows


@contextmanager
def opened(folder: str, shard: Shard) -> Iterator[pq.ParquetFile]:
    """A shard to read; what goes wrong while it is open is told as a fault of the file.

    Raises:
        InputError: the file is missing, is not what was written, or is damaged.
    """
    full, again = posixpath.join(folder, shard.path), "Run `blift build` with the recipe again."
    try:
        content = read_bytes(full)
    except OSError as error:
        raise InputError(f"Cannot read the shard {full}: {reason_of(error)}. {again}") from error
    if hashlib.sha256(content).hexdigest() != shard.sha256:
        raise InputError(f"The shard {full} is not what was written: its sha256 is another. {again}")
    try:
        with pq.ParquetFile(pa.BufferReader(pa.py_buffer(content)), page_checksum_verification=True) as parquet:
            yield parquet
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read the shard {full}: {str(error).rstrip('.')}. {again}") from error


def table_version(folder: str, shard: Shard) -> str:
    """The version of the table that a shard holds, as its metadata says.

    Raises:
        InputError: the file is missing, is not what was written, or says no version.
    """
    metadata: dict[bytes, bytes] = read_parquet(folder, shard, []).schema.metadata or {}
    said = metadata.get(VERSION_KEY, b"").decode(errors="replace")
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){2}", said):
        raise InputError(f"{posixpath.join(folder, shard.path)} says no version of its table. Build it again.")
    return said


def file_sha256(path: str) -> str:
    """The sha256 of a file, in hex, read in pieces.

    Raises:
        InputError: the file is missing or cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with open_to_read(path) as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error}.") from error
    return digest.hexdigest()
