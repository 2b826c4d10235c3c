"""`output.partition_by: month`: the rows of a dataset without it, in folders that readers of Hive's partitions know."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset
import pytest

import blift
from benchmarks.months import remove_month, write_month, write_recipe
from blift.connectors.shard import month_of
from blift.pipelines.cli import main
from blift.pipelines.engine.pipeline import write_months
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.choice import Choice
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import tables_of
from blift.pipelines.report.datasets import Datasets
from blift.schemas.arrow import from_rows
from blift.schemas.registry import SCHEMAS
from blift.transforms.months import NO_MONTH
from tests.pipelines.conftest import run_build

from .conftest import SIZE

if TYPE_CHECKING:
    import duckdb

_TWO_WORKERS = ("--direct_num_workers=2", "--direct_running_mode=multi_processing")
#: The months of `benchmarks.months`: of 30 days each, from 2018-01-01; all posts are of the first minute.
_MONTHS = {1: "2018-01", 2: "2018-03", 3: "2018-04", 4: "2018-05"}
_BY_MONTH = {"output": {"shards": 2, "keep": 0, "partition_by": "month"}}
#: Tables whose rows lie in folders of months.
_PARTITIONED = {
    "samples",
    *(f"instructions/{shape}{media}" for shape in ("llava", "chat", "preferences") for media in ("", "-without-media")),
}


def rows(table: pa.Table) -> list[str]:
    return sorted(map(str, table.to_pylist()))


def test_the_rows_are_those_of_a_dataset_without_partitions(by_month: Path, built: tuple[Path, Manifest]) -> None:
    with_them, without = blift.open_run(by_month / "run"), blift.open_run(built[0])
    assert with_them.datasets == without.datasets
    for name in set(without.datasets) - {"files"}:
        assert rows(with_them.table(name)) == rows(without.table(name)), name
        assert all(month_of(path) for path in with_them.files(name)) == (name in _PARTITIONED)
    assert with_them.fingerprint != without.fingerprint


@pytest.mark.long
def test_a_dataset_from_nothing_has_the_same_bytes(by_month: Path, tmp_path: Path) -> None:
    manifest, _ = run_build(by_month / "corpus" / "by-month.yaml", tmp_path / "run")
    updated = RunFolder(str(by_month / "run")).require_manifest()
    made, there = (
        [shard for shard in each.shards if not shard.path.startswith("files/")] for each in (manifest, updated)
    )  # lists of files name those of the folder
    assert made == there
    assert manifest.fingerprint == updated.fingerprint


def test_going_back_runs_what_depends_on_it_and_leaves_no_folder_of_a_month(
    by_month: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    out = shutil.copytree(by_month / "run", tmp_path / "run")
    manifest, events = run_build(by_month / "corpus" / "demo.yaml", out)
    assert events[:3] == ["skipped ingest", "skipped media", "started curate"]
    assert manifest.fingerprint == built[1].fingerprint
    assert main(["clean", str(out)]) == 0
    assert list(out.rglob("month=*")) == []


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        yield connection


@pytest.mark.parametrize("name", ["samples", "instructions/preferences-without-media"])
def test_duckdb_reads_the_month_of_each_row_from_the_folder(
    by_month: Path, duck: duckdb.DuckDBPyConnection, name: str
) -> None:
    time = "posted_at" if name == "samples" else "preferred.posted_at"
    files = blift.open_run(by_month / "run").files(name)
    read = f"read_parquet({files}, hive_partitioning = true)"
    total, of_another_month = duck.execute(
        f"SELECT count(*), count(*) FILTER (month != strftime({time} AT TIME ZONE 'UTC', '%Y-%m')) FROM {read}"  # noqa: S608
    ).fetchall()[0]
    assert total == blift.open_run(by_month / "run").table(name).num_rows > 100
    assert of_another_month == 0


def test_pairs_lie_in_the_month_of_their_sample(by_month: Path, duck: duckdb.DuckDBPyConnection) -> None:
    run = blift.open_run(by_month / "run")
    samples, pairs = (
        f"read_parquet({run.files(name)}, hive_partitioning = true)"
        for name in ("samples", "instructions/chat-without-media")
    )
    joined, apart = duck.execute(
        f"SELECT count(*), count(*) FILTER (s.month != p.month) FROM {samples} s JOIN {pairs} p USING (sample_id)"  # noqa: S608
    ).fetchall()[0]
    assert joined == run.table("instructions/chat-without-media").num_rows > 100
    assert apart == 0


def test_pyarrow_reads_the_folder_and_one_month_of_it(by_month: Path) -> None:
    run = blift.open_run(by_month / "run")
    march = pyarrow.dataset.field("month") == "2021-03"
    by_files = pyarrow.dataset.dataset(run.files("samples"), partitioning="hive")
    assert by_files.count_rows() == 109
    found = by_files.to_table(filter=march)
    assert {(each.year, each.month) for each in found.column("posted_at").to_pylist()} == {(2021, 3)}
    assert by_files.schema.field("month").type == pa.string()
    # The dataset without partitions is kept beside it, in files that a reader of the whole folder finds, too.
    assert pyarrow.dataset.dataset(str(by_month / "run" / "samples"), partitioning="hive").count_rows() == 2 * 109


def test_load_dataset_takes_the_same_rows_and_columns(
    by_month: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    datasets = pytest.importorskip("datasets")
    for config in ("samples", "instructions", "preferences_without_media"):
        with_them, without = (
            datasets.load_dataset(str(folder), config, cache_dir=str(tmp_path))
            for folder in (by_month / "run", built[0])
        )
        assert with_them.keys() == without.keys()
        for split, expected in without.items():
            assert with_them[split].features == expected.features
            assert rows(with_them[split].data.table) == rows(expected.data.table)


def test_commands_read_it_as_any_other(by_month: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run = str(by_month / "run")
    for command in (
        ["verify", run],
        ["inspect", run],
        ["report", run, "--out", str(tmp_path / "report")],
        ["export", run, "--to", "trl", "--out", str(tmp_path / "export")],
    ):
        assert main(command) == 0, command
    assert "report/index.html shows 109 of 109 samples" in capsys.readouterr().out
    assert main(["diff", f"{run}@previous", run, "--json"]) == 0
    changes = json.loads(capsys.readouterr().out)["rows"]
    assert len(changes) > 10
    assert {tuple(change.values()) for change in changes.values()} == {(0, 0, 0)}


def test_queries_see_the_columns_of_the_table_alone(by_month: Path, built: tuple[Path, Manifest]) -> None:
    pytest.importorskip("duckdb")
    folder = RunFolder(str(by_month / "run"))
    manifest = folder.require_manifest()
    with_them, without = (
        Database(tables_of(RunFolder(str(path)), found)) for path, found in ((folder.path, manifest), built)
    )
    assert [column.name for column in with_them.columns("samples")] == [
        column.name for column in without.columns("samples")
    ]
    assert with_them.find("samples", Choice("")).total == 109
    assert Datasets(folder, manifest).rows("samples") == 109


def test_rows_without_a_time_are_of_no_month_to_readers(tmp_path: Path, duck: duckdb.DuckDBPyConnection) -> None:
    row = {"sample_id": "a", "media_key": "k", "media_kind": "image", "platform": "reddit"}
    table = from_rows([row, row | {"sample_id": "b"}], SCHEMAS["sample"])
    times = pa.chunked_array([pa.array([None, 0], pa.timestamp("us", "UTC"))])
    shards = list(write_months(table, times, "sample", str(tmp_path), "samples/samples-00000-of-00001.parquet"))
    assert [(month_of(shard.path), shard.rows) for shard in shards] == [("1970-01", 1), (NO_MONTH, 1)]
    found = duck.execute(
        f"SELECT sample_id, month FROM read_parquet('{tmp_path}/samples/*/*.parquet', hive_partitioning = true) "  # noqa: S608
        "ORDER BY sample_id"
    ).fetchall()
    assert found == [("a", None), ("b", "1970-01")]
    read = pyarrow.dataset.dataset(str(tmp_path / "samples"), partitioning="hive").to_table(["sample_id", "month"])
    assert sorted(map(tuple, (each.values() for each in read.to_pylist()))) == [("a", None), ("b", "1970-01")]


def of_months(out: Path) -> dict[str, set[str]]:
    """The files of each month below a run folder, whether they are of its dataset or not."""
    found: dict[str, set[str]] = {}
    for path in out.rglob("*.parquet"):
        if month := month_of(name := path.relative_to(out).as_posix()):
            found.setdefault(month, set()).add(name)
    return found


def update(recipe: Path, out: Path, *beam: str) -> Manifest:
    """Update a run folder; the result has the bytes of a build from nothing, and the folder holds nothing else."""
    manifest, _ = run_build(recipe, out, beam=beam)
    whole = recipe.parent / "whole"
    from_nothing, _ = run_build(recipe, whole)
    shutil.rmtree(whole)
    assert (manifest.shards, manifest.fingerprint) == (from_nothing.shards, from_nothing.fingerprint)
    there = {path.relative_to(out).as_posix() for path in (out / "samples").rglob("*") if path.is_file()}
    assert there == {shard.path for shard in manifest.shards if shard.path.startswith("samples/")}
    return manifest


@pytest.mark.long
def test_an_update_writes_the_files_of_the_months_that_changed(months: Path) -> None:
    recipe, out = write_recipe(months, **_BY_MONTH), months / "run"
    run_build(recipe, out)
    first = of_months(out)
    assert set(first) == {_MONTHS[month] for month in (1, 2, 3)}  # no folder of 2018-02, in which nothing was posted
    write_month(months, 4, SIZE, pictures=False)  # some of its comments, and observations, are of posts of month 3
    update(recipe, out)
    added = of_months(out)
    assert set(added) == {*first, _MONTHS[4]}
    assert changed(first, added) == {_MONTHS[3], _MONTHS[4]}
    write_month(months, 2, SIZE, revision=1, pictures=False)
    update(recipe, out, *_TWO_WORKERS)
    replaced = of_months(out)
    assert changed(added, replaced) == {_MONTHS[1], _MONTHS[2]}
    remove_month(months, 4)
    update(recipe, out)
    removed = of_months(out)
    assert changed(replaced, removed) == {_MONTHS[3], _MONTHS[4]}
    assert not list(out.rglob(f"month={_MONTHS[4]}"))


def changed(before: dict[str, set[str]], after: dict[str, set[str]]) -> set[str]:
    return {month for month in {*before, *after} if before.get(month) != after.get(month)}


def test_the_manifest_of_a_dataset_without_partitions_says_nothing_of_them(built: tuple[Path, Manifest]) -> None:
    noted: list[dict[str, Any]] = [record.inputs for record in built[1].stages.values()]
    assert all("partition_by" not in inputs for inputs in noted)
