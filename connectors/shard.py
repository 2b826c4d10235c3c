"""What is said of one file of a dataset; who only reads accounts needs no Arrow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Shard:
    """One file of a dataset: path within the run folder, rows, bytes, and the sha256 of its content."""

    path: str
    rows: int
    size_bytes: int
    sha256: str
