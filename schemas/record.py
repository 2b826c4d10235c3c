"""What a table is made of: a pydantic model is the record; its definition and its Arrow schema are derived from it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A nested piece of a record, such as one segment of a replay graph."""

    # Validators are built when they are first needed: most readers of a table need its fields alone.
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class Record(Part):
    """One row of a table. Subclasses name their table, its version, and the columns that identify a row."""

    table: ClassVar[str]
    version: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ()
