"""The schema gate: every table as it is now against what it was, and the findings with their place in the source."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from pydantic import BaseModel

from blift.pipelines.schema.places import Place, place_of, shown
from blift.pipelines.schema.side import Side, baseline_files, baselines_now, side_of_definitions
from blift.schemas.baseline import baseline_path, write_baseline
from blift.schemas.baseline_rules import Baselines, check_baselines, readable
from blift.schemas.compatibility import Finding, History, check_table, not_excepted
from blift.schemas.definition import Definition, definition
from blift.schemas.errors import SchemaError
from blift.schemas.migrations import majors_with_migration
from blift.schemas.policy import Mode, Policy
from blift.schemas.records import RECORDS


@dataclass(frozen=True)
class Subject:
    """A table to check.

    Attributes:
        definition: what it is now.
        model: the class that defines it; None where a file does.
        file: the file that defines it, where no class does.
        fills_lists: readers take an absent list for an empty one.
        migrations: major versions whose data a migration carries to the next; None where nobody asks.
    """

    definition: Definition
    model: type[BaseModel] | None = None
    file: str = ""
    fills_lists: bool = False
    migrations: Collection[int] | None = None

    def place(self, column: str) -> Place | None:
        """Where it is defined."""
        return Place(self.file, 1) if self.model is None else place_of(self.model, column)


def own_subjects() -> list[Subject]:
    """The tables of blift."""
    return [
        Subject(definition(record), record, fills_lists=True, migrations=majors_with_migration(table))
        for table, record in RECORDS.items()
    ]


def check_subjects(subjects: Sequence[Subject], side: Side, policy: Policy, today: date) -> Iterator[Finding]:
    """Findings on tables, against one side."""
    for subject in subjects:
        now = subject.definition
        earlier = [old for old in side.tables.get(now.table, ()) if not _same(old, now)]
        history = History(now.table, now, earlier, policy, today, subject.migrations, fills_lists=subject.fills_lists)
        for finding in check_table(history):
            place = subject.place(finding.column)
            yield finding if place is None else replace(finding, file=place.file, line=place.line)


def _same(old: Definition, now: Definition) -> bool:
    return old.version == now.version and old == now.stating(old.format)


def check_own(side: Side, folder: Path, policy: Policy, today: date) -> list[Finding]:
    """Every finding on the tables of blift and on their baselines in ``folder``."""
    subjects = own_subjects()
    tables = {subject.definition.table: subject.definition for subject in subjects}
    files = Baselines(tables, baselines_now(folder, side.baselines), side.baselines, shown(str(folder)))
    of_files = not_excepted(check_baselines(files), policy, today)
    findings = [*of_files, *check_subjects(subjects, side, policy, today)]
    if side.baselines is not None:
        gone = [table for table in side.tables if table not in tables]
        findings += [
            finding
            for table in gone
            for finding in check_table(History(table, None, side.tables[table], policy, today))
        ]
    return [placed(finding, subjects) for finding in findings]


def placed(finding: Finding, subjects: Sequence[Subject]) -> Finding:
    """A finding on a table whose file does not say where, at the table's version."""
    subject = next((each for each in subjects if each.definition.table == finding.table), None)
    place = None if finding.file or subject is None else subject.place("")
    return finding if place is None else replace(finding, file=place.file, line=place.line)


def write_baselines(subjects: Sequence[Subject], folder: Path) -> Iterator[str]:
    """Write the baseline of every table, or none where a version is too low; a line for people each.

    Raises:
        SchemaError: a table has no version, one that is too low, or one that has a baseline with another definition.
        OutputError: a file cannot be written.
    """
    side = side_of_definitions("", readable(baseline_files(folder)))
    asked = ("VERSION_RAISED", "VERSION_NOT_LOWERED")
    found = check_subjects(subjects, side, Policy(mode=Mode.NONE), date.min)
    problems = [finding.sentence for finding in found if finding.rule in asked]
    problems += [
        f'{subject.definition.table} has no version. Give its class `version = "1.0.0"`.'
        for subject in subjects
        if not subject.definition.version
    ]
    if problems:
        raise SchemaError(" ".join(problems))
    for subject in subjects:
        now = subject.definition
        state = "has its baseline" if baseline_path(now, folder).exists() else "has a new baseline"
        yield f"{now.table} {now.version} {state}: {write_baseline(now, folder)}"
