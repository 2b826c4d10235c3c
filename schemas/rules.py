"""The rules on columns: one entry each, with an id, what it asks, and the function that looks for it."""

from __future__ import annotations

from collections.abc import Iterator

from blift.schemas.definition import Column, Definition
from blift.schemas.differences import ColumnRule, Difference, Direction, Found, Pair, pairs
from blift.schemas.level import Level
from blift.schemas.reading import reads

_BACKWARD = frozenset({Direction.BACKWARD})
_FORWARD = frozenset({Direction.FORWARD})
_BOTH = _BACKWARD | _FORWARD


def differences(old: Definition, new: Definition, *, fills_lists: bool = True) -> list[Difference]:
    """What differs between two definitions of one table, each as the rule that it is of; versions are not compared.

    Empty if and only if the columns and keys are the same, as far as both definitions state them.

    Args:
        old: the version before.
        new: the version after.
        fills_lists: readers take an absent list for an empty one, as those of blift do.
    """
    return [
        Difference(found.sentence, found.level, found.breaks, rule.id, pair.path)
        for pair in pairs(old, new, fills_lists=fills_lists)
        for rule in COLUMN_RULES
        for found in rule.look(pair)
    ]


def _required(column: Column, pair: Pair) -> bool:
    """Whether nobody can read data without the column."""
    return not column.nullable and not (pair.fills_lists and column.is_list)


def _deleted(pair: Pair) -> Iterator[Found]:
    if pair.new is None and pair.old is not None:
        breaks = _FORWARD if _required(pair.old, pair) else frozenset[Direction]()
        yield Found(f"`{pair.path}` was removed.", Level.MAJOR, breaks)


def _renamed(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.old.name != pair.new.name:
        breaks = _BOTH if _required(pair.new, pair) else frozenset[Direction]()
        yield Found(f"`{pair.old_path}` was renamed to `{pair.path}`.", Level.MAJOR, breaks)


def _required_added(pair: Pair) -> Iterator[Found]:
    if pair.old is None and pair.new is not None and _required(pair.new, pair):
        yield Found(f"`{pair.path}` was added and is required.", Level.MAJOR, _BACKWARD)


def _added(pair: Pair) -> Iterator[Found]:
    if pair.old is None and pair.new is not None and not _required(pair.new, pair):
        how = "nullable" if pair.new.nullable else "a list"
        yield Found(f"`{pair.path}` was added, {how}.", Level.MINOR)


def _retyped(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None or pair.old.type == pair.new.type:
        return
    old, new = pair.old.type, pair.new.type
    breaks = ({Direction.BACKWARD} if not reads(old, new) else set()) | (
        {Direction.FORWARD} if not reads(new, old) else set()
    )
    yield Found(f"`{pair.path}` changed its type from {old} to {new}.", Level.MAJOR, frozenset(breaks))


def _nullability(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None:
        return
    if pair.old.nullable and not pair.new.nullable:
        yield Found(f"`{pair.path}` became required.", Level.MAJOR, _BACKWARD)
    if pair.new.nullable and not pair.old.nullable:
        yield Found(f"`{pair.path}` became nullable.", Level.MINOR, _FORWARD)


def _values_deleted(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.new.values:
        gone = [value for value in pair.old.values if value not in pair.new.values]
        yield from (Found(f"`{pair.path}` lost the value `{value}`.", Level.MAJOR, _BACKWARD) for value in gone)


def _values_added(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.old.values:
        came = [value for value in pair.new.values if value not in pair.old.values]
        yield from (Found(f"`{pair.path}` has the new value `{value}`.", Level.MINOR, _FORWARD) for value in came)


def _enum_closed(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.new.values and not pair.old.values:
        yield Found(f"`{pair.path}` takes the values of a closed list only.", Level.MAJOR, _BACKWARD)


def _enum_opened(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.old.values and not pair.new.values:
        yield Found(f"`{pair.path}` takes any value, no longer a closed list.", Level.MINOR, _FORWARD)


def _range_narrowed(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None or pair.new.range is None or pair.old.range == pair.new.range:
        return
    old, new = pair.old.range, pair.new.range
    if old is None or not old.within(new):
        breaks = _BACKWARD if (old is not None and new.within(old)) or old is None else _BOTH
        was = "any number" if old is None else str(old)
        yield Found(f"`{pair.path}` takes {new}, where it took {was}.", Level.MAJOR, breaks)


def _range_widened(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None or pair.old.range is None or pair.old.range == pair.new.range:
        return
    old, new = pair.old.range, pair.new.range
    if new is None or old.within(new):
        takes = "any number" if new is None else str(new)
        yield Found(f"`{pair.path}` takes {takes}, where it took {old}.", Level.MINOR, _FORWARD)


def _key_changed(pair: Pair) -> Iterator[Found]:
    old, new = pair.key
    if old == new:
        return
    # Rows that differ in some columns differ in more of them, too.
    breaks = (_BACKWARD if not old or not set(old) <= set(new) else frozenset[Direction]()) | (
        _FORWARD if not new or not set(new) <= set(old) else frozenset[Direction]()
    )
    now = f"by ({', '.join(new)})" if new else "by no key"
    was = f"by ({', '.join(old)})" if old else "by no key"
    yield Found(f"A row is identified {now}, where it was {was}.", Level.MAJOR, breaks)


def _reordered(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None:
        return
    # Arrow casts structs by name, and so does `conform`: order means nothing to a reader.
    old, new = [column.name for column in pair.old.fields], [column.name for column in pair.new.fields]
    if [name for name in old if name in new] != [name for name in new if name in old]:
        path = f"{pair.path}{'[]' * pair.new.type.count('list<')}"
        place = f"The members of `{path}`" if pair.path else "The columns"
        yield Found(f"{place} were put in another order.", Level.MINOR)


def _deprecated(pair: Pair) -> Iterator[Found]:
    if pair.old is None or pair.new is None or pair.old.deprecated == pair.new.deprecated:
        return
    if not pair.new.deprecated:
        yield Found(f"`{pair.path}` is no longer deprecated.", Level.MINOR)
    elif pair.old.deprecated:
        yield Found(f"`{pair.path}` is deprecated for another reason: {pair.new.deprecated}", Level.PATCH)
    else:
        yield Found(f"`{pair.path}` was marked as deprecated: {pair.new.deprecated}", Level.MINOR)


def _described(pair: Pair) -> Iterator[Found]:
    if pair.old is not None and pair.new is not None and pair.old.description != pair.new.description:
        yield Found(f"`{pair.path}` has another description.", Level.PATCH)


COLUMN_RULES: tuple[ColumnRule, ...] = (
    ColumnRule("COLUMN_NO_DELETE", "A column stays.", _deleted),
    ColumnRule("COLUMN_SAME_NAME", "A column keeps its name.", _renamed),
    ColumnRule("COLUMN_SAME_TYPE", "A column keeps its type, and that of its items.", _retyped),
    ColumnRule("NULLABLE_SAME", "A nullable column stays nullable, and a required one required.", _nullability),
    ColumnRule("REQUIRED_COLUMN_NO_ADD", "A new column is nullable or a list: old data have none.", _required_added),
    ColumnRule("COLUMN_ADDED", "A new column is told by the minor version.", _added),
    ColumnRule("ENUM_VALUE_NO_DELETE", "A value of a closed list stays.", _values_deleted),
    ColumnRule("ENUM_VALUE_ADDED", "A new value of a closed list is told by the minor version.", _values_added),
    ColumnRule("ENUM_NO_CLOSE", "A column that takes any value does not get a closed list.", _enum_closed),
    ColumnRule("ENUM_OPENED", "A closed list that is given up is told by the minor version.", _enum_opened),
    ColumnRule("RANGE_NO_NARROW", "The range of a number is not narrowed.", _range_narrowed),
    ColumnRule("RANGE_WIDENED", "A wider range of a number is told by the minor version.", _range_widened),
    ColumnRule("KEY_SAME", "The columns that identify a row stay the same.", _key_changed),
    ColumnRule("ORDER_SAME", "Another order of columns is told by the minor version.", _reordered),
    ColumnRule("COLUMN_DEPRECATED", "A mark of deprecation is told by the minor version.", _deprecated),
    ColumnRule("DESCRIPTION_SAME", "Another description is told by the patch version.", _described),
)
