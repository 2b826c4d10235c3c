"""Old data as new: rows of any earlier version of a table go through the chain of its migrations."""

from __future__ import annotations

from importlib import import_module

import pyarrow as pa

from blift.schemas.arrow import VERSION_KEY, conform, schema_of
from blift.schemas.baseline import BASELINES, load
from blift.schemas.definition import version_numbers
from blift.schemas.errors import SchemaError
from blift.schemas.migrations import Migration
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS


def migration(table: str, major: int) -> Migration:
    """The migration from a major version of a table to the next.

    Raises:
        SchemaError: there is none.
    """
    name = f"blift.schemas.migrations.{table}_{major}"
    try:
        found: Migration = import_module(name).MIGRATION
    except ModuleNotFoundError as error:
        raise SchemaError(
            f"{table} has no migration from version {major}. Use the blift that wrote the data, or rebuild them."
        ) from error
    return found


def losses(table: str, version: str) -> list[str]:
    """What is lost between rows of a version and the present one."""
    return [sentence for major in _steps(table, version) for sentence in migration(table, major).losses]


def is_of_earlier_major(table: str, version: str) -> bool:
    """Whether rows of a version have to go through a migration."""
    return bool(_steps(table, version))


def to_present(rows: pa.Table, table: str, version: str) -> pa.Table:
    """Rows of any earlier version of a table as rows of the present one.

    Raises:
        SchemaError: a migration is missing or does not do what it should, or the rows are not of that version.
    """
    for major in _steps(table, version):
        moved = migration(table, major).move(conform(rows, _newest(table, major)))
        if moved.num_rows != rows.num_rows:
            raise SchemaError(
                f"The migration of {table} from version {major} made {moved.num_rows} rows of {rows.num_rows}. "
                "Correct it: a row stays a row."
            )
        rows = moved
    return conform(rows, SCHEMAS[table])


def _steps(table: str, version: str) -> range:
    return range(version_numbers(version)[0], version_numbers(RECORDS[table].version)[0])


def _newest(table: str, major: int) -> pa.Schema:
    """The schema of the newest version of that major one: what is newer than the rows is null, or empty lists."""
    versions = [path.stem.rpartition("-")[2] for path in BASELINES.glob(f"{table}-{major}.*.json")]
    if not versions:
        raise SchemaError(f"{table} has no baseline of version {major}. Restore it from version control.")
    newest = max(versions, key=version_numbers)
    schema = schema_of(load(BASELINES / f"{table}-{newest}.json"))
    return schema.with_metadata({VERSION_KEY: newest.encode()})
