"""How many files of the product a change touches, done on a copy of it: each change is made by hand and then used.

Files that a command writes (baselines of tables, generated documentation) are not counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from blift.schemas.records import RECORDS
from tests.pipelines.test_platforms import _POST, _REPLIES
from tests.tree import Tree, tree_in

_MAJOR, _MINOR, _ = map(int, RECORDS["sample"].version.split("."))
_NEXT = f"{_MAJOR}.{_MINOR + 1}.0"
_RECIPE = """\
name: changed
sources: {skyblue: {posts: [posts.ndjson], replies: [replies.ndjson]}}
curate:
  skyblue:
    comments: {no_digits: true}
    choose: {top: 2}
rejects: {payload: all, out_of_scope: true}
instruct: {templates: [short]}
"""


def rule(tree: Tree) -> None:
    """A rule with a reason of its own."""
    path = tree.file("transforms/rules/comments.py")
    path.write_text(
        path.read_text() + '\n\n@rule(RecordKind.COMMENT, "has_digits")\ndef no_digits() -> Check:\n'
        '    """Comments with digits go."""\n    return Check(pl.col("text").str.contains(r"\\d"))\n'
    )


def template(tree: Tree) -> None:
    """A shipped template."""
    tree.file("transforms/templates/short.yaml").write_text(
        "name: short\nversion: 1.0.0\ndescription: Short.\nasks: [comments]\n"
        'system: ""\nuser: "{{ media }} Comment on it."\nassistant: "{{ comments | first }}"\n'
    )


def column(tree: Tree) -> None:
    """A column of the table of samples, with its value."""
    version = RECORDS["sample"].version
    tree.edit(
        "schemas/sample.py", f'    version: ClassVar[str] = "{version}"', f'    version: ClassVar[str] = "{_NEXT}"'
    )
    tree.edit(
        "schemas/sample.py",
        '    title: str | None = Field(description="Its title.")\n',
        '    title: str | None = Field(description="Its title.")\n'
        '    title_characters: int | None = Field(description="Characters of the title.")\n',
    )
    tree.edit(
        "transforms/unite.py",
        '        language=pl.col("identified_language"),\n',
        '        language=pl.col("identified_language"),\n'
        '        title_characters=pl.col("title").str.len_chars().cast(pl.Int64),\n',
    )


def platform(tree: Tree) -> None:
    """A platform: one that writes its posts as Bluesky does."""
    tree.edit(
        "schemas/platform.py",
        "BUILT_IN: tuple[Platform, ...] = (",
        'SKYBLUE = replace(BLUESKY, name="skyblue", title="Skyblue", urls=Urls())\n'
        "BUILT_IN: tuple[Platform, ...] = (SKYBLUE, ",
    )
    tree.edit(
        "schemas/platform.py",
        "from dataclasses import dataclass, field",
        "from dataclasses import dataclass, field, replace",
    )
    folder = tree.file("connectors/skyblue")
    folder.mkdir()
    for path in tree.file("connectors/bluesky").glob("*.py"):
        (folder / path.name).write_text(path.read_text().replace("BLUESKY", "SKYBLUE"))


def stage(tree: Tree) -> None:
    """A stage: its package, and its name in the list."""
    tree.edit("pipelines/build/stages.py", '"prefer", "stats")', '"prefer", "stats", "count")')
    folder = tree.file("pipelines/stages/count")
    folder.mkdir()
    (folder / "__init__.py").write_text('"""Stage count."""\n')
    (folder / "stage.py").write_text(
        '"""Counts samples."""\n'
        "import apache_beam as beam\n"
        "from blift.pipelines.engine.pipeline import StagePlan\n"
        "from blift.pipelines.engine.stage import Prepared, Request, Stage\n\n\n"
        "def _prepare(request: Request) -> Prepared:\n"
        '    shards = [shard for shard in request.shards_of("curate") if shard.path.startswith("samples/")]\n'
        "    rows = sum(shard.rows for shard in shards)\n"
        "    def plan(pipeline: beam.Pipeline) -> StagePlan:\n"
        '        shards, tallies = ([pipeline | name >> beam.Create([])] for name in ("Shards", "Tallies"))\n'
        "        return StagePlan(shards, tallies)\n\n"
        '    return Prepared({"rows": rows}, plan)\n\n\n'
        'STAGE = Stage("count", (), _prepare)\n'
    )


#: Each change, files that it edits, and files that it adds.
CHANGES: list[tuple[Callable[[Tree], None], int, int]] = [
    (rule, 1, 0),
    (template, 0, 1),
    (column, 2, 0),
    (platform, 1, 2),
    (stage, 1, 2),
]


def contents(tree: Tree) -> dict[str, bytes]:
    """Every source file of a tree, by its path."""
    kinds = (".py", ".yaml", ".txt", ".json", ".jinja")
    return {
        path.relative_to(tree.folder).as_posix(): path.read_bytes()
        for path in sorted(tree.folder.rglob("*"))
        if path.suffix in kinds
    }


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tree, dict[str, tuple[int, int]]]:
    """A tree with every change, and how many files each edited and added."""
    tree = tree_in(tmp_path_factory.mktemp("changed") / "tree")
    counts = {}
    for change, _, _ in CHANGES:
        before = contents(tree)
        change(tree)
        after = contents(tree)
        counts[change.__name__] = (
            sum(after[path] != content for path, content in before.items()),
            len(after.keys() - before.keys()),
        )
    return tree, counts


@pytest.fixture(scope="module")
def run(changed: tuple[Tree, dict[str, tuple[int, int]]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder that the changed tree built, of the new platform, with the new rule, template, column and stage."""
    tree, _ = changed
    folder = tmp_path_factory.mktemp("changed_run")
    (folder / "posts.ndjson").write_bytes(_POST + b"\n")
    (folder / "replies.ndjson").write_bytes(
        b"\n".join([*_REPLIES, _REPLIES[0].replace(b", number 2", b"").replace(b"3k2", b"3k9")])
    )
    (folder / "r.yaml").write_text(_RECIPE)
    tree.succeed("schema", "baseline")
    tree.succeed("build", "r.yaml", "--out", "run", "--quiet", cwd=folder)
    return folder / "run"


def rows(run: Path, pattern: str) -> list[dict[str, Any]]:
    return [row for path in sorted(run.glob(pattern)) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize(("change", "edited", "added"), CHANGES, ids=[change.__name__ for change, _, _ in CHANGES])
def test_a_change_touches_so_many_files(
    changed: tuple[Tree, dict[str, tuple[int, int]]], change: Callable[[Tree], None], edited: int, added: int
) -> None:
    assert changed[1][change.__name__] == (edited, added)


def test_the_new_platform_goes_from_archive_to_pairs(run: Path) -> None:
    (sample,) = rows(run, "samples/*.parquet")
    assert (sample["platform"], sample["likes"]) == ("skyblue", 90)
    assert [comment["platform"] for comment in sample["comments"]] == ["skyblue"]


def test_the_new_rule_rejects_with_its_reason(run: Path) -> None:
    lost = [row for row in rows(run, "rejects/*.parquet") if row["rule"] == "no_digits"]
    assert {(row["reason"], row["record_table"]) for row in lost} == {("has_digits", "comment")}
    assert len(lost) == 3


def test_the_new_template_makes_pairs(run: Path) -> None:
    (pair,) = rows(run, "instructions/llava/*.parquet")
    assert (pair["template"], pair["conversations"][1]["value"]) == ("short", "what a tall lighthouse")


def test_the_new_column_has_its_value(run: Path) -> None:
    (sample,) = rows(run, "samples/*.parquet")
    assert sample["title_characters"] == (len(sample["title"]) if sample["title"] else None)
    assert sample["title_characters"] != 0


def test_the_new_stage_runs(run: Path) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["stages"]["count"]["inputs"]["rows"] == 1


@pytest.mark.usefixtures("run")
def test_the_changed_tree_passes_its_schema_check(
    changed: tuple[Tree, dict[str, tuple[int, int]]], tmp_path: Path
) -> None:
    tree = changed[0].copy(tmp_path / "copy")
    assert "title_characters" in tree.succeed("schema", "show", "sample")
    tree.succeed("schema", "check")
    assert "no_digits" in tree.succeed("rule", "list")
