"""Old rows go through a chain of migrations, and what a migration does wrong is told."""

import sys
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pyarrow as pa
import pytest
from pydantic import Field

from blift.schemas import migration, migrations
from blift.schemas.arrow import conform
from blift.schemas.baseline import BASELINES
from blift.schemas.comment import Comment
from blift.schemas.definition import definition
from blift.schemas.errors import SchemaError
from blift.schemas.export import markdown
from blift.schemas.migration import Migration, is_of_earlier_major, losses, to_present
from blift.schemas.record import Record
from blift.schemas.records import RECORDS, warn_of_deprecated
from blift.schemas.registry import SCHEMAS, check_readable

ROW = {"comment_id": "a", "post_id": "p", "platform": "reddit", "native_id": "a", "deleted": False, "removed": False}


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    """Two comments of version 1, where code is at 3.0.0; the migration from 2 is nowhere, but in the tests."""
    monkeypatch.setattr(Comment, "version", "3.0.0")
    return conform(pa.Table.from_pylist([ROW, ROW]), SCHEMAS["comment"])


def give(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **steps: Migration) -> None:
    """Let modules such as `comment_1` be there, and baselines of version 2."""
    for name, step in steps.items():
        module = ModuleType(name)
        module.MIGRATION = step  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"blift.schemas.migrations.{name}", module)
    text = (BASELINES / "comment-1.0.0.json").read_text()
    (tmp_path / "comment-1.0.0.json").write_text(text)
    (tmp_path / "comment-2.0.0.json").write_text(text.replace('"version": "1.0.0"', '"version": "2.0.0"'))
    monkeypatch.setattr(migration, "BASELINES", tmp_path)


def rank_by(number: int) -> Migration:
    def move(rows: pa.Table) -> pa.Table:
        place = rows.schema.get_field_index("rank")
        return rows.set_column(place, rows.schema.field(place), pa.array([number] * rows.num_rows))

    return Migration(move, (f"rank {number}",))


def test_rows_go_through_each_step_in_turn(rows: pa.Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(monkeypatch, tmp_path, comment_1=rank_by(1), comment_2=rank_by(2))
    assert to_present(rows, "comment", "1.0.0").column("rank").to_pylist() == [2, 2]
    assert to_present(rows, "comment", "3.0.0").column("rank").to_pylist() == [None, None]
    assert losses("comment", "1.0.0") == ["rank 1", "rank 2"]
    assert losses("comment", "2.0.0") == ["rank 2"]
    assert is_of_earlier_major("comment", "2.5.0")
    assert not is_of_earlier_major("comment", "3.0.0")


def test_a_step_that_is_missing_is_told(rows: pa.Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(monkeypatch, tmp_path, comment_1=rank_by(1))
    with pytest.raises(SchemaError, match=r"comment has no migration from version 2. Use the blift that wrote the dat"):
        to_present(rows, "comment", "1.0.0")


def test_a_step_keeps_the_number_of_rows(rows: pa.Table, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give(monkeypatch, tmp_path, comment_1=Migration(lambda given: given.slice(1)), comment_2=rank_by(2))
    with pytest.raises(SchemaError, match=r"The migration of comment from version 1 made 1 rows of 2. Correct it"):
        to_present(rows, "comment", "1.0.0")


@pytest.mark.usefixtures("rows")
def test_a_version_is_read_where_migrations_reach_the_present_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = SCHEMAS["comment"].with_metadata({b"blift.table": b"comment", b"blift.version": b"1.4.0"})
    with pytest.raises(SchemaError, match=r"has schema comment 1.4.0, and this blift reads 3.0.0"):
        check_readable(old, "comment", "a.parquet")
    (tmp_path / "__init__.py").touch()
    for name in ("comment_1.py", "comment_2.py", "comment_x.py", "media_file_7.py"):
        (tmp_path / name).touch()
    monkeypatch.setattr(migrations, "__file__", str(tmp_path / "__init__.py"))
    assert migrations.majors_with_migration("comment") == {1, 2}
    assert migrations.majors_with_migration("media") == frozenset()
    check_readable(old, "comment", "a.parquet")


def test_whoever_names_a_deprecated_column_is_told_its_replacement(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clip(Record):
        table: ClassVar[str] = "clip"
        version: ClassVar[str] = "1.0.0"
        title: str | None = Field(deprecated="Use `headline`.")
        headline: str | None

    monkeypatch.setitem(RECORDS, "clip", Clip)
    with pytest.warns(DeprecationWarning, match=r"`clip.title` is deprecated. Use `headline`."):
        warn_of_deprecated("clip", ["title", "headline"])
    assert definition(Clip).fields[0].deprecated == "Use `headline`."
    assert "Deprecated: Use `headline`." in markdown(Clip)
