"""What is asked of a table: who must be able to read whose data, and what is excepted until when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from blift.schemas.differences import Direction


class Mode(StrEnum):
    """Who must be able to read whose data, within one major version."""

    NONE = "NONE"
    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"

    @property
    def transitive(self) -> bool:
        """Whether every earlier version counts, and not the last one alone."""
        return self.value.endswith("_TRANSITIVE")

    @property
    def directions(self) -> frozenset[Direction]:
        """The directions in which data must be readable."""
        name = self.value.removesuffix("_TRANSITIVE")
        return frozenset(one for one in Direction if name in (one.value, "FULL"))


#: The modes, each in one line.
MODES: dict[Mode, str] = {
    Mode.NONE: "Versions alone count: nobody needs to read anybody else's data.",
    Mode.BACKWARD: "Readers with the new version read data of the last version.",
    Mode.BACKWARD_TRANSITIVE: "Readers with the new version read data of every earlier version.",
    Mode.FORWARD: "Readers with the last version read data of the new version.",
    Mode.FORWARD_TRANSITIVE: "Readers with any earlier version read data of the new version.",
    Mode.FULL: "Readers with the last version and with the new version read each other's data.",
    Mode.FULL_TRANSITIVE: "Readers with the new version and with any earlier version read each other's data.",
}


@dataclass(frozen=True)
class Exemption:
    """Findings of one rule that are allowed until a day, which is the last one; no table or column means all."""

    rule: str
    until: date
    table: str | None = None
    column: str | None = None

    def covers(self, rule: str, table: str, column: str) -> bool:
        """Whether it is about that rule, table and column, in force or not."""
        return self.rule == rule and self.table in (None, table) and self.column in (None, column)


@dataclass(frozen=True)
class Policy:
    """The mode of every table, and what is excepted."""

    mode: Mode = Mode.BACKWARD
    modes: Mapping[str, Mode] = field(default_factory=dict)
    exceptions: tuple[Exemption, ...] = ()

    def mode_of(self, table: str) -> Mode:
        """The mode of a table."""
        return self.modes.get(table, self.mode)

    def exception_for(self, rule: str, table: str, column: str) -> Exemption | None:
        """The exception that lasts longest, in force or not."""
        found = [one for one in self.exceptions if one.covers(rule, table, column)]
        return max(found, key=lambda one: one.until, default=None)
