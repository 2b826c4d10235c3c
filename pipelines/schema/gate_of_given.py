"""The schema gate for tables that other people define."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from blift.pipelines.schema.gate import Subject, check_subjects, placed
from blift.pipelines.schema.given import NoSuchTable, definition_at, definition_in, module_file, subject_of
from blift.pipelines.schema.places import shown
from blift.pipelines.schema.side import Side, baseline_files, baselines_now, side_of_definitions
from blift.pipelines.schema.sides import Kind, Target, baselines_at, read_side, target_of
from blift.schemas.baseline_rules import Baselines, check_baselines, readable, table_of
from blift.schemas.compatibility import Finding, History, check_table, not_excepted
from blift.schemas.definition import Definition
from blift.schemas.errors import InputError
from blift.schemas.policy import Policy


@dataclass(frozen=True)
class Checked:
    """The findings on tables, and the names of those that were not there before, so that nothing was compared."""

    findings: Sequence[Finding]
    new: Sequence[str]


def check_given(specs: Sequence[str], against: str, baselines: Path | None, policy: Policy, today: date) -> Checked:
    """Every finding on tables that are named as ``--schema`` names them, in the working directory.

    Raises:
        InputError: a table cannot be read, or there is nothing to compare with.
        PublishError: the Hub cannot be read.
    """
    here = Path.cwd()
    target = target_of(against, here)
    if target.kind is Kind.BASELINES and baselines is None:
        raise InputError("Name what to compare with: --against a git ref or a folder, or --baselines FOLDER.")
    before = None if baselines is None else _baselines_before(target, baselines)
    files = {} if baselines is None else baselines_now(baselines, before)
    findings: list[Finding] = []
    subjects: list[Subject] = []
    new: list[str] = []
    for spec in specs:
        try:
            subject = subject_of(spec, here)
        except NoSuchTable:
            was = _as_it_was(spec, target)
            if was is None:
                raise
            gone = check_table(History(was.table, None, [was], policy, today))
            findings += [replace(each, file=module_file(spec, here), line=1) for each in gone]
            continue
        subjects.append(subject)
        side = _side(spec, subject, target, files, before)
        findings += check_subjects([subject], side, policy, today)
        new += [] if side.tables.get(subject.definition.table) else [subject.definition.table]
    if baselines is not None:
        found = not_excepted(_of_baselines(subjects, files, before, baselines), policy, today)
        findings = [*(placed(each, subjects) for each in found), *findings]
    return Checked(findings, new)


def _baselines_before(target: Target, baselines: Path) -> dict[str, bytes] | None:
    """The baselines of what is compared with; None where it has none of its own."""
    if target.kind is Kind.GIT:
        return baselines_at(target.name, target.commit, baselines)
    folder = Path(target.name, baselines)
    return baseline_files(folder) if target.kind is Kind.FOLDER and folder.is_dir() else None


def _of_baselines(
    subjects: Sequence[Subject], now: Mapping[str, bytes], before: Mapping[str, bytes] | None, folder: Path
) -> list[Finding]:
    """Findings on the baselines of those tables; what else lies in the folder may be of tables that are not named."""
    tables = {each.definition.table: each.definition for each in subjects if each.definition.version}
    own, were = (
        None if files is None else {name: content for name, content in files.items() if table_of(name) in tables}
        for files in (now, before)
    )
    return check_baselines(Baselines(tables, own or {}, were, shown(str(folder))))


def _as_it_was(spec: str, target: Target) -> Definition | None:
    """The table as the code or the file of what is compared with has it; None where that has none."""
    if target.kind is Kind.GIT:
        return definition_at(spec, Path.cwd(), target.commit, target.name)
    return definition_in(spec, Path(target.name), target.name) if target.kind is Kind.FOLDER else None


def _side(
    spec: str, subject: Subject, target: Target, files: Mapping[str, bytes], before: Mapping[str, bytes] | None
) -> Side:
    """The table as it was, under the name that it has now."""
    table = subject.definition.table
    if target.kind is Kind.BASELINES:
        if not subject.definition.version:
            raise InputError(
                f'{table} has no version, and so no baselines. Give its class `version = "1.0.0"`, or name a git ref '
                "with --against."
            )
        return side_of_definitions(target.name, readable(files))
    was = _as_it_was(spec, target)
    if was is None and target.kind is not Kind.GIT:
        return read_side(target, Path.cwd())
    earlier = [one for one in readable(before or {}) if one.table == table]
    if was is not None:
        earlier = [one for one in earlier if one.version != was.version]
        earlier.append(was.model_copy(update={"table": table}))
    return side_of_definitions(target.name, earlier)
