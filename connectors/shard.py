"""What is said of one file of a dataset; who only reads accounts needs no Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from blift.schemas.count import Count


@dataclass(frozen=True, order=True)
class Shard:
    """One file of a dataset: path within the run folder, rows, bytes, and the sha256 of its content."""

    path: str
    rows: Count
    size_bytes: Count
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
