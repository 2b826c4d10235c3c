"""Whether data are what a definition says: columns and types of a file, and nulls, enum values and ranges of arrays."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from blift.schemas.definition import Column, Definition, Range, inside

#: How Arrow packs values, which is no part of their type.
_PACKED = re.compile(r"large_|_view|dictionary<values=(\w+), indices=\w+, ordered=\d>| or null")


@dataclass(frozen=True)
class Violation:
    """Something that is not as it should be: the rule, the column, what is wrong, and how many values are so.

    ``row`` is the first of them, 0 first; None where it is about the whole column.
    """

    rule: str
    path: str
    sentence: str
    row: int | None = None


@dataclass(frozen=True)
class FieldPair:
    """A column as a version has it, and as a file has it."""

    path: str
    expected: Column | None
    actual: Column | None


@dataclass(frozen=True)
class Values:
    """Values of a column, and the row that each is in. Those of a member are null, too, where its struct is null."""

    path: str
    column: Column
    array: pa.Array
    nulls_around: int
    row_of: Callable[[int], int]

    def violation(self, rule: str, wrong: pa.Array, what: str) -> Violation:
        """A violation by the values where ``wrong`` is true."""
        count, first = pc.sum(wrong).as_py(), pc.index(wrong, pa.scalar(value=True)).as_py()
        values = "1 value" if count == 1 else f"{count:,} values"
        return Violation(rule, self.path, f"`{self.path}` {what}: {values}.", self.row_of(first))


@dataclass(frozen=True)
class FieldRule:
    """A rule on a column of a file: its id, what it asks in one sentence, and how it looks."""

    id: str
    sentence: str
    look: Callable[[FieldPair], Iterator[Violation]]


@dataclass(frozen=True)
class ValueRule:
    """A rule on values: its id, what it asks in one sentence, whether it has to look, and how it looks."""

    id: str
    sentence: str
    applies: Callable[[Column, Column], bool]
    look: Callable[[Values], Iterator[Violation]]


def check_fields(expected: Definition, actual: Definition) -> list[Violation]:
    """What is wrong with the columns of a file."""
    pairs = _field_pairs(expected.fields, actual.fields, "")
    return [violation for pair in pairs for rule in FIELD_RULES for violation in rule.look(pair)]


def _field_pairs(expected: Sequence[Column], actual: Sequence[Column], prefix: str) -> Iterator[FieldPair]:
    there = {column.name: column for column in actual}
    for column in expected:
        found = there.pop(column.name, None)
        path = prefix + column.name
        yield FieldPair(path, column, found)
        if found is not None and _plain(found.type) == _plain(column.type):
            yield from _field_pairs(column.fields, found.fields, inside(path, column))
    for column in there.values():
        yield FieldPair(prefix + column.name, None, column)


def _plain(kind: str) -> str:
    return _PACKED.sub(r"\1", kind)


def _present(pair: FieldPair) -> Iterator[Violation]:
    if pair.expected is not None and pair.actual is None:
        yield Violation("DATA_COLUMN_PRESENT", pair.path, f"`{pair.path}` is absent.")


def _known(pair: FieldPair) -> Iterator[Violation]:
    if pair.expected is None:
        yield Violation("DATA_COLUMN_KNOWN", pair.path, f"`{pair.path}` is no column of this version.")


def _typed(pair: FieldPair) -> Iterator[Violation]:
    if pair.expected and pair.actual and _plain(pair.expected.type) != _plain(pair.actual.type):
        sentence = f"`{pair.path}` is {pair.actual.type}, where it should be {pair.expected.type}."
        yield Violation("DATA_COLUMN_TYPE", pair.path, sentence)


FIELD_RULES: tuple[FieldRule, ...] = (
    FieldRule("DATA_COLUMN_PRESENT", "A file has every column of its version.", _present),
    FieldRule("DATA_COLUMN_KNOWN", "A file has no column that its version does not have.", _known),
    FieldRule("DATA_COLUMN_TYPE", "A column of a file has the type that its version says.", _typed),
)


def columns_to_read(expected: Definition, actual: Definition) -> list[str]:
    """The columns whose values must be looked at; what the file's own types exclude needs no look."""
    there = {column.name: column for column in actual.fields}
    return [
        column.name
        for column in expected.fields
        if column.name in expected.key or (column.name in there and _must_look(column, there[column.name]))
    ]


def _must_look(expected: Column, actual: Column) -> bool:
    members = {column.name: column for column in actual.fields}
    return any(rule.applies(expected, actual) for rule in VALUE_RULES) or any(
        member.name in members and _must_look(member, members[member.name]) for member in expected.fields
    )


def check_values(expected: Definition, table: pa.Table, first_row: int) -> Iterator[Violation]:
    """What is wrong with the values of those columns that the table has; ``first_row`` is the number of its first."""
    for column in expected.fields:
        if column.name in table.column_names:
            array = table.column(column.name).combine_chunks()
            yield from _check(Values(column.name, column, array, 0, lambda place: first_row + place))


def _check(values: Values) -> Iterator[Violation]:
    for rule in VALUE_RULES:
        yield from rule.look(values)
    yield from _check_inside(values, values.column.type)


def _check_inside(values: Values, kind: str) -> Iterator[Violation]:
    """The items of a list, however deep, and the members of a struct."""
    array, column = values.array, values.column
    if _is_list(array.type):
        item = kind[kind.index("<") + 1 : kind.rindex(">")]
        inner = Column(
            name=column.name,
            type=item.removesuffix(" or null"),
            nullable=item.endswith(" or null"),
            values=column.values,
            range=column.range,
            fields=column.fields,
        )
        row = _row_of_item(array, values.row_of)
        yield from _check(Values(f"{values.path}[]", inner, array.flatten(), 0, row))
    elif pa.types.is_struct(array.type):
        members = dict(zip([field.name for field in array.type], array.flatten(), strict=True))
        for member in column.fields:
            if member.name in members:
                path = f"{values.path}.{member.name}"
                yield from _check(Values(path, member, members[member.name], array.null_count, values.row_of))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _row_of_item(lists: pa.Array, row_of: Callable[[int], int]) -> Callable[[int], int]:
    return lambda place: row_of(pc.list_parent_indices(lists)[place].as_py())


def _holds_values(column: Column) -> bool:
    """Whether the values of an enum, or numbers, are its own, and not those of its items."""
    return not column.is_list


def _null(values: Values) -> Iterator[Violation]:
    nulls = values.array.null_count - values.nulls_around
    if nulls > 0 and not values.column.nullable:
        count = "1 value is" if nulls == 1 else f"{nulls:,} values are"
        place = values.row_of(pc.index(values.array.is_null(), pa.scalar(value=True)).as_py())
        sentence = f"`{values.path}` must not be null: {count}."
        yield Violation("DATA_NOT_NULL", values.path, sentence, None if values.nulls_around else place)


def _enum(values: Values) -> Iterator[Violation]:
    known = values.column.values
    if known and _holds_values(values.column):
        texts = values.array if pa.types.is_string(values.array.type) else values.array.cast(pa.string())
        wrong = pc.and_(pc.invert(pc.is_in(texts, pa.array(known))), texts.is_valid())
        if pc.any(wrong).as_py():
            first = texts[pc.index(wrong, pa.scalar(value=True)).as_py()].as_py()
            yield values.violation("DATA_ENUM_VALUE", wrong, f"has {first!r}, which is none of its values")


def _range(values: Values) -> Iterator[Violation]:
    allowed = values.column.range
    if allowed is not None and _holds_values(values.column):
        wrong = _outside(values.array, allowed)
        if pc.any(wrong).as_py():
            first = values.array[pc.index(wrong, pa.scalar(value=True)).as_py()].as_py()
            yield values.violation("DATA_RANGE", wrong, f"has {first!r}, which is not in {allowed}")


def _outside(array: pa.Array, allowed: Range) -> pa.Array:
    """Which numbers are not in a range; NaN is in none."""
    tests = [
        (pc.less, allowed.ge),
        (pc.less_equal, allowed.gt),
        (pc.greater, allowed.le),
        (pc.greater_equal, allowed.lt),
    ]
    if not pa.types.is_floating(array.type):
        # A bound is a float, and Arrow compares in the type of both: whole numbers beyond 2**53 have none there.
        array = array.cast(pa.float64(), safe=False)
    masks = [test(array, bound) for test, bound in tests if bound is not None]
    return pc.fill_null(reduce(pc.or_, [*masks, pc.is_nan(array)]), fill_value=False)


def _may_be_null(expected: Column, actual: Column) -> bool:
    """Whether the file's own type leaves room for a null that must not be."""
    return (actual.nullable and not expected.nullable) or (
        actual.type.count(" or null") > expected.type.count(" or null")
    )


VALUE_RULES: tuple[ValueRule, ...] = (
    ValueRule("DATA_NOT_NULL", "A required column holds no nulls.", _may_be_null, _null),
    ValueRule(
        "DATA_ENUM_VALUE", "A column with a closed list holds one of it.", lambda one, _: bool(one.values), _enum
    ),
    ValueRule("DATA_RANGE", "A number lies in the range of its column.", lambda one, _: one.range is not None, _range),
)
