"""A record's pydantic class and its Arrow schema are one: both take the same rows and name the same fields."""

import io
import types
from datetime import UTC, datetime
from enum import Enum
from typing import Any, ClassVar, Union, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from annotated_types import Ge, Le, Lt
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from blift.schemas.arrow import TABLE_KEY, VERSION_KEY, arrow_schema, conform, validate
from blift.schemas.definition import Column, definition
from blift.schemas.errors import SchemaError
from blift.schemas.record import Part, Record
from blift.schemas.records import RECORDS
from blift.schemas.registry import SCHEMAS
from blift.schemas.sample import SceneSource

SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(codec="utf-8"), max_size=8),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=8),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


class Turn(Part):
    speaker: str = Field(alias="from", serialization_alias="from")
    marks: list[SceneSource | None]


class Talk(Record):
    """What none of the shipped tables has: optional structs and lists, items that may be null, lists of lists."""

    table: ClassVar[str] = "talk"
    version: ClassVar[str] = "1.2.3"

    talk_id: str
    opening: Turn | None
    turns: list[Turn | None] | None
    times: list[list[datetime]]


def values(annotation: Any, least: float | None = None, most: float | None = None) -> st.SearchStrategy[Any]:
    """Values of a field's annotation, and within its range where it has one."""
    if get_origin(annotation) in (Union, types.UnionType):
        return st.one_of(*[values(inner, least, most) for inner in get_args(annotation)])
    if annotation in (int, float) and (least is not None or most is not None):
        return within(annotation, least, most)
    if annotation is type(None):
        return st.none()
    if get_origin(annotation) is list:
        return st.lists(values(get_args(annotation)[0]), max_size=2)
    if issubclass(annotation, Enum):
        return st.sampled_from(annotation)
    return rows(annotation) if issubclass(annotation, BaseModel) else SCALARS[annotation]


def within(kind: type, least: float | None, most: float | None) -> st.SearchStrategy[Any]:
    """Numbers of a range; null where it has no end."""
    if kind is float:
        return st.floats(least, most, allow_nan=False)
    return st.integers(-(2**63) if least is None else int(least), 2**63 - 1 if most is None else int(most))


def rows(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Valid instances of a model."""
    fields = {}
    for name, info in model.model_fields.items():
        least = next((note.ge for note in info.metadata if isinstance(note, Ge)), None)
        below = next((note.lt - 1 for note in info.metadata if isinstance(note, Lt)), None)
        most = next((note.le for note in info.metadata if isinstance(note, Le)), below)
        fields[name] = values(info.annotation, least, most)
    return st.fixed_dictionaries(fields).map(model.model_validate)


def written_and_read(table: pa.Table) -> pa.Table:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return pq.read_table(pa.BufferReader(sink.getvalue()))


@pytest.mark.parametrize("record", [*RECORDS.values(), Talk], ids=lambda record: record.table)
def test_any_record_survives_arrow_and_parquet(record: type[Record]) -> None:
    schema = arrow_schema(record)

    @settings(max_examples=20)
    @given(rows(record))
    def survives(row: Record) -> None:
        table = pa.Table.from_pylist([row.model_dump(by_alias=True)], schema=schema)
        validate(table, schema)
        back = written_and_read(table)
        assert back.schema.equals(schema, check_metadata=True)
        assert [record.model_validate(content) for content in back.to_pylist()] == [row]

    survives()


@pytest.mark.parametrize("record", [*RECORDS.values(), Talk], ids=lambda record: record.table)
def test_pydantic_takes_null_where_arrow_does(record: type[Record]) -> None:
    annotations: list[Any] = [info.annotation for info in record.model_fields.values()]
    for annotation, field in zip(annotations, arrow_schema(record), strict=True):
        try:
            TypeAdapter(annotation).validate_python(None)
        except ValidationError:
            assert not field.nullable, field.name
        else:
            assert field.nullable, field.name


def test_arrow_has_the_names_that_json_has_in_the_order_of_the_class() -> None:
    talk = Talk.model_validate({"talk_id": "a", "opening": {"from": "human", "marks": []}, "turns": None, "times": []})
    dumped = talk.model_dump(by_alias=True)
    assert arrow_schema(Talk).names == list(dumped)
    assert [field.name for field in arrow_schema(Talk).field("opening").type] == list(dumped["opening"])


def test_a_schema_says_which_table_and_version_it_is() -> None:
    assert arrow_schema(Talk).metadata == {TABLE_KEY: b"talk", VERSION_KEY: b"1.2.3"}


def test_each_annotation_has_one_arrow_type() -> None:
    turn = pa.struct(
        [
            pa.field("from", pa.string(), nullable=False),
            pa.field("marks", pa.list_(pa.field("element", pa.string())), nullable=False),
        ]
    )
    time = pa.field("element", pa.timestamp("us", tz="UTC"), nullable=False)
    assert arrow_schema(Talk).equals(
        pa.schema(
            [
                pa.field("talk_id", pa.string(), nullable=False),
                pa.field("opening", turn),
                pa.field("turns", pa.list_(pa.field("element", turn))),
                pa.field("times", pa.list_(pa.field("element", pa.list_(time), nullable=False)), nullable=False),
            ]
        )
    )


@pytest.mark.parametrize("annotation", [int | str, dict[str, complex], complex, Any])
def test_a_field_without_an_arrow_type_is_named(annotation: Any) -> None:
    odd = type("Odd", (Record,), {"__annotations__": {"payload": annotation}, "table": "odd", "version": "1.0.0"})
    with pytest.raises(SchemaError, match=r"Field 'payload' has the type .* no Arrow type. Use one of str, int,"):
        arrow_schema(odd)


def described(columns: tuple[Column, ...]) -> bool:
    return all(column.description.endswith(".") and described(column.fields) for column in columns)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_every_column_says_what_it_means_in_a_sentence(record: type[Record]) -> None:
    assert described(definition(record).fields)


COMMENT: dict[str, Any] = {"comment_id": "reddit:c1", "post_id": "reddit:p1", "platform": "reddit", "native_id": "c1"}
COMMENT |= {"deleted": False, "removed": False}


def test_conform_adds_nullable_columns_orders_them_and_casts() -> None:
    table = pa.Table.from_pylist([dict(reversed(COMMENT.items())) | {"score": 7.0, "extra": 1}])
    conformed = conform(table, SCHEMAS["comment"])
    assert conformed.schema.equals(SCHEMAS["comment"], check_metadata=True)
    absent = {field.name: None if field.nullable else [] for field in SCHEMAS["comment"]}
    assert conformed.to_pylist() == [absent | COMMENT | {"score": 7}]


@given(rows(RECORDS["comment"]))
@settings(max_examples=20)
def test_conform_leaves_a_table_that_conforms_as_it_is(row: Record) -> None:
    table = pa.Table.from_pylist([row.model_dump()], schema=SCHEMAS["comment"])
    assert conform(table, SCHEMAS["comment"]).equals(table, check_metadata=True)


def test_conform_names_a_required_column_that_is_absent() -> None:
    table = pa.Table.from_pylist([COMMENT]).drop_columns("post_id")
    with pytest.raises(SchemaError, match=r"Column 'post_id' is required and absent; there are .'comment_id'"):
        conform(table, SCHEMAS["comment"])


def test_conform_names_a_column_that_cannot_be_cast() -> None:
    table = pa.Table.from_pylist([COMMENT | {"score": "many"}])
    with pytest.raises(SchemaError, match=r"Column 'score' is string and cannot become int64: .*many"):
        conform(table, SCHEMAS["comment"])


def test_validate_counts_the_nulls_of_a_required_column() -> None:
    table = pa.Table.from_pylist([COMMENT, COMMENT | {"post_id": None}])
    with pytest.raises(SchemaError, match=r"Column 'post_id' must not be null, and 1 of 2 rows are"):
        validate(conform(table, SCHEMAS["comment"]), SCHEMAS["comment"])
