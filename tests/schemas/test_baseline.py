"""A baseline says all of a definition, reads well, and is never overwritten by another one."""

import json
from enum import StrEnum
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field

from blift.schemas.baseline import BASELINES, baseline_path, definition_text, load, write_baseline
from blift.schemas.definition import Column, definition
from blift.schemas.errors import OutputError, SchemaError
from blift.schemas.record import Part, Record
from blift.schemas.records import RECORDS


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Mark(Part):
    start_s: float = Field(description="Start, in seconds.")
    tags: list[str | None] | None = Field(description="Tags, “as typed”.")


class Clip(Record):
    table: ClassVar[str] = "clip"
    version: ClassVar[str] = "1.0.0"

    clip_id: str = Field(description="Its id.")
    colours: list[Colour] = Field(description="Colours.")
    marks: list[list[Mark]] = Field(description="Marks.")


class ChangedClip(Clip):
    title: str | None = Field(description="Its title.")


CLIP_TEXT = """\
{
  "fields": [
    {
      "description": "Its id.",
      "name": "clip_id",
      "nullable": false,
      "type": "string"
    },
    {
      "description": "Colours.",
      "name": "colours",
      "nullable": false,
      "type": "list<string>",
      "values": [
        "blue",
        "red"
      ]
    },
    {
      "description": "Marks.",
      "fields": [
        {
          "description": "Start, in seconds.",
          "name": "start_s",
          "nullable": false,
          "type": "double"
        },
        {
          "description": "Tags, “as typed”.",
          "name": "tags",
          "nullable": true,
          "type": "list<string or null>"
        }
      ],
      "name": "marks",
      "nullable": false,
      "type": "list<list<struct>>"
    }
  ],
  "format": 2,
  "table": "clip",
  "version": "1.0.0"
}
"""


def test_a_baseline_is_sorted_indented_and_says_everything(tmp_path: Path) -> None:
    path = write_baseline(definition(Clip), tmp_path)
    assert path == tmp_path / "clip-1.0.0.json" == baseline_path(definition(Clip), tmp_path)
    assert path.read_bytes().decode() == CLIP_TEXT


def test_what_is_written_is_what_is_loaded(tmp_path: Path) -> None:
    assert load(write_baseline(definition(Clip), tmp_path)) == definition(Clip)


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_the_shipped_baselines_are_as_they_are_written(record: type[Record]) -> None:
    path = baseline_path(definition(record))
    assert path.parent == BASELINES
    assert path.read_bytes().decode() == definition_text(definition(record).stating(load(path).format))


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    before = write_baseline(definition(Clip), tmp_path).stat()
    after = write_baseline(definition(Clip), tmp_path).stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_another_definition_of_a_version_with_a_baseline_is_refused(tmp_path: Path) -> None:
    path = write_baseline(definition(Clip), tmp_path)
    with pytest.raises(SchemaError, match=r"clip 1.0.0 has a baseline with another .* Raise the version"):
        write_baseline(definition(ChangedClip), tmp_path)
    assert path.read_bytes().decode() == CLIP_TEXT


def test_a_raised_version_stands_beside_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_baseline(definition(Clip), tmp_path)
    monkeypatch.setattr(ChangedClip, "version", "1.1.0")
    write_baseline(definition(ChangedClip), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-1.0.0.json", "clip-1.1.0.json"]


@pytest.mark.parametrize("version", ["1.0", "1", "v1.0.0", "1.0.0-rc1", "01.0.0", "", "1.0.0\n"])
def test_a_version_is_three_numbers(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clip, "version", version)
    with pytest.raises(SchemaError, match=r"write three numbers, such as 1.0.0"):
        definition(Clip)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", r"is no definition of a table \(the whole file: Invalid JSON"),
        (CLIP_TEXT[:-20].encode(), r"is no definition of a table \(the whole file: Invalid JSON"),
        (b"\xff\xfe", r"is no definition of a table \(the whole file"),
        (b"[]", r"is no definition of a table \(the whole file"),
        (CLIP_TEXT.replace('"table"', '"tabel"').encode(), r"is no definition of a table \(table: Field required"),
        (CLIP_TEXT.replace('"double"', "8").encode(), r"\(fields.2.fields.0.type: Input should be a valid string"),
        (CLIP_TEXT.replace("1.0.0", "1.0").encode(), r"\(version: String should match"),
        (CLIP_TEXT.replace("1.0.0", "1.0.1").encode(), "holds clip 1.0.1"),
        (CLIP_TEXT.replace('"clip"', '"clap"').encode(), "holds clap 1.0.0"),
    ],
)
def test_a_damaged_file_is_named_with_what_is_wrong(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "clip-1.0.0.json"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=f"clip-1.0.0.json .*{reason}.* Restore it from version control"):
        load(path)
    with pytest.raises(SchemaError, match=reason):
        write_baseline(definition(Clip), tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"clip-1.0.0.json cannot be read: No such file"):
        load(baseline_path(definition(Clip), tmp_path))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "baselines"
    folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"Cannot write .*clip-1.0.0.json: .* Write baselines in a checkout"):
        write_baseline(definition(Clip), folder)


def test_order_of_an_enum_is_no_part_of_a_definition() -> None:
    class Turned(StrEnum):
        BLUE = "blue"
        RED = "red"

    class TurnedClip(Record):
        table: ClassVar[str] = "clip"
        version: ClassVar[str] = "1.0.0"
        colours: list[Turned] = Field(description="Colours.")

    assert definition(TurnedClip).fields == (definition(Clip).fields[1],)


def test_a_baseline_is_plain_json() -> None:
    content = json.loads(CLIP_TEXT)
    assert Column.model_validate_json(json.dumps(content["fields"][0])) == definition(Clip).fields[0]
