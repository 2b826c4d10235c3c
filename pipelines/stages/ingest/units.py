"""What the ingest stage reads: files as workers take them, and where the run folder keeps what they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from blift.connectors.connector import Unit
from blift.connectors.hub.dataset import HubFile

STAGE = "ingest"
#: How the names of parts begin; their key and a digest of their content follow.
PREFIX = "parts/ingest-"
#: It is none of Parquet's, so that who reads all Parquet files of a run folder does not take them for tables.
ENDING = ".part"


@dataclass(frozen=True)
class Part:
    """Where that which some files gave is kept.

    Attributes:
        key: digest of all that decides it.
        path: in the run folder; None where it is not there yet.
    """

    key: str
    path: str | None = None


@dataclass(frozen=True)
class ArchiveUnit:
    """Files of one archive of a platform that a worker reads together."""

    platform: str
    archive: str
    unit: Unit
    part: Part | None = None
    """Where that which they give is kept; None where it is not."""


@dataclass(frozen=True)
class IngestInputs:
    """What is read: files of posts, files of comments alone, and files of published datasets."""

    posts: Sequence[ArchiveUnit]
    comments: Sequence[ArchiveUnit]
    published: Sequence[HubFile] = ()
