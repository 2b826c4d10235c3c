"""The tables of blift, by name."""

from __future__ import annotations

import re

import pyarrow as pa

from blift.schemas.blift import Blift
from blift.schemas.comment import Comment
from blift.schemas.errors import SchemaError, did_you_mean
from blift.schemas.instruction import Chat, Instruction
from blift.schemas.media import Media
from blift.schemas.post import Post
from blift.schemas.published import MediaFile, MediaImage, MediaVideo
from blift.schemas.record import TABLE_KEY, VERSION_KEY, Record, arrow_schema
from blift.schemas.reject import Reject
from blift.schemas.sample import Sample

RECORDS: dict[str, type[Record]] = {
    record.table: record
    for record in (
        Post,
        Comment,
        Media,
        Sample,
        Instruction,
        Chat,
        Blift,
        Reject,
        MediaFile,
        MediaImage,
        MediaVideo,
    )
}

SCHEMAS: dict[str, pa.Schema] = {name: arrow_schema(record) for name, record in RECORDS.items()}


def record_of(table: str) -> type[Record]:
    """The record class of a table.

    Raises:
        SchemaError: there is no such table.
    """
    if table not in RECORDS:
        near = did_you_mean(table, RECORDS) or "."
        raise SchemaError(f"There is no table {table!r}{near} Tables: {', '.join(RECORDS)}.")
    return RECORDS[table]


def check_readable(schema: pa.Schema, table: str, where: str) -> None:
    """Check that a file's schema says that it is ``table`` in a version that this code reads.

    Raises:
        SchemaError: another table, no version, or an unknown version; says what to do.
    """
    metadata = schema.metadata or {}
    name = metadata.get(TABLE_KEY, b"").decode()
    version = metadata.get(VERSION_KEY, b"").decode()
    expected = record_of(table).version
    if not name or not version:
        raise SchemaError(f"{where} carries no blift schema version; it was not written by blift. Rebuild it.")
    if name != table:
        raise SchemaError(f"{where} holds the table {name!r}, not {table!r}. Point to the right folder.")
    known = re.fullmatch(r"\d+\.\d+\.\d+", version) is not None
    if not known or version.split(".")[0] != expected.split(".")[0] or _parts(version) > _parts(expected):
        raise SchemaError(
            f"{where} has schema {name} {version}, and this blift reads {expected}. "
            "Use the blift that wrote it, or rebuild the folder."
        )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
