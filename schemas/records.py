"""The record classes of blift's tables, by name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from blift.schemas.annotation import Annotation
from blift.schemas.blift import Blift
from blift.schemas.comment import Comment
from blift.schemas.definition import field_name
from blift.schemas.errors import SchemaError, did_you_mean
from blift.schemas.instruction import Chat, Instruction
from blift.schemas.media import Media
from blift.schemas.origin import Origin
from blift.schemas.post import Post
from blift.schemas.preference import Preference
from blift.schemas.published import (
    ChatWithMedia,
    InstructionWithMedia,
    MediaFile,
    MediaImage,
    MediaVideo,
    PreferenceWithMedia,
)
from blift.schemas.record import Record
from blift.schemas.reject import Reject
from blift.schemas.sample import Sample

RECORDS: dict[str, type[Record]] = {
    record.table: record
    for record in (
        Post,
        Comment,
        Media,
        Sample,
        Annotation,
        Instruction,
        Chat,
        Preference,
        Blift,
        Origin,
        Reject,
        MediaFile,
        MediaImage,
        MediaVideo,
        InstructionWithMedia,
        ChatWithMedia,
        PreferenceWithMedia,
    )
}


def record_of(table: str) -> type[Record]:
    """The record class of a table.

    Raises:
        SchemaError: there is no such table.
    """
    if table not in RECORDS:
        near = did_you_mean(table, RECORDS) or "."
        raise SchemaError(f"There is no table {table!r}{near} Tables: {', '.join(RECORDS)}.")
    return RECORDS[table]


def warn_of_deprecated(table: str, columns: Iterable[str]) -> None:
    """Warn of each column that is marked as deprecated, with what the mark says to use in its place."""
    fields = {field_name(name, info): info for name, info in record_of(table).model_fields.items()}
    for column in columns:
        info = fields.get(column)
        if info is not None and info.deprecated:
            warnings.warn(f"`{table}.{column}` is deprecated. {info.deprecated}", DeprecationWarning, stacklevel=3)
