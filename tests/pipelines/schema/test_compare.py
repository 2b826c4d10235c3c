"""`blift schema diff` says what differs between any two versions of tables."""

import json
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.schemas.baseline import BASELINES, definition_text
from blift.schemas.definition import Column, Definition
from blift.schemas.records import RECORDS


def write(path: Path, version: str, *names: str) -> str:
    columns = tuple(Column(name=name, type="string", nullable=True) for name in names)
    path.write_text(definition_text(Definition(format=2, table="clip", version=version, fields=columns)))
    return str(path)


def test_two_files_of_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = write(tmp_path / "clip-1.0.0.json", "1.0.0", "a", "b")
    new = write(tmp_path / "clip-1.1.0.json", "1.1.0", "a", "c", "d")
    assert main(["schema", "diff", old, new]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "clip 1.0.0 -> 1.1.0, needs 2.0.0:",
        "  major COLUMN_SAME_NAME: `b` was renamed to `c`.",
        "  minor COLUMN_ADDED: `d` was added, nullable.",
    ]
    assert main(["schema", "diff", old, new, "--format", "json"]) == 1
    [table] = json.loads(capsys.readouterr().out)["tables"]
    assert (table["table"], table["old"], table["new"], table["needed"]) == ("clip", "1.0.0", "1.1.0", "2.0.0")
    assert table["differences"][1] == {
        "rule": "COLUMN_ADDED",
        "column": "d",
        "level": "minor",
        "breaks": [],
        "message": "`d` was added, nullable.",
    }
    assert main(["schema", "diff", old, old]) == 0


def test_the_present_code_is_what_a_side_is_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "diff", "baselines"]) == 0
    assert capsys.readouterr().out == "No table differs.\n"
    assert main(["schema", "diff", str(BASELINES), "code"]) == 0


def test_tables_that_came_and_went_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "clip-1.0.0.json", "1.0.0", "a")
    assert main(["schema", "diff", "code", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines[:-1]) == sorted(f"{table}: removed" for table in RECORDS)
    assert lines[-1] == "clip: new"


def test_a_side_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "diff", "no-such-thing"]) == 2
    assert capsys.readouterr().err.startswith("blift: 'no-such-thing' is no git ref, no folder and no OWNER/NAME")
