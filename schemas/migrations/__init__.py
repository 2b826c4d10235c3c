"""Migrations: a module `<table>_<major>.py` carries data of a major version of a table to the next.

It has a ``MIGRATION``, a `blift.schemas.migration.Migration`.
"""

from __future__ import annotations

from pathlib import Path


def majors_with_migration(table: str) -> frozenset[int]:
    """The major versions of a table whose data a migration carries to the next one."""
    names = (path.stem for path in Path(__file__).parent.glob(f"{table}_*.py"))
    majors = (name.removeprefix(f"{table}_") for name in names)
    return frozenset(int(major) for major in majors if major.isascii() and major.isdigit())
