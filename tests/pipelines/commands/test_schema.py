"""`blift schema` shows every table in every form, freezes what is new, and fails where a definition differs."""

import argparse
import json
import shutil
from pathlib import Path

import pytest

from blift.pipelines.commands import schema as schema_command
from blift.schemas import compatibility, freeze
from blift.schemas.comment import Comment
from blift.schemas.errors import SchemaError
from blift.schemas.records import RECORDS


def run(*arguments: str) -> int:
    """Run `blift schema` and return its exit code."""
    parser = argparse.ArgumentParser(prog="blift schema")
    schema_command.add_arguments(parser)
    args = parser.parse_args(arguments)
    return int(args.run(args))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the frozen files, which the command takes for its own."""
    copy = tmp_path / "frozen"
    shutil.copytree(freeze.FROZEN, copy)
    for function in (
        freeze.freeze,
        freeze.frozen_path,
        compatibility.check,
        compatibility.strays,
        compatibility.too_low,
    ):
        monkeypatch.setattr(function, "__defaults__", (copy,))
    return copy


def test_list_has_a_line_for_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [[name, record.version] for name, record in RECORDS.items()]
    assert lines[0].endswith("One post, at its latest observation.")


@pytest.mark.parametrize("table", RECORDS)
def test_show_prints_each_form(table: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("show", table) == 0
    arrow = capsys.readouterr().out
    assert arrow.startswith(f"{table} {RECORDS[table].version}\n")
    assert run("show", table, "--format", "arrow") == 0
    assert capsys.readouterr().out == arrow
    assert run("show", table, "--format", "json-schema") == 0
    assert json.loads(capsys.readouterr().out)["$id"] == f"urn:blift:{table}:{RECORDS[table].version}"
    assert run("show", table, "--format", "markdown") == 0
    assert capsys.readouterr().out.startswith("| column | type | nullable | meaning |\n")


def test_show_of_an_unknown_table_suggests_one() -> None:
    with pytest.raises(SchemaError, match=r"There is no table 'coment', did you mean 'comment'\? Tables: post, "):
        run("show", "coment")


def test_an_unknown_table_exits_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    cli = pytest.importorskip("blift.pipelines.cli")
    assert cli.main(["schema", "show", "coment"]) == 2
    assert capsys.readouterr().err.startswith("blift: There is no table 'coment', did you mean 'comment'? Tables: ")


def test_check_of_the_shipped_tables_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check") == 0
    assert capsys.readouterr().out == "11 tables are as they were frozen.\n"


def test_check_fails_when_a_definition_differs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "comment-1.0.0.json"
    path.write_text(path.read_text().replace('"name": "rank"', '"name": "place"'))
    assert run("check") == 1
    assert capsys.readouterr().out == (
        "comment 1.0.0 differs from its frozen version: `place` was renamed to `rank` (breaking). "
        "Raise the version to 2.0.0 and run `blift schema freeze`, or undo the change.\n"
    )


def test_check_has_one_line_for_each_problem(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "post-1.0.0.json").unlink()
    (folder / "chat-1.0.0.json").write_text("{")
    (folder / "video-1.0.0.json").write_text("{}")
    assert run("check") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0] == "post 1.0.0 has no frozen version. Run `blift schema freeze`."
    assert lines[1].startswith("The frozen file chat-1.0.0.json is no definition of a table")
    assert lines[2].startswith("The frozen file video-1.0.0.json belongs to no table.")


def test_freeze_writes_what_is_missing_and_check_passes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "post-1.0.0.json"
    before = path.read_bytes()
    path.unlink()
    assert run("freeze") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"post 1.0.0 is frozen: {path}",
        f"comment 1.0.0 is already frozen: {folder / 'comment-1.0.0.json'}",
    ]
    assert path.read_bytes() == before
    assert run("check") == 0


def test_freeze_refuses_another_definition_of_a_frozen_version(folder: Path) -> None:
    path = folder / "comment-1.0.0.json"
    path.write_text(path.read_text().replace('"name": "rank"', '"name": "place"'))
    with pytest.raises(
        SchemaError, match=r"comment 1.0.0 is frozen .* Raise the version of Comment in blift.schemas.comment"
    ):
        run("freeze")


def test_freeze_writes_nothing_where_a_version_is_too_low(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "comment-1.0.0.json"
    path.write_text(path.read_text().replace('"name": "rank"', '"name": "place"'))
    (folder / "post-1.0.0.json").unlink()
    monkeypatch.setattr(Comment, "version", "1.0.1")
    with pytest.raises(SchemaError, match=r"comment 1.0.1 is not raised enough since 1.0.0: .* to 2.0.0"):
        run("freeze")
    assert not (folder / "post-1.0.0.json").exists()
    assert not (folder / "comment-1.0.1.json").exists()
