"""What is wrong with a table as it is now, given what it was: findings, each of one rule."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from blift.schemas.definition import Definition, version_numbers
from blift.schemas.differences import Difference, Direction
from blift.schemas.level import Level
from blift.schemas.policy import Policy
from blift.schemas.rules import differences


@dataclass(frozen=True)
class Finding:
    """Something that must not be merged, as the rule that it breaks.

    Attributes:
        rule: its id.
        table: the table, or the name of a file that is of none.
        sentence: what is wrong and what to do.
        column: path of the column, such as `replay[].start_s`; empty where it is about the table.
        breaks: who may no longer read whose data.
        file: where it is to be changed, and the line there; empty and 0 where that is not known.
    """

    rule: str
    table: str
    sentence: str
    column: str = ""
    breaks: frozenset[Direction] = frozenset()
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class History:
    """A table as it is now, and as it was.

    Attributes:
        now: the definition; None where the table was removed.
        earlier: definitions to compare with, in the order of their versions.
        policy: what is asked of it.
        today: the day for which exceptions are looked up.
        migrations: major versions whose data a migration carries to the next; None where nobody asks.
        fills_lists: readers take an absent list for an empty one.
    """

    table: str
    now: Definition | None
    earlier: Sequence[Definition]
    policy: Policy
    today: date
    migrations: Collection[int] | None = None
    fills_lists: bool = True

    @cached_property
    def compared(self) -> list[tuple[Definition, list[Difference]]]:
        """The versions that count, the last one first, with what differs and is not excepted."""
        if self.now is None:
            return []
        mode = self.policy.mode_of(self.table)
        chosen = self.earlier if mode.transitive else self.earlier[-1:]
        return [(old, self._asked(old, self.now)) for old in reversed(chosen)]

    def _asked(self, old: Definition, now: Definition) -> list[Difference]:
        found = []
        for difference in differences(old, now, fills_lists=self.fills_lists):
            exception = self.policy.exception_for(difference.rule, self.table, difference.path)
            if exception is None:
                found.append(difference)
            elif exception.until < self.today:
                ended = f"{difference.sentence} The exception for it ended on {exception.until}."
                found.append(replace(difference, sentence=ended))
        return found


def check_table(history: History) -> list[Finding]:
    """Every finding on a table; empty where it may be merged."""
    found = (finding for rule in TABLE_RULES for finding in rule.look(history))
    return [*_columns(history), *not_excepted(found, history.policy, history.today)]


def not_excepted(findings: Iterable[Finding], policy: Policy, today: date) -> Iterator[Finding]:
    """Findings that no exception covers on a day; those whose exception has ended say so."""
    for finding in findings:
        exception = policy.exception_for(finding.rule, finding.table, finding.column)
        if exception is None:
            yield finding
        elif exception.until < today:
            yield replace(finding, sentence=f"{finding.sentence} The exception for it ended on {exception.until}.")


@dataclass(frozen=True)
class TableRule:
    """A rule on a table and its history: its id, what it asks in one sentence, and how it looks."""

    id: str
    sentence: str
    look: Callable[[History], Iterator[Finding]]


def required_version(old_version: str, found: Sequence[Difference]) -> str:
    """The lowest version that a definition with these differences may carry; the old one where there are none."""
    if not found:
        return old_version
    major, minor, patch = version_numbers(old_version)
    level = max(difference.level for difference in found)
    if level is Level.MAJOR:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level is Level.MINOR else f"{major}.{minor}.{patch + 1}"


def _columns(history: History) -> Iterator[Finding]:
    """Differences that break readers, unless a new major version says so."""
    directions = history.policy.mode_of(history.table).directions
    seen = set()
    for old, found in history.compared:
        if history.now is None or _major(history.now) > _major(old) > -1:
            continue
        for difference in found:
            breaking = difference.breaking or difference.breaks & directions
            if breaking and (difference.rule, difference.path, difference.sentence) not in seen:
                seen.add((difference.rule, difference.path, difference.sentence))
                told = f"{difference.sentence} {_for_whom(difference, old)}"
                yield Finding(difference.rule, history.table, told, difference.path, difference.breaks)


def _for_whom(difference: Difference, old: Definition) -> str:
    """Who can no longer read what."""
    was = old.version or "the version before"
    if len(difference.breaks) > 1:
        return f"Neither version reads data of the other: {was} and this one."
    if Direction.BACKWARD in difference.breaks:
        return f"Readers with this version cannot read data of {was}."
    if Direction.FORWARD in difference.breaks:
        return f"Readers with {was} cannot read data of this version."
    return f"Code that was written for {was} may fail."


def _major(one: Definition) -> int:
    """The major version; -1 of a table without versions."""
    return version_numbers(one.version)[0] if one.version else -1


def _version_raised(history: History) -> Iterator[Finding]:
    if not history.compared or history.now is None or not history.now.version:
        return
    old, found = history.compared[0]
    if not found or not old.version:
        return
    now, needed = history.now.version, required_version(old.version, found)
    if version_numbers(old.version) <= version_numbers(now) < version_numbers(needed):
        told = _told(found)
        if now == old.version:
            sentence = (
                f"{history.table} {now} differs from its baseline: {told} Raise the version to {needed} and run "
                "`blift schema baseline`, or undo the change."
            )
        else:
            sentence = (
                f"{history.table} {now} is not raised enough since {old.version}: {told} Raise the version to {needed}."
            )
        yield Finding("VERSION_RAISED", history.table, sentence)


def _told(found: Sequence[Difference]) -> str:
    """The sentences, breaking ones first."""
    ordered = sorted(found, key=lambda difference: -difference.level)
    return " ".join(f"{each.sentence[:-1]} ({_LEVELS[each.level]})." for each in ordered)


_LEVELS = {Level.PATCH: "documentation only", Level.MINOR: "compatible", Level.MAJOR: "breaking"}


def _version_not_lowered(history: History) -> Iterator[Finding]:
    now = history.now
    if now is None or not now.version or not history.earlier or not history.earlier[-1].version:
        return
    newest = history.earlier[-1].version
    if version_numbers(newest) > version_numbers(now.version):
        sentence = f"{now.table} is at {now.version}, and there is {newest} already. Raise the version above {newest}."
        yield Finding("VERSION_NOT_LOWERED", history.table, sentence)


def _migration_exists(history: History) -> Iterator[Finding]:
    if history.now is None or not history.earlier or history.migrations is None:
        return
    majors = {_major(old) for old in history.earlier}
    for major in range(max(0, min(majors)), _major(history.now)):
        if major not in history.migrations:
            table = history.table
            sentence = (
                f"{table} {history.now.version} has no migration from version {major}. "
                f"Write schemas/migrations/{table}_{major}.py, which carries data of {major}.x to {major + 1}.0.0."
            )
            yield Finding("MIGRATION_EXISTS", table, sentence)


def _table_stays(history: History) -> Iterator[Finding]:
    if history.now is None:
        sentence = f"The table {history.table} was removed. Restore it, or add an exception for TABLE_NO_DELETE."
        yield Finding("TABLE_NO_DELETE", history.table, sentence, breaks=frozenset({Direction.FORWARD}))


def _replacement_exists(history: History) -> Iterator[Finding]:
    """A mark of deprecation names, in backticks, a column that is there."""
    columns = dict(history.now.columns()) if history.now is not None else {}
    for path, column in columns.items():
        beside = path.removesuffix(column.name)
        named = {*column.deprecated.split("`")[1::2]}
        if column.deprecated and not ({*columns, *(name.removeprefix(beside) for name in columns)} - {path}) & named:
            sentence = (
                f"`{path}` is deprecated and names no column that replaces it: {column.deprecated!r}. "
                'Name one in backticks, such as "Use `views`."'
            )
            yield Finding("REPLACEMENT_EXISTS", history.table, sentence, path)


TABLE_RULES: tuple[TableRule, ...] = (
    TableRule("VERSION_RAISED", "The version is raised as much as the changes ask.", _version_raised),
    TableRule("VERSION_NOT_LOWERED", "The version is not lower than one that there is already.", _version_not_lowered),
    TableRule("MIGRATION_EXISTS", "A new major version comes with a migration from the one before.", _migration_exists),
    TableRule("TABLE_NO_DELETE", "A table stays.", _table_stays),
    TableRule("REPLACEMENT_EXISTS", "A deprecated column names the column that replaces it.", _replacement_exists),
)
