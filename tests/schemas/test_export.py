"""A schema can be read as Arrow text, JSON Schema and Markdown, and the three agree."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from pydantic import Field

from blift.schemas.definition import Column, definition
from blift.schemas.export import arrow_text, json_schema, markdown
from blift.schemas.parts import ReplaySegment
from blift.schemas.record import Part, Record
from blift.schemas.records import RECORDS
from blift.schemas.sample import SceneSource

EVERY_TABLE = pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)


class Take(Part):
    speaker: str = Field(alias="from", serialization_alias="from", description="Who.")


class Clip(Record):
    table: ClassVar[str] = "clip"
    version: ClassVar[str] = "1.2.0"

    platform: SceneSource | None = Field(description="Where:\nhere | there.")
    first: Take | None = Field(description="The first take.")
    replay: list[ReplaySegment] = Field(description="The graph.")
    takes: list[list[Take]] = Field(description="Takes.")


def test_arrow_text_has_one_field_a_line_and_indents_members() -> None:
    assert arrow_text(Clip) == (
        "clip 1.2.0\n"
        "platform: string\n"
        "first: struct\n"
        "  from: string not null\n"
        "replay: list<struct> not null\n"
        "  start_s: double not null\n"
        "  end_s: double not null\n"
        "  value: double not null\n"
        "takes: list<list<struct>> not null\n"
        "  from: string not null\n"
    )


def test_markdown_names_members_by_their_path() -> None:
    rows = markdown(Clip).splitlines()
    assert rows[:2] == ["| column | type | nullable | meaning |", "|---|---|---|---|"]
    assert (
        rows[2]
        == "| `platform` | `string` | yes | Where: here \\| there. One of `chapter`, `detected`, `image`, `segment`. |"
    )
    assert [row.split(" | ")[0] for row in rows[3:]] == [
        "| `first`",
        "| `first.from`",
        "| `replay`",
        "| `replay[].start_s`",
        "| `replay[].end_s`",
        "| `replay[].value`",
        "| `takes`",
        "| `takes[][].from`",
    ]
    assert rows[6].startswith("| `replay[].start_s` | `double` | no | Start of the segment, in seconds")


def all_columns(columns: tuple[Column, ...]) -> Iterator[Column]:
    for column in columns:
        yield column
        yield from all_columns(column.fields)


@EVERY_TABLE
def test_arrow_text_and_markdown_have_a_line_for_every_field(record: type[Record]) -> None:
    count = len(list(all_columns(definition(record).fields)))
    assert len(arrow_text(record).splitlines()) == 1 + count
    rows = markdown(record).splitlines()
    assert len(rows) == 2 + count
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}


@EVERY_TABLE
def test_json_schema_has_the_columns_of_the_table(record: type[Record]) -> None:
    schema = json_schema(record)
    names = [column.name for column in definition(record).fields]
    assert list(schema["properties"]) == schema["required"] == names
    assert schema["$id"] == f"urn:blift:{record.table}:{record.version}"
    assert schema["additionalProperties"] is False


def test_json_schema_takes_null_where_a_column_is_nullable() -> None:
    schema = json_schema(Clip)
    for column in definition(Clip).fields:
        options: list[dict[str, Any]] = schema["properties"][column.name].get("anyOf", [])
        assert ({"type": "null"} in options) == column.nullable


def test_json_schema_names_members_as_json_does() -> None:
    assert list(json_schema(Clip)["$defs"]["Take"]["properties"]) == ["from"]
