"""200 seeded mutations of tables, nested ones included: their class and version, and whether Arrow can read the data.

The oracle knows nothing of the rules: it makes data with every kind of value that a definition allows, and reads them
with the other definition by Arrow's own cast. A reader who names no column that is there loses nothing by one more.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from blift.schemas.compatibility import History, check_table, required_version
from blift.schemas.definition import Column, Definition, Range, definition
from blift.schemas.differences import Direction
from blift.schemas.policy import Mode, Policy
from blift.schemas.records import RECORDS
from blift.schemas.rules import differences

TODAY = date(2027, 1, 1)
KINDS: dict[str, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "int32": pa.int32(),
    "double": pa.float64(),
    "float": pa.float32(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
}
#: Every kind of value: what a narrower type would not hold is among them.
VALUES: dict[str, list[Any]] = {
    "string": ["", "a", "é", "12.5"],
    "int64": [0, 1, -(2**63), 2**63 - 1],
    "int32": [0, 1, -(2**31), 2**31 - 1],
    "double": [0.0, 0.1, -1e300, 1e300],
    "float": [0.0, 0.5, -3e38, 3e38],
    "bool": [True, False],
    "binary": [b"", b"\xff\x00"],
    "timestamp[us, tz=UTC]": [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)],
}


# The oracle.


def kind_of(name: str, column: Column) -> pa.DataType:
    if name.startswith("list<"):
        item = name[5:-1]
        inner = item.removesuffix(" or null")
        return pa.list_(pa.field("element", kind_of(inner, column), nullable=inner != item))
    return pa.struct([field_of(member) for member in column.fields]) if name == "struct" else KINDS[name]


def field_of(column: Column) -> pa.Field:
    return pa.field(column.name, kind_of(column.type, column), nullable=column.nullable)


def values_of(name: str, column: Column) -> list[Any]:
    """Every kind of value that a column of that type may hold, nulls left out."""
    if name.startswith("list<"):
        item = name[5:-1]
        items = values_of(item.removesuffix(" or null"), column) + [None] * item.endswith(" or null")
        return [[], items]
    if name == "struct":
        several = {member.name: all_values(member) for member in column.fields}
        rows = max(map(len, several.values()), default=1)
        return [{name: values[row % len(values)] for name, values in several.items()} for row in range(rows)]
    if column.range is not None:
        ends = [end for end in (column.range.ge, column.range.le) if end is not None]
        return [kind_of_number(name)(value) for value in (*VALUES[name], *ends) if lies_in(value, column.range)]
    return list(column.values) or VALUES[name]


def kind_of_number(name: str) -> type[int] | type[float]:
    return int if name.startswith("int") else float


def lies_in(value: float, allowed: Range) -> bool:
    low = (allowed.ge is None or value >= allowed.ge) and (allowed.gt is None or value > allowed.gt)
    return low and (allowed.le is None or value <= allowed.le) and (allowed.lt is None or value < allowed.lt)


def all_values(column: Column) -> list[Any]:
    return values_of(column.type, column) + [None] * column.nullable


def data_of(table: Definition) -> list[dict[str, Any]]:
    several = {column.name: all_values(column) for column in table.fields}
    rows = max(map(len, several.values()))
    return [{name: values[row % len(values)] for name, values in several.items()} for row in range(rows)]


def arrow_reads(theirs: Definition, mine: Definition) -> bool:
    """Whether a reader with one definition gets every value of data of the other, none of which may not be there."""
    rows = pa.Table.from_pylist(data_of(theirs), pa.schema([field_of(column) for column in theirs.fields]))
    for column in mine.fields:
        if column.name not in rows.column_names:
            if not column.nullable and not column.type.startswith("list<"):
                return False
        elif not column_reads(rows.column(column.name).combine_chunks(), column, of(theirs.fields, column.name)):
            return False
    return True


def of(columns: tuple[Column, ...], name: str) -> Column:
    return next(column for column in columns if column.name == name)


def column_reads(values: pa.Array, mine: Column, theirs: Column) -> bool:
    """Whether values can be cast, come back as they were, and are ones that the reader allows."""
    if values.null_count and not mine.nullable:
        return False
    kind = kind_of(mine.type, mine)
    if pa.types.is_list(kind) and pa.types.is_list(values.type):
        inner_mine, inner_theirs = item_of(mine), item_of(theirs)
        return column_reads(values.flatten(), inner_mine, inner_theirs)
    if pa.types.is_struct(kind) and pa.types.is_struct(values.type):
        there = {field.name: part for field, part in zip(values.type, values.flatten(), strict=True)}
        valid = values.is_valid()
        return all(
            column_reads(there[member.name].filter(valid), member, of(theirs.fields, member.name))
            if member.name in there
            else member.nullable or member.type.startswith("list<")
            for member in mine.fields
        )
    try:
        cast = values.cast(kind)
        back = cast.cast(values.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        return False
    allowed = not mine.values or {value for value in cast.to_pylist() if value is not None} <= set(mine.values)
    closed = bool(mine.values and not theirs.values)  # an open column holds what the other side never heard of
    within = mine.range is None or all(lies_in(value, mine.range) for value in cast.to_pylist() if value is not None)
    return back.to_pylist() == values.to_pylist() and allowed and within and not closed


def item_of(column: Column) -> Column:
    item = column.type[5:-1]
    nullable = item.endswith(" or null")
    return column.model_copy(update={"type": item.removesuffix(" or null"), "nullable": nullable})


# The mutations.


@dataclass(frozen=True)
class Mutation:
    """A change of a table, and how much it must raise the version: 2 is major."""

    name: str
    raises: int
    old: Definition
    new: Definition


def retyped(column: Column, draw: random.Random) -> Iterator[tuple[str, int, Column]]:
    others = [kind for kind in KINDS if kind != column.type]
    if column.type in KINDS and not column.values and column.range is None:
        yield "retyped", 2, column.model_copy(update={"type": draw.choice(others)})
        yield "made a list", 2, column.model_copy(update={"type": f"list<{column.type}>"})
    if column.type.startswith("list<") and not column.type.endswith(" or null>"):
        yield "items that may be null", 2, column.model_copy(update={"type": f"{column.type[:-1]} or null>"})


def revalued(column: Column, draw: random.Random) -> Iterator[tuple[str, int, Column]]:
    if column.values:
        gone = draw.choice(column.values)
        less = tuple(value for value in column.values if value != gone)
        yield "value removed", 2, column.model_copy(update={"values": less})
        yield "value added", 1, column.model_copy(update={"values": tuple(sorted((*column.values, "zz")))})
        yield "opened", 1, column.model_copy(update={"values": ()})
    elif column.type == "string":
        yield "closed", 2, column.model_copy(update={"values": ("a", "b")})
    elif column.range is not None:
        low = column.range.ge or 0.0
        yield "range dropped", 1, column.model_copy(update={"range": None})
        yield "range widened", 1, column.model_copy(update={"range": column.range.model_copy(update={"ge": low - 1})})
        yield (
            "range narrowed",
            2,
            column.model_copy(update={"range": column.range.model_copy(update={"ge": low + 0.5})}),
        )
        yield "range moved", 2, column.model_copy(update={"range": Range(ge=low + 1)})
    elif column.type in ("int64", "int32", "double", "float"):
        yield "range given", 2, column.model_copy(update={"range": Range(ge=0, le=1)})


def changed(column: Column, draw: random.Random) -> Iterator[tuple[str, int, Column | None]]:
    """What may become of a column; None where it is removed."""
    yield "removed", 2, None
    yield "renamed", 2, column.model_copy(update={"name": f"{column.name}_2"})
    nullable = not column.nullable
    yield "nullability", 1 if nullable else 2, column.model_copy(update={"nullable": nullable})
    yield "described", 0, column.model_copy(update={"description": "Other words."})
    yield "deprecated", 1, column.model_copy(update={"deprecated": "Use `zzz_new`."})
    yield from retyped(column, draw)
    yield from revalued(column, draw)


def added(draw: random.Random) -> tuple[str, int, Column]:
    kind = draw.choice([*KINDS, "list<string>"])
    nullable = draw.random() < 0.5
    harmless = nullable or kind.startswith("list<")
    return "added", 1 if harmless else 2, Column(name="zzz_new", type=kind, nullable=nullable)


Place = Callable[[tuple[Column, ...]], tuple[Column, ...]]


def at_depth(columns: tuple[Column, ...], draw: random.Random) -> tuple[tuple[Column, ...], Place]:
    """The columns of a table or of a struct in it, and what puts others in their place."""
    nested = [place for place, column in enumerate(columns) if column.fields]
    if not nested or draw.random() < 0.5:
        return columns, lambda others: others
    place = draw.choice(nested)
    inner, put = at_depth(columns[place].fields, draw)

    def put_deeper(others: tuple[Column, ...]) -> tuple[Column, ...]:
        changed_one = columns[place].model_copy(update={"fields": put(others)})
        return (*columns[:place], changed_one, *columns[place + 1 :])

    return inner, put_deeper


def mutation(seed: int) -> Mutation:
    draw = random.Random(seed)
    old = definition(RECORDS[draw.choice(list(RECORDS))])
    if old.key and draw.random() < 0.05:  # a key tells rows apart, and says nothing of who can read them
        return Mutation("key", 2, old, old.model_copy(update={"key": (*old.key, old.fields[-1].name)}))
    columns, put = at_depth(old.fields, draw)
    if draw.random() < 0.2:
        name, raises, column = added(draw)
        columns = (*columns, column)
    elif draw.random() < 0.05 and len(columns) > 1:
        name, raises, columns = "reordered", 1, (*columns[1:], columns[0])
    else:
        closed = [place for place, column in enumerate(columns) if column.values or column.range]
        place = draw.choice(closed) if closed and draw.random() < 0.5 else draw.randrange(len(columns))
        name, raises, other = draw.choice(list(changed(columns[place], draw)))
        columns = (*columns[:place], *([other] if other else []), *columns[place + 1 :])
    return Mutation(name, raises, old, old.model_copy(update={"fields": put(columns)}))


MUTATIONS = [mutation(seed) for seed in range(200)]


@pytest.mark.parametrize("seed", range(200))
def test_a_mutation_is_classed_and_asks_for_its_version(seed: int) -> None:
    found = MUTATIONS[seed]
    seen = differences(found.old, found.new)
    assert max(each.level for each in seen) == found.raises, found.name
    major, minor, patch = (int(part) for part in found.old.version.split("."))
    needed = [(major, minor, patch + 1), (major, minor + 1, 0), (major + 1, 0, 0)][found.raises]
    assert required_version(found.old.version, seen) == "{}.{}.{}".format(*needed)
    history = History(found.old.table, found.new, [found.old], Policy(Mode.NONE), TODAY)
    assert "VERSION_RAISED" in [each.rule for each in check_table(history)]


@pytest.mark.parametrize("seed", range(200))
def test_arrow_agrees_on_who_reads_whose_data(seed: int) -> None:
    found = MUTATIONS[seed]
    if found.name == "key":
        return
    breaks = {direction for each in differences(found.old, found.new) for direction in each.breaks}
    assert (Direction.BACKWARD not in breaks) == arrow_reads(found.old, found.new), found.name
    assert (Direction.FORWARD not in breaks) == arrow_reads(found.new, found.old), found.name


def test_the_mutations_are_of_every_kind_at_every_depth() -> None:
    names = {found.name for found in MUTATIONS}
    assert len(names) > 15
    assert names <= {
        *("added", "removed", "renamed", "nullability", "described", "reordered", "retyped", "made a list"),
        *("items that may be null", "value removed", "value added", "opened", "closed", "deprecated", "key"),
        *("range dropped", "range widened", "range narrowed", "range moved", "range given"),
    }
    deep = [found for found in MUTATIONS if any("." in each.path for each in differences(found.old, found.new))]
    assert len(deep) > 50
    assert {found.raises for found in MUTATIONS} == {0, 1, 2}


def harmless(seed: int) -> tuple[Definition, Definition]:
    """A table and the same with its version raised for what every reader survives."""
    draw = random.Random(1000 + seed)
    old = definition(RECORDS[draw.choice(list(RECORDS))]).stating(1)
    columns, put = at_depth(old.fields, draw)
    kind = draw.choice([*KINDS, "list<string>"])
    new = Column(name="zzz_new", type=kind, nullable=not kind.startswith("list<"))
    place = draw.randrange(len(columns))
    worded = columns[place].model_copy(update={"description": "Other words."})
    changes = [(*columns, new), (*columns[:place], worded, *columns[place + 1 :]), (*columns[1:], columns[0])]
    chosen = draw.choice(changes)
    major, minor, _ = old.version.split(".")
    return old, old.model_copy(update={"version": f"{major}.{int(minor) + 1}.0", "fields": put(chosen)})


@pytest.mark.parametrize("seed", range(50))
def test_harmless_changes_have_no_findings_in_any_mode(seed: int) -> None:
    old, new = harmless(seed)
    for mode in Mode:
        assert check_table(History(old.table, new, [old], Policy(mode), TODAY, migrations=())) == []
