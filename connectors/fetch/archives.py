"""The archives of a fetch folder: its raw records in the form in which other archives come, and what is beside them.

In the folder of each platform, ``<stem>-00000-of-00004.ndjson.zst`` with a record on each line, or
``<aa>/<id>.<time>.<ending>`` with one record; ``files.parquet``, which file came from what address;
``withdrawn.parquet``, which posts were withdrawn. All of it is a function of the state alone, and a file appears whole
or not at all.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from backports import zstd

from blift.connectors.fetch.items import StoredFile
from blift.connectors.fetch.kinds import Lines, OneFile, RecordKind
from blift.connectors.fetch.state import State
from blift.connectors.filesystem import exists, make_folder, read_bytes, rename
from blift.connectors.inside import check_file, check_folder, check_paths, open_own, private_folder
from blift.schemas.errors import InputError, OutputError
from blift.schemas.reasons import Absent

#: Where files are before they are whole. Nothing that reads a fetch folder looks there.
PARTIAL = ".partial"
FILES, WITHDRAWN = "files.parquet", "withdrawn.parquet"
_POST_FILE = re.compile(r"[0-9a-f]{2}/[^/]+\.[0-9]{8}T[0-9]{6}Z\.[^/]+")
_ANEW = "Run `blift fetch` again: it writes it anew."
_SHARD_BYTES = 256 << 20
_MOST_SHARDS = 1_024
_FILES_SCHEMA = pa.schema(
    [
        pa.field("address", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("size_bytes", pa.int64(), nullable=False),
        pa.field("content_type", pa.string(), nullable=False),
    ]
)
_WITHDRAWN_SCHEMA = pa.schema(
    [
        pa.field("post_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("noted_at", pa.timestamp("us", tz="UTC"), nullable=False),
    ]
)


@dataclass(frozen=True)
class Written:
    """What the archives hold: records by the name of their kind, files of media, and posts that were withdrawn."""

    records: dict[str, int]
    files: int
    withdrawn: int


def write_archives(state: State, folder: str) -> Written:
    """Write all archives again; a file that holds one record is only written if it is missing.

    Raises:
        OutputError: the folder cannot be written, or a link lies where blift writes or deletes.
        InputError: the state is damaged.
    """
    try:
        private_folder(os.path.join(folder, PARTIAL))
        records = _write_records(state, folder)
        files = list(state.files())
        columns = list(zip(*files, strict=True)) or [()] * len(_FILES_SCHEMA)
        _write_table(folder, FILES, pa.table([list(column) for column in columns], schema=_FILES_SCHEMA))
        withdrawn = [(post_id, reason, datetime.fromtimestamp(at, UTC)) for post_id, reason, at in state.withdrawn()]
        columns = list(zip(*withdrawn, strict=True)) or [()] * len(_WITHDRAWN_SCHEMA)
        _write_table(folder, WITHDRAWN, pa.table([list(column) for column in columns], schema=_WITHDRAWN_SCHEMA))
    except OSError as error:
        raise OutputError(f"Cannot write the archives in {folder}: {error.strerror}. Check the disk.") from error
    return Written(records, len(files), len(withdrawn))


def _write_records(state: State, folder: str) -> dict[str, int]:
    """The records of all platforms; gives how many there are of each kind."""
    counts: dict[str, int] = {}
    of_files: dict[str, list[RecordKind]] = {}
    for platform, kind in state.kinds.records:
        if isinstance(kind.archive, Lines):
            counts[kind.name] = _write_lines(state, folder, platform, kind.name, kind.archive.stem)
        else:
            of_files.setdefault(platform, []).append(kind)
    for platform, kinds in of_files.items():
        counts |= _write_one_by_one(state, folder, platform, kinds)
    return counts


def _write_lines(state: State, folder: str, platform: str, kind: str, stem: str) -> int:
    """Records of a kind, by post, in so many files as their size asks for; each sorted."""
    wanted = -(-state.packed_bytes(kind) // _SHARD_BYTES)
    shards = min(_MOST_SHARDS, 1 << max(0, wanted - 1).bit_length())
    count = 0
    names = [f"{stem}-{shard:05d}-of-{shards:05d}.ndjson.zst" for shard in range(shards if wanted else 0)]
    with ExitStack() as stack:
        streams = [_packed(os.path.join(folder, PARTIAL, name), stack) for name in names]
        for post_id, record in state.records(kind):
            shard = xxhash.xxh3_64_intdigest(post_id.encode()) % shards
            streams[shard].write(record.data + b"\n")
            count += 1
    _settle(folder, platform, names, stem)
    return count


def _packed(path: str, stack: ExitStack) -> zstd.ZstdFile:
    return stack.enter_context(zstd.open(stack.enter_context(_opened(path)), "wb", level=3))


def _opened(path: str) -> BinaryIO:
    """A new file among those that are not whole yet; what an earlier run left there goes."""
    return open(open_own(path, os.O_WRONLY | os.O_TRUNC), "wb")


def _settle(folder: str, place: str, names: list[str], stem: str) -> None:
    """Whole files get their names; those of an earlier number of files go."""
    check_folder(folder, place)
    target = os.path.join(folder, place)
    if not names and not os.path.isdir(target):
        return
    make_folder(target)
    for name in names:
        rename(os.path.join(folder, PARTIAL, name), os.path.join(target, name))
    written = re.compile(rf"{stem}-[0-9]{{5}}-of-[0-9]{{5}}\.ndjson\.zst")
    for name in os.listdir(target):
        if written.fullmatch(name) and name not in names:
            os.unlink(os.path.join(target, name))


def _write_one_by_one(state: State, folder: str, platform: str, kinds: list[RecordKind]) -> dict[str, int]:
    """One file for each record; files of posts that were withdrawn are deleted."""
    counts, expected = dict.fromkeys((kind.name for kind in kinds), 0), set()
    there = set(_names_under(folder, platform))
    for kind in kinds:
        for _, record in state.records(kind.name):
            own = kind.archive.ending if isinstance(kind.archive, OneFile) else ""
            ending = own or record.key.partition(".")[2]
            name = file_of_post(platform, record.of, record.retrieved_at, ending)
            counts[kind.name] += 1
            expected.add(name)
            if name not in there:
                check_paths(folder, [name])
                _write(folder, name, record.data)
    for name in there - expected:
        if _POST_FILE.fullmatch(name.removeprefix(f"{platform}/")):
            os.unlink(os.path.join(folder, name))
    return counts


def file_of_post(platform: str, native_id: str, retrieved_at: float, ending: str) -> str:
    """Name of a file of a post within the fetch folder; those of one observation have one stem."""
    stamp = datetime.fromtimestamp(int(retrieved_at), UTC).strftime("%Y%m%dT%H%M%SZ")
    place = f"{xxhash.xxh3_64_intdigest(native_id.encode()) & 0xFF:02x}"
    return posixpath.join(platform, place, f"{native_id}.{stamp}.{ending}")


def _names_under(folder: str, place: str) -> Iterator[str]:
    check_folder(folder, place)
    for parent, _, names in os.walk(os.path.join(folder, place)):
        relative = os.path.relpath(parent, folder)
        yield from (posixpath.join(relative, name) for name in names)


def _write(folder: str, name: str, content: bytes) -> None:
    partial = os.path.join(folder, PARTIAL, posixpath.basename(name))
    with _opened(partial) as stream:
        stream.write(content)
    make_folder(os.path.dirname(os.path.join(folder, name)))
    rename(partial, os.path.join(folder, name))


def _write_table(folder: str, name: str, table: pa.Table) -> None:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    _write(folder, name, sink.getvalue())


def read_files(folder: str) -> list[StoredFile]:
    """The files of a fetch folder, with their names relative to it.

    Raises:
        InputError: the folder is no fetch folder, or its list is damaged, or names a file elsewhere.
    """
    files = [StoredFile(**row) for row in _rows(folder, FILES, _FILES_SCHEMA)]
    check_paths(folder, [file.name for file in files])
    return files


def read_withdrawn(folder: str) -> dict[str, Absent]:
    """The posts of a fetch folder that were taken back: id, and the reason.

    Raises:
        InputError: as ``read_files``.
    """
    rows = _rows(folder, WITHDRAWN, _WITHDRAWN_SCHEMA)
    try:
        return {row["post_id"]: Absent(row["reason"]) for row in rows}
    except ValueError as error:
        raise InputError(f"{posixpath.join(folder, WITHDRAWN)} is damaged ({error}). {_ANEW}") from error


def _rows(folder: str, name: str, schema: pa.Schema) -> list[dict[str, Any]]:
    path = posixpath.join(folder, name)
    if not exists(path):
        raise InputError(f"{folder} is no fetch folder: it has no {name}. Fill it with `blift fetch`.")
    check_file(folder, name)
    return table_rows(path, schema, _ANEW)


def table_rows(path: str, schema: pa.Schema, way_out: str) -> list[dict[str, Any]]:
    """The rows of a small Parquet file of a fetch folder, in the columns of a schema.

    Args:
        path: or address of the file.
        schema: columns that it has among others; what it says of nulls is checked, too.
        way_out: what a person does about a file that is damaged.

    Raises:
        InputError: it is missing, damaged or another table.
    """
    try:
        table = pq.read_table(pa.BufferReader(read_bytes(path)))
        table.validate(full=True)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{path} is damaged ({error}). {way_out}") from error
    for field in schema:
        column = table.column(field.name) if field.name in table.column_names else None
        if column is None or column.type != field.type or (column.null_count and not field.nullable):
            raise InputError(f"{path} is none of blift's: it has no such column {field.name!r} as that has. {way_out}")
    rows: list[dict[str, Any]] = table.select(schema.names).to_pylist()
    return rows
