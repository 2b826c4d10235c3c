"""The archives of a fetch folder: its raw records in the form in which other archives come, and what is beside them.

``reddit/submissions-00000-of-00004.ndjson.zst`` and the same of ``comments``; ``youtube/<aa>/<id>.<time>.info.json``
with subtitles beside; ``files.parquet``, which file came from what address; ``withdrawn.parquet``, which posts were
taken back. All of it is a function of the state alone, and a file appears whole or not at all.
"""

from __future__ import annotations

import io
import os
import posixpath
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from backports import zstd

from blift.connectors.fetch.items import RecordKind, StoredFile
from blift.connectors.fetch.state import State
from blift.connectors.filesystem import exists, read_bytes
from blift.schemas.errors import InputError, OutputError

#: Where files are before they are whole. Nothing that reads a fetch folder looks there.
PARTIAL = ".partial"
FILES, WITHDRAWN = "files.parquet", "withdrawn.parquet"
#: Globs of the archives within a fetch folder.
SUBMISSIONS, COMMENTS, VIDEOS = (
    "reddit/submissions-*.ndjson.zst",
    "reddit/comments-*.ndjson.zst",
    "youtube/*/*.info.json",
)
_NDJSON = {RecordKind.SUBMISSION: "submissions", RecordKind.COMMENT: "comments"}
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
    """What the archives hold: records by kind, files of media, posts that were taken back."""

    records: dict[RecordKind, int]
    files: int
    withdrawn: int


def write_archives(state: State, folder: str) -> Written:
    """Write all archives anew, but files of videos that are there already.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        os.makedirs(os.path.join(folder, PARTIAL), exist_ok=True)
        records = {kind: _write_ndjson(state, folder, kind) for kind in _NDJSON}
        records |= _write_videos(state, folder)
        files = list(state.files())
        columns = list(zip(*files, strict=True)) or [()] * len(_FILES_SCHEMA)
        _write_table(folder, FILES, pa.table([list(column) for column in columns], schema=_FILES_SCHEMA))
        withdrawn = [(post_id, reason, datetime.fromtimestamp(at, UTC)) for post_id, reason, at in state.withdrawn()]
        columns = list(zip(*withdrawn, strict=True)) or [()] * len(_WITHDRAWN_SCHEMA)
        _write_table(folder, WITHDRAWN, pa.table([list(column) for column in columns], schema=_WITHDRAWN_SCHEMA))
    except OSError as error:
        raise OutputError(f"Cannot write the archives in {folder}: {error.strerror}. Check the disk.") from error
    return Written(records, len(files), len(withdrawn))


def _write_ndjson(state: State, folder: str, kind: RecordKind) -> int:
    """Records of a kind, by post, in so many files as their size asks for; each sorted."""
    wanted = -(-state.packed_bytes(kind) // _SHARD_BYTES)
    shards = min(_MOST_SHARDS, 1 << max(0, wanted - 1).bit_length())
    stem, count = _NDJSON[kind], 0
    names = [f"{stem}-{shard:05d}-of-{shards:05d}.ndjson.zst" for shard in range(shards if wanted else 0)]
    with ExitStack() as stack:
        streams = [stack.enter_context(_packed(os.path.join(folder, PARTIAL, name))) for name in names]
        for post_id, record in state.records(kind):
            shard = xxhash.xxh3_64_intdigest(post_id.encode()) % shards
            streams[shard].write(record.data + b"\n")
            count += 1
    _settle(folder, "reddit", names, stem)
    return count


def _packed(path: str) -> zstd.ZstdFile:
    return zstd.open(path, "wb", level=3)


def _settle(folder: str, place: str, names: list[str], stem: str) -> None:
    """Whole files get their names; those of an earlier number of files go."""
    target = os.path.join(folder, place)
    os.makedirs(target, exist_ok=True)
    for name in names:
        _publish(os.path.join(folder, PARTIAL, name), os.path.join(target, name))
    for name in os.listdir(target):
        if name.startswith(f"{stem}-") and name not in names:
            os.unlink(os.path.join(target, name))


def _write_videos(state: State, folder: str) -> dict[RecordKind, int]:
    """One file a record; those of posts that were taken back go."""
    counts, expected = dict.fromkeys((RecordKind.VIDEO, RecordKind.SUBTITLES), 0), set()
    there = set(_names_under(folder, "youtube"))
    for kind in counts:
        for _, record in state.records(kind):
            ending = "info.json" if kind is RecordKind.VIDEO else record.key.partition(".")[2]
            name = video_file(record.of, record.retrieved_at, ending)
            counts[kind] += 1
            expected.add(name)
            if name not in there:
                _write(folder, name, record.data)
    for name in there - expected:
        os.unlink(os.path.join(folder, name))
    return counts


def video_file(video_id: str, retrieved_at: float, ending: str) -> str:
    """Name of a file of a video within the fetch folder; those of one observation have one stem."""
    stamp = datetime.fromtimestamp(int(retrieved_at), UTC).strftime("%Y%m%dT%H%M%SZ")
    place = f"{xxhash.xxh3_64_intdigest(video_id.encode()) & 0xFF:02x}"
    return posixpath.join("youtube", place, f"{video_id}.{stamp}.{ending}")


def _names_under(folder: str, place: str) -> Iterator[str]:
    for parent, _, names in os.walk(os.path.join(folder, place)):
        relative = os.path.relpath(parent, folder)
        yield from (posixpath.join(relative, name) for name in names)


def _write(folder: str, name: str, content: bytes) -> None:
    partial = os.path.join(folder, PARTIAL, posixpath.basename(name))
    with open(partial, "wb") as stream:
        stream.write(content)
    _publish(partial, os.path.join(folder, name))


def _write_table(folder: str, name: str, table: pa.Table) -> None:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    _write(folder, name, sink.getvalue())


def _publish(partial: str, path: str) -> None:
    """Give a whole file its name. Its content is on the disk before."""
    with open(partial, "rb") as stream:
        os.fsync(stream.fileno())
    with suppress(FileExistsError):
        os.makedirs(os.path.dirname(path))
    os.replace(partial, path)


def read_files(folder: str) -> list[StoredFile]:
    """The files of a fetch folder, with their names relative to it.

    Raises:
        InputError: the folder is no fetch folder, or its list is damaged.
    """
    return [StoredFile(**row) for row in _rows(folder, FILES, _FILES_SCHEMA)]


def read_withdrawn(folder: str) -> dict[str, str]:
    """The posts of a fetch folder that were taken back: id, and the reason (``blift.schemas.reasons.Absent``).

    Raises:
        InputError: as ``read_files``.
    """
    return {row["post_id"]: row["reason"] for row in _rows(folder, WITHDRAWN, _WITHDRAWN_SCHEMA)}


def _rows(folder: str, name: str, schema: pa.Schema) -> list[dict[str, Any]]:
    path = posixpath.join(folder, name)
    if not exists(path):
        raise InputError(f"{folder} is no fetch folder: it has no {name}. Fill it with `blift fetch`.")
    try:
        table = pq.read_table(pa.BufferReader(read_bytes(path)))
    except (OSError, pa.ArrowInvalid) as error:
        raise InputError(f"{path} is damaged ({error}). Run `blift fetch` again: it writes it anew.") from error
    if table.schema.names != schema.names:
        raise InputError(f"{path} is none of blift's: its columns are {', '.join(table.schema.names)}.")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
