"""The origin table: in which file, on which line, each observation of a post or comment was read."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Record


class Origin(Record):
    """One observation of a post or comment, and where it was read."""

    table: ClassVar[str] = "origin"
    version: ClassVar[str] = "1.0.0"

    record_id: str = Field(description="`post_id` or `comment_id` of what was read.")
    source: str | None = Field(description="File that it was read from, relative to the recipe's pattern.")
    line: int | None = Field(description="Line in that file, 1 first; null where a file holds one record.")
    retrieved_at: datetime | None = Field(description="When its numbers were read, UTC.")
    latest: bool = Field(description="It is the observation that the row of the post or comment shows.")
