"""Migrations: a module `<table>_<major>.py` carries data of a major version of a table to the next.

It has a ``MIGRATION``, a `Migration`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Migration:
    """Carries rows of one major version of a table to the next.

    Attributes:
        move: rows in, with every column of the newest baseline of their major version; as many rows out, in their
            order, with the columns of the next major version.
        losses: sentences on what the new version says and the old rows do not tell, and what the old rows told and the
            new version does not keep.
    """

    move: Callable[[pa.Table], pa.Table]
    losses: tuple[str, ...] = ()


def majors_with_migration(table: str) -> frozenset[int]:
    """The major versions of a table whose data a migration carries to the next one."""
    names = (path.stem for path in Path(__file__).parent.glob(f"{table}_*.py"))
    majors = (name.removeprefix(f"{table}_") for name in names)
    return frozenset(int(major) for major in majors if major.isascii() and major.isdigit())
