"""The tables of blift as Arrow schemas, by name."""

from __future__ import annotations

import re

import pyarrow as pa

from blift.schemas.arrow import TABLE_KEY, VERSION_KEY, arrow_schema
from blift.schemas.errors import SchemaError
from blift.schemas.migrations import majors_with_migration
from blift.schemas.records import RECORDS, record_of

SCHEMAS: dict[str, pa.Schema] = {name: arrow_schema(record) for name, record in RECORDS.items()}


def check_readable(schema: pa.Schema, table: str, where: str) -> None:
    """Check that a file's schema says that it is ``table`` in a version that this code reads.

    Raises:
        SchemaError: another table, no version, or an unknown version; says what to do.
    """
    metadata = schema.metadata or {}
    name = metadata.get(TABLE_KEY, b"").decode(errors="replace")
    version = metadata.get(VERSION_KEY, b"").decode(errors="replace")
    expected = record_of(table).version
    if not name or not version:
        raise SchemaError(f"{where} carries no blift schema version; it was not written by blift. Rebuild it.")
    if name != table:
        raise SchemaError(f"{where} holds the table {name!r}, not {table!r}. Point to the right folder.")
    known = re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}){2}", version) is not None
    if not known or _parts(version) > _parts(expected) or not _reaches(table, version, expected):
        raise SchemaError(
            f"{where} has schema {name} {version}, and this blift reads {expected}. "
            "Use the blift that wrote it, or rebuild the folder."
        )


def _reaches(table: str, version: str, expected: str) -> bool:
    """Whether migrations carry data of a version to the expected one."""
    steps = range(_parts(version)[0], _parts(expected)[0])
    return set(steps) <= majors_with_migration(table)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
