"""What is wrong with the baselines themselves: files that were deleted or edited, are damaged, missing or strays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from blift.schemas.baseline import parse
from blift.schemas.compatibility import Finding
from blift.schemas.definition import Definition
from blift.schemas.errors import SchemaError


@dataclass(frozen=True)
class Baselines:
    """Baselines as they are now, and as they were.

    Attributes:
        tables: the definitions that code has now, by table.
        now: contents of the baselines, by file name.
        before: those of what is compared with; None where these are the same files.
        folder: the folder of the baselines, for people.
    """

    tables: Mapping[str, Definition]
    now: Mapping[str, bytes]
    before: Mapping[str, bytes] | None
    folder: str

    def finding(self, rule: str, name: str, sentence: str) -> Finding:
        """A finding on one file."""
        return Finding(rule, table_of(name), sentence, file=f"{self.folder}/{name}", line=1)


@dataclass(frozen=True)
class BaselineRule:
    """A rule on baselines: its id, what it asks in one sentence, and how it looks."""

    id: str
    sentence: str
    look: Callable[[Baselines], Iterator[Finding]]


def table_of(name: str) -> str:
    """The table in a file's name; a version holds no hyphen."""
    return name.rpartition("-")[0]


def check_baselines(baselines: Baselines) -> list[Finding]:
    """Every finding on the baselines."""
    return [finding for rule in BASELINE_RULES for finding in rule.look(baselines)]


def readable(contents: Mapping[str, bytes]) -> list[Definition]:
    """The definitions in those baselines that hold one."""
    found = []
    for name, content in contents.items():
        try:
            found.append(parse(content, name))
        except SchemaError:
            continue  # BASELINE_READABLE says so
    return found


def _immutable(baselines: Baselines) -> Iterator[Finding]:
    for name, content in (baselines.before or {}).items():
        if name not in baselines.now:
            yield baselines.finding("BASELINE_IMMUTABLE", name, f"The baseline {name} was deleted. Restore it.")
        elif baselines.now[name] != content:
            sentence = (
                f"The baseline {name} was edited. Restore it, raise the version of the table, and run "
                "`blift schema baseline`."
            )
            yield baselines.finding("BASELINE_IMMUTABLE", name, sentence)


def _damaged(baselines: Baselines) -> Iterator[Finding]:
    for name, content in baselines.now.items():
        if table_of(name) in baselines.tables:
            try:
                parse(content, name)
            except SchemaError as error:
                yield baselines.finding("BASELINE_READABLE", name, str(error))


def _missing(baselines: Baselines) -> Iterator[Finding]:
    readable_now = {(one.table, one.version): one for one in readable(baselines.now)}
    for table, now in baselines.tables.items():
        name = f"{table}-{now.version}.json"
        there = readable_now.get((table, now.version))
        if name not in baselines.now:
            sentence = f"{table} {now.version} has no baseline. Run `blift schema baseline`."
            yield Finding("BASELINE_EXISTS", table, sentence)
        elif there is not None and baselines.before is not None and there != now.stating(there.format):
            sentence = f"The baseline {name} says otherwise than {table}. Delete it, and run `blift schema baseline`."
            yield baselines.finding("BASELINE_EXISTS", name, sentence)


def _strays(baselines: Baselines) -> Iterator[Finding]:
    for name in baselines.now:
        if table_of(name) not in baselines.tables:
            sentence = f"The baseline {name} belongs to no table. Remove it, or register its record class."
            yield baselines.finding("BASELINE_OF_TABLE", name, sentence)


BASELINE_RULES: tuple[BaselineRule, ...] = (
    BaselineRule("BASELINE_IMMUTABLE", "A baseline is neither edited nor deleted.", _immutable),
    BaselineRule("BASELINE_READABLE", "A baseline holds the definition that its name says.", _damaged),
    BaselineRule("BASELINE_EXISTS", "Every version of a table has a baseline that says the same.", _missing),
    BaselineRule("BASELINE_OF_TABLE", "A baseline is of a table.", _strays),
)
