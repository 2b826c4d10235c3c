"""What became of the rows of a table from one version to the next, in figures."""

from __future__ import annotations

from dataclasses import dataclass

from blift.schemas.count import Count


@dataclass(frozen=True)
class RowChanges:
    """How many rows of a table were added, removed, changed."""

    added: Count = 0
    removed: Count = 0
    changed: Count = 0

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.changed)
