"""A table as a Parquet file holds it, which may be of an earlier version, and what of it is decoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from blift.schemas.arrow import VERSION_KEY, conform
from blift.schemas.migration import is_of_earlier_major, to_present
from blift.schemas.registry import SCHEMAS, check_readable


@dataclass(frozen=True)
class StoredTable:
    """A table as a file holds it, on its way to the present version.

    Attributes:
        table: which table. ``version``: that of the file.
        names: of the columns that are there.
    """

    table: str
    version: str
    names: Sequence[str]

    @classmethod
    def of(cls, parquet: pq.ParquetFile, table: str, where: str) -> StoredTable:
        """What an open file holds; ``where`` names it.

        Raises:
            SchemaError: another table, or a version that no migration carries to the present one.
        """
        schema = parquet.schema_arrow
        check_readable(schema, table, where)
        return cls(table, schema.metadata[VERSION_KEY].decode(), schema.names)

    @property
    def is_earlier(self) -> bool:
        """It must be migrated."""
        return is_of_earlier_major(self.table, self.version)

    def needed(self, columns: Sequence[str] | None) -> list[str] | None:
        """The columns to decode for some of the present version; None for all, of which a migration may need any."""
        if columns is None or self.is_earlier:
            return None
        return [name for name in columns if name in self.names]

    def present(self, rows: pa.Table, columns: Sequence[str] | None = None) -> pa.Table:
        """Rows of the file, with ``needed(columns)``, in the present version."""
        if self.is_earlier:
            rows = to_present(rows, self.table, self.version)
        return conform(rows, present_schema(self.table, columns))


def present_schema(table: str, columns: Sequence[str] | None = None) -> pa.Schema:
    """The schema of a table in its present version, of some ``columns`` where these are named."""
    schema = SCHEMAS[table]
    return schema if columns is None else pa.schema([schema.field(name) for name in columns])
