"""The schema gate for tables that other people define."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from blift.pipelines.schema.gate import Subject, check_subjects
from blift.pipelines.schema.given import definition_at, definition_in, subject_of
from blift.pipelines.schema.side import Side, side_of_definitions
from blift.pipelines.schema.sides import Kind, Target, read_side, target_of
from blift.schemas.compatibility import Finding
from blift.schemas.definition import Definition
from blift.schemas.errors import InputError
from blift.schemas.policy import Policy


def check_given(
    specs: Sequence[str], against: str, baselines: Path | None, policy: Policy, today: date
) -> list[Finding]:
    """Every finding on tables that are named as ``--schema`` names them, in the working directory.

    Raises:
        InputError: a table cannot be read, or there is nothing to compare with.
        PublishError: the Hub cannot be read.
    """
    here = Path.cwd()
    target = target_of(against, here)
    if target.kind is Kind.BASELINES and baselines is None:
        raise InputError("Name what to compare with: --against a git ref or a folder, or --baselines FOLDER.")
    findings: list[Finding] = []
    for spec in specs:
        subject = subject_of(spec, here)
        side = _side(spec, subject, target, baselines or here)
        findings += check_subjects([subject], side, policy, today)
    return findings


def _side(spec: str, subject: Subject, target: Target, baselines: Path) -> Side:
    """The table as it was, under the name that it has now."""
    if target.kind is Kind.GIT:
        return _renamed(target, definition_at(spec, Path.cwd(), target.commit), subject)
    if target.kind is Kind.FOLDER:
        found = definition_in(spec, Path(target.name))
        if found is not None:
            return _renamed(target, found, subject)
    return read_side(target, baselines)


def _renamed(target: Target, found: Definition | None, subject: Subject) -> Side:
    name = subject.definition.table
    return side_of_definitions(target.name, [] if found is None else [found.model_copy(update={"table": name})])
