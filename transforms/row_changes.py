"""What became of the rows of a table from one version to the next, in figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RowChanges:
    """How many rows of a table were added, removed, changed."""

    added: int = 0
    removed: int = 0
    changed: int = 0

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)
