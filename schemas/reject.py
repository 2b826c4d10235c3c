"""The reject table: every record that was left out, and why."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Record


class Reject(Record):
    """One rejected record."""

    table: ClassVar[str] = "reject"
    version: ClassVar[str] = "1.5.0"

    stage: str = Field(description="Stage that rejected it: ingest, curate, ...")
    rule: str = Field(description="Name of the rule, as in the recipe; `read` for malformed input.")
    reason: str = Field(description="Why: a value of `blift.schemas.reasons.Reason`, or the reason of a rule.")
    record_table: str = Field(description="What it would have been: post, comment, sample.")
    record_id: str | None = Field(description="Its id, where one could be read.")
    detail: str | None = Field(description="What was found, such as the word or the number that decided.")
    source: str | None = Field(description="File that it came from, relative to the recipe's pattern, or its address.")
    line: int | None = Field(description="Line in that file, 1 first.")
    payload: str | None = Field(description="The record: raw if malformed, else as the stage saw it, as JSON.")
