"""The diff engine: two definitions of a table as pairs of columns, and each difference as the rule that it is of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from blift.schemas.definition import Column, Definition, inside
from blift.schemas.level import Level


class Direction(StrEnum):
    """Who reads whose data."""

    BACKWARD = "BACKWARD"  # whoever has the new version reads data of the old one
    FORWARD = "FORWARD"  # whoever has the old version reads data of the new one


@dataclass(frozen=True)
class Pair:
    """A column of two versions: what it was and what it is; one of them is None where it was added or removed.

    The table itself is the pair whose path is empty, a struct of its columns.

    Attributes:
        fills_lists: readers take an absent list for an empty one, as those of blift do.
    """

    path: str
    old: Column | None
    new: Column | None
    fills_lists: bool
    old_path: str = ""
    key: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())


@dataclass(frozen=True)
class Found:
    """What a rule found in a pair: a sentence, what it asks of the version, and who may no longer read."""

    sentence: str
    level: Level
    breaks: frozenset[Direction] = frozenset()


@dataclass(frozen=True)
class ColumnRule:
    """A rule on one column of two versions: its id, what it asks in one sentence, and how it looks."""

    id: str
    sentence: str
    look: Callable[[Pair], Iterator[Found]]


@dataclass(frozen=True)
class Difference(Found):
    """A difference between two definitions, as the rule that it is of."""

    rule: str = ""
    path: str = ""

    @property
    def breaking(self) -> bool:
        """Whether it asks for a new major version."""
        return self.level is Level.MAJOR


def pairs(old: Definition, new: Definition, *, fills_lists: bool) -> Iterator[Pair]:
    """Every column of two definitions of a table with its counterpart, structs after their own pair.

    A column that is gone and one that is new are one pair, renamed, where they differ in the name alone.
    """
    states = min(old.format, new.format)
    before, after = old.stating(states), new.stating(states)
    table = (_as_struct(before), _as_struct(after))
    yield Pair("", *table, fills_lists, key=(before.key, after.key))
    yield from _pairs_of(before.fields, after.fields, ("", ""), fills_lists=fills_lists)


def _as_struct(one: Definition) -> Column:
    return Column(name="", type="struct", nullable=False, fields=one.fields)


def _pairs_of(
    old: Sequence[Column], new: Sequence[Column], prefixes: tuple[str, str], *, fills_lists: bool
) -> Iterator[Pair]:
    before, after = prefixes
    named = {column.name: column for column in new}
    added = {name: column for name, column in named.items() if name not in {column.name for column in old}}
    for column in old:
        heir = named.get(column.name) or next((other for other in added.values() if _renamed(column, other)), None)
        if heir is None:
            yield Pair(before + column.name, column, None, fills_lists, before + column.name)
            continue
        added.pop(heir.name, None)
        yield Pair(after + heir.name, column, heir, fills_lists, before + column.name)
        if _shape(column.type) == _shape(heir.type):
            inner = (inside(before + column.name, column), inside(after + heir.name, heir))
            yield from _pairs_of(column.fields, heir.fields, inner, fills_lists=fills_lists)
    for column in added.values():
        yield Pair(after + column.name, None, column, fills_lists, after + column.name)


def _renamed(one: Column, other: Column) -> bool:
    return one.model_copy(update={"name": other.name}) == other


def _shape(kind: str) -> str:
    """A type without the nullability of its items: structs of one shape are compared member by member."""
    return kind.replace(" or null", "")
