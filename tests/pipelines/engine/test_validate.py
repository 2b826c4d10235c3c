"""Files are validated against the version that they say they are, one file or a folder of them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from blift.connectors.parquet import write_shard
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.engine.validate import DATA_RULES, validate_path
from blift.schemas.arrow import conform
from blift.schemas.definition import Column, Definition
from blift.schemas.errors import InputError
from blift.schemas.registry import SCHEMAS

POST: dict[str, Any] = {"platform": "reddit", "native_id": "p", "deleted": False, "removed": False, "live": False}
COMMENT: dict[str, Any] = {"post_id": "reddit:p1", "platform": "reddit", "deleted": False, "removed": False}


def comments(*ids: str, **columns: Any) -> pa.Table:
    rows = [COMMENT | {"comment_id": name, "native_id": name} | columns for name in ids]
    return conform(pa.Table.from_pylist(rows), SCHEMAS["comment"])


def write(folder: Path, name: str, rows: pa.Table) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, folder / name)


def told(path: Path, given: Definition | None = None) -> list[str]:
    findings, _ = validate_path(str(path), given)
    return [f"{Path(each.file).name} {each.rule}: {each.sentence}" for each in findings]


def test_a_run_folder_has_no_findings(built: tuple[Path, Manifest]) -> None:
    findings, files = validate_path(str(built[0]))
    tables = {path.parent.name for path in built[0].rglob("*.parquet")}
    assert findings == []
    assert files > len(tables - {"files"}) > 4


def test_wrong_values_are_told_with_their_file_and_row(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", comments("a", "b"))
    write(tmp_path, "b.parquet", pa.concat_tables([comments("c"), comments("d", rank=-1)]))
    posts = [POST | {"post_id": each, "media_kind": each} for each in ("image", "dull")]
    write(tmp_path, "c.parquet", conform(pa.Table.from_pylist(posts), SCHEMAS["post"]))
    assert told(tmp_path) == [
        "b.parquet DATA_RANGE: `rank` has -1, which is not in [0, inf): 1 value. The first is in row 2.",
        (
            "c.parquet DATA_ENUM_VALUE: `media_kind` has 'dull', which is none of its values: 1 value. "
            "The first is in row 2."
        ),
    ]


def test_keys_are_unique_over_the_files_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "comments", "a.parquet", comments("a", "b"))
    write(tmp_path / "comments", "b.parquet", comments("c", "a", "a"))
    write(tmp_path / "release", "a.parquet", comments("a"))
    assert told(tmp_path) == [
        "b.parquet DATA_KEY_UNIQUE: 2 rows repeat a key (comment_id), such as ('a',). The first is in row 2."
    ]


def test_keys_are_unique_over_the_months_of_a_table(tmp_path: Path) -> None:
    write(tmp_path / "comments" / "month=2024-02", "a.parquet", comments("a", "b"))
    write(tmp_path / "comments" / "month=2024-03", "b.parquet", comments("c", "a"))
    assert told(tmp_path) == [
        "b.parquet DATA_KEY_UNIQUE: 1 row repeats a key (comment_id), such as ('a',). The first is in row 2."
    ]


def test_files_of_an_older_version_are_checked_against_it(tmp_path: Path) -> None:
    version_1_0 = SCHEMAS["media"].with_metadata({b"blift.table": b"media", b"blift.version": b"1.0.0"})
    write(tmp_path, "new.parquet", SCHEMAS["media"].empty_table())
    write(tmp_path, "old.parquet", version_1_0.empty_table())
    assert {line.partition(":")[0] for line in told(tmp_path)} == {"old.parquet DATA_COLUMN_KNOWN"}


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({}, "The file says of no table that it is one. Name a table with --schema."),
        ({b"blift.table": b"comment"}, "The file says of no table that it is one. Name a table with --schema."),
        (
            {b"blift.table": b"comment", b"blift.version": b"7.0.0"},
            "The file is comment 7.0.0, a version that this blift does not know.",
        ),
        (
            {b"blift.table": b"coment", b"blift.version": b"1.0.0"},
            "The file is of the table 'coment', which this blift does not have.",
        ),
    ],
)
def test_a_file_that_does_not_say_what_it_is(tmp_path: Path, metadata: dict[bytes, bytes], sentence: str) -> None:
    write(tmp_path, "a.parquet", comments("a").replace_schema_metadata(metadata))
    assert told(tmp_path / "a.parquet") == [f"a.parquet DATA_VERSION: {sentence}"]


def test_damaged_files_are_told(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", comments("a"))
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[:-20])
    (tmp_path / "empty.parquet").write_bytes(b"")
    assert [line.partition(":")[0] for line in told(tmp_path)] == [
        "cut.parquet DATA_READABLE",
        "empty.parquet DATA_READABLE",
    ]


def test_files_of_no_table_are_left_out_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", comments("a"))
    write(tmp_path, "digests.parquet", pa.table({"x": [1]}))
    assert validate_path(str(tmp_path)) == ([], 1)


def test_any_table_can_be_validated(tmp_path: Path) -> None:
    write(tmp_path, "a.parquet", pa.table({"name": ["a", "a", None]}))
    name = Column(name="name", type="string", nullable=False)
    given = Definition(format=2, table="people", version="", key=("name",), fields=(name,))
    assert told(tmp_path, given) == [
        "a.parquet DATA_NOT_NULL: `name` must not be null: 1 value is. The first is in row 3.",
        "a.parquet DATA_KEY_UNIQUE: 1 row repeats a key (name), such as ('a',). The first is in row 2.",
    ]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [("nowhere", "is no file and no folder"), ("", "holds no Parquet file of a table of blift. Name a table")],
)
def test_a_path_without_files_is_a_usage_error(tmp_path: Path, path: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        validate_path(str(tmp_path / path))


def test_the_command_has_forms_and_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_shard(comments("a"), "comment", str(tmp_path), "a.parquet")
    assert main(["schema", "validate", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 file: no findings.\n"
    write(tmp_path, "b.parquet", comments("a"))
    assert main(["schema", "validate", str(tmp_path), "--format", "sarif"]) == 1
    [run] = json.loads(capsys.readouterr().out)["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in DATA_RULES]
    assert [result["ruleId"] for result in run["results"]] == ["DATA_KEY_UNIQUE"]
    assert main(["schema", "validate", str(tmp_path / "nowhere")]) == 2
