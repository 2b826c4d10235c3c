"""Pairs as they are published: they name files of the release, or none where it has none."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from blift.schemas.arrow import from_rows
from blift.schemas.registry import SCHEMAS

#: Tables of pairs.
PAIRS = ("instruction", "chat", "preference")
_LISTS = ("images", "videos")
_FILES = {"instruction": ("image", "video"), "chat": _LISTS, "preference": _LISTS}


@dataclass(frozen=True)
class PublishedPairs:
    """Pairs that may leave, and how many stay since a file that they show is not published."""

    rows: pa.Table
    withheld: int


def published_pairs(rows: pa.Table, table: str, names: Mapping[str, str] | None) -> PublishedPairs:
    """Pairs with the names that their files have in a release.

    Args:
        rows: of a table of ``PAIRS``.
        names: name in the release by digest of the file as it was measured. None: the release has no files, so that
            pairs name their web addresses and digests alone.
    """
    made = [_named(row, _FILES[table], names) for row in rows.to_pylist()]
    return PublishedPairs(from_rows((row for row in made if row), SCHEMAS[table]), made.count(None))


def _named(row: dict[str, Any], columns: tuple[str, str], names: Mapping[str, str] | None) -> dict[str, Any] | None:
    """A pair with other names of files; None where one of them is not published."""
    renamed = row | ({"frames": []} if "frames" in row else {})
    for column in columns:
        found = row[column]
        if names is None:
            renamed[column] = [] if isinstance(found, list) else None
        elif isinstance(found, list):
            renamed[column] = [names.get(digest_of(name)) for name in found]
            if None in renamed[column]:
                return None
        elif found is not None:
            renamed[column] = names.get(digest_of(found))
            if renamed[column] is None:
                return None
    return renamed


def digest_of(name: str) -> str:
    """The digest of a file, as the name that a pair has for it in a run folder says."""
    return posixpath.basename(name).partition(".")[0]
