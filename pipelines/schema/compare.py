"""`blift schema diff`: what differs between two versions of tables, and which version that asks for."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from blift.pipelines.schema.gate import own_subjects
from blift.pipelines.schema.given import subject_of
from blift.pipelines.schema.side import Side, side_of_definitions
from blift.pipelines.schema.sides import read_side, target_of
from blift.schemas.compatibility import required_version
from blift.schemas.definition import Definition
from blift.schemas.differences import Difference
from blift.schemas.rules import differences

#: Names the definitions that code has now.
CODE = "code"
#: How the names of files end.
_FILES = (".json", ".parquet", ".arrow", ".feather")


@dataclass(frozen=True)
class Changed:
    """A table on two sides, its newest version on each; None where a side does not have it."""

    table: str
    old: Definition | None
    new: Definition | None
    found: Sequence[Difference]

    @property
    def differs(self) -> bool:
        """Whether the sides are not the same."""
        return bool(self.found) or self.old is None or self.new is None

    @property
    def needed(self) -> str:
        """The lowest version that says what differs; empty of a table without versions, or new or gone."""
        if self.old is None or self.new is None or not self.old.version:
            return ""
        return required_version(self.old.version, self.found)


def compared(old: str, new: str, baselines: Path) -> list[Changed]:
    """What differs from one side to another, table by table.

    Raises:
        InputError: a side is not there, or holds no tables.
        PublishError: the Hub cannot be read.
    """
    before, after = _side(old, baselines).tables, _side(new, baselines).tables
    if len(before) == len(after) == 1 and before.keys() != after.keys():  # two files, or two classes
        [renamed], [name] = before.values(), after
        before = {name: renamed}
    both = [(table, _newest(before.get(table)), _newest(after.get(table))) for table in {**before, **after}]
    return [Changed(table, a, b, differences(a, b) if a and b else []) for table, a, b in both]


def _newest(versions: Sequence[Definition] | None) -> Definition | None:
    return versions[-1] if versions else None


def _side(name: str, baselines: Path) -> Side:
    if name == CODE:
        return side_of_definitions(name, [subject.definition for subject in own_subjects()])
    if ":" in name or os.path.isfile(name) or name.endswith(_FILES):
        return side_of_definitions(name, [subject_of(name, Path.cwd()).definition])
    return read_side(target_of(name, baselines), baselines)


def as_text(changed: Sequence[Changed]) -> str:
    """A line for each table that differs, and one for each difference."""
    lines: list[str] = []
    for one in changed:
        if one.old is None or one.new is None:
            lines.append(f"{one.table}: {'removed' if one.new is None else 'new'}")
        elif one.found:
            versions = f" {one.old.version} -> {one.new.version}, needs {one.needed}" if one.needed else ""
            lines.append(f"{one.table}{versions}:")
            lines += [f"  {each.level.name.lower():<5} {each.rule}: {each.sentence}" for each in one.found]
    return "".join(f"{line}\n" for line in lines) or "No table differs.\n"


def as_json(changed: Sequence[Changed]) -> str:
    """The same for programs."""
    tables = [
        {
            "table": one.table,
            "old": one.old and one.old.version,
            "new": one.new and one.new.version,
            "needed": one.needed or None,
            "differences": [
                {
                    "rule": each.rule,
                    "column": each.path or None,
                    "level": each.level.name.lower(),
                    "breaks": sorted(each.breaks),
                    "message": each.sentence,
                }
                for each in one.found
            ],
        }
        for one in changed
    ]
    return json.dumps({"tables": tables}, indent=2, ensure_ascii=False) + "\n"
