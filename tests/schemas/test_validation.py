"""Values are checked against a definition, however deep they lie, and the row of the first wrong one is told."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.arrow import definition_of
from blift.schemas.definition import Column, Definition, Range
from blift.schemas.validation import check_fields, check_values, columns_to_read

PLATFORM = Column(name="platform", type="string", nullable=True, values=("reddit", "youtube"))
RATIO = Column(name="ratio", type="double", nullable=True, range=Range(ge=0, lt=1))
COUNT = Column(name="count", type="int64", nullable=False, range=Range(gt=0))
TAGS = Column(name="tags", type="list<string>", nullable=False, values=("a", "b"))
MARKS = Column(name="marks", type="list<struct>", nullable=True, fields=(COUNT, RATIO))
SPAN = Column(name="span", type="struct", nullable=True, fields=(COUNT, TAGS))


def table(*columns: Column) -> Definition:
    return Definition(format=2, table="clip", version="1.0.0", fields=columns)


def found(column: Column, values: list[Any], first_row: int = 0) -> list[tuple[str, str, int | None]]:
    kinds = {
        "string": pa.string(),
        "double": pa.float64(),
        "int64": pa.int64(),
        "list<string>": pa.list_(pa.string()),
        "list<struct>": pa.list_(pa.struct({"count": pa.int64(), "ratio": pa.float64()})),
        "struct": pa.struct({"count": pa.int64(), "tags": pa.list_(pa.string())}),
    }
    rows = pa.table({column.name: pa.array(values, kinds[column.type])})
    return [(each.rule, each.sentence, each.row) for each in check_values(table(column), rows, first_row)]


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (PLATFORM, ["reddit", None, "youtube"], []),
        (
            PLATFORM,
            ["reddit", "vimeo", None, "vimeo"],
            [("DATA_ENUM_VALUE", "`platform` has 'vimeo', which is none of its values: 2 values.", 1)],
        ),
        (RATIO, [0.0, 0.99, None], []),
        (RATIO, [0.5, 1.0], [("DATA_RANGE", "`ratio` has 1.0, which is not in [0, 1): 1 value.", 1)]),
        (RATIO, [float("nan"), -1.0], [("DATA_RANGE", "`ratio` has nan, which is not in [0, 1): 2 values.", 0)]),
        (COUNT, [1, 2**62], []),
        (
            COUNT,
            [3, None, 0],
            [
                ("DATA_NOT_NULL", "`count` must not be null: 1 value is.", 1),
                ("DATA_RANGE", "`count` has 0, which is not in (0, inf): 1 value.", 2),
            ],
        ),
        (TAGS, [["a"], [], ["b", "a"]], []),
        (
            TAGS,
            [["a"], [], ["b", "c"]],
            [("DATA_ENUM_VALUE", "`tags[]` has 'c', which is none of its values: 1 value.", 2)],
        ),
        (TAGS, [["a"], None], [("DATA_NOT_NULL", "`tags` must not be null: 1 value is.", 1)]),
        (TAGS, [["a"], [None]], [("DATA_NOT_NULL", "`tags[]` must not be null: 1 value is.", 1)]),
        (MARKS, [None, [], [{"count": 1, "ratio": None}]], []),
        (
            MARKS,
            [None, [], [{"count": 1}], [{"count": 2}, {"count": 0}]],
            [("DATA_RANGE", "`marks[].count` has 0, which is not in (0, inf): 1 value.", 3)],
        ),
        (SPAN, [None, {"count": 1, "tags": ["a"]}], []),
        (SPAN, [None, {"count": 1}], [("DATA_NOT_NULL", "`span.tags` must not be null: 1 value is.", None)]),
        (
            SPAN,
            [None, {"count": 1, "tags": ["x"]}],
            [("DATA_ENUM_VALUE", "`span.tags[]` has 'x', which is none of its values: 1 value.", 1)],
        ),
    ],
)
def test_wrong_values_are_counted_and_the_first_is_shown(
    column: Column, values: list[Any], expected: list[tuple[str, str, int | None]]
) -> None:
    assert found(column, values) == expected
    assert [row for _, _, row in found(column, values, 10)] == [
        None if row is None else row + 10 for _, _, row in expected
    ]


@given(st.lists(st.none() | st.integers(-3, 3)))
def test_nulls_and_numbers_out_of_range_are_counted_as_python_counts_them(values: list[int | None]) -> None:
    wrong = {rule: sentence for rule, sentence, _ in found(COUNT, values)}
    nulls, out = values.count(None), sum(value is not None and value <= 0 for value in values)
    assert ("DATA_NOT_NULL" in wrong, "DATA_RANGE" in wrong) == (nulls > 0, out > 0)
    if out > 1:
        assert wrong["DATA_RANGE"].endswith(f": {out} values.")


@pytest.mark.parametrize(
    ("schema", "rules"),
    [
        ({"platform": pa.string(), "ratio": pa.float64()}, []),
        ({"ratio": pa.float64(), "platform": pa.large_string()}, []),
        ({"platform": pa.dictionary(pa.int32(), pa.string()), "ratio": pa.float64()}, []),
        ({"platform": pa.string()}, ["DATA_COLUMN_PRESENT ratio"]),
        ({"platform": pa.string(), "ratio": pa.float64(), "x": pa.int64()}, ["DATA_COLUMN_KNOWN x"]),
        ({"platform": pa.string(), "ratio": pa.float32()}, ["DATA_COLUMN_TYPE ratio"]),
    ],
)
def test_columns_are_those_of_the_version_however_their_values_are_packed(
    schema: dict[str, pa.DataType], rules: list[str]
) -> None:
    wrong = check_fields(table(PLATFORM, RATIO), definition_of(pa.schema(schema), "clip"))
    assert [f"{each.rule} {each.path}" for each in wrong] == rules


def test_members_of_structs_are_columns_too() -> None:
    kind = pa.list_(pa.struct({"count": pa.string(), "x": pa.int64()}))
    wrong = check_fields(table(MARKS), definition_of(pa.schema({"marks": kind}), "clip"))
    assert [each.sentence for each in wrong] == [
        "`marks[].count` is string, where it should be int64.",
        "`marks[].ratio` is absent.",
        "`marks[].x` is no column of this version.",
    ]


def test_what_a_files_own_types_exclude_is_not_read() -> None:
    plain = Column(name="title", type="string", nullable=False)
    kinds = [pa.field("title", pa.string(), nullable=False), pa.field("platform", pa.string())]
    actual = definition_of(pa.schema(kinds), "clip")
    assert columns_to_read(table(plain, PLATFORM), actual) == ["platform"]
    nullable = definition_of(pa.schema([("title", pa.string()), ("platform", pa.string())]), "clip")
    assert columns_to_read(table(plain, PLATFORM), nullable) == ["title", "platform"]
    keyed = table(plain).model_copy(update={"key": ("title",)})
    assert columns_to_read(keyed, actual) == ["title"]


def test_values_in_slices_are_found_where_they_are() -> None:
    numbers = pa.array(np.arange(10) - 1)
    rows = pa.table({"count": numbers[1:]})
    assert [each.row for each in check_values(table(COUNT), rows, 0)] == [0]
