"""Three versions of a table, with data of each: refused where they break, migrated, read, published, equal."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blift.pipelines.demo.corpus import write_corpus
from blift.schemas.records import RECORDS
from tests.hub_server import TOKEN, HubServer
from tests.tree import Tree, tree_in

NOW = RECORDS["sample"].version
RECIPE = """\
name: versions
sources:
  reddit:
    submissions: ["reddit/RS_*.zst"]
    comments: ["reddit/RC_*"]
curate:
  reddit:
    posts: {deleted: true, removed: true}
    comments: {deleted: true, removed: true}
"""
SECOND = '''\
"""Samples of version 1 as version 2: no ratio of votes, and views as numbers that need not be whole."""

import pyarrow as pa

from blift.schemas.migration import Migration


def move(rows: pa.Table) -> pa.Table:
    """Drop the ratio, and give views another type."""
    views = rows.schema.get_field_index("views")
    rows = rows.set_column(views, "views", rows.column("views").cast(pa.float64()))
    return rows.drop_columns("upvote_ratio")


MIGRATION = Migration(move, ("`upvote_ratio` is no longer kept.",))
'''
THIRD = '''\
"""Samples of version 2 as version 3: hashes have another name."""

import pyarrow as pa

from blift.schemas.migration import Migration


def move(rows: pa.Table) -> pa.Table:
    """Rename a column."""
    return rows.rename_columns(["hashes" if name == "phash" else name for name in rows.column_names])


MIGRATION = Migration(move, ("`origin` is null: version 2 does not have it.",))
'''


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    (folder / "versions.yaml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[Tree]:
    """blift as it is, and two later versions, each with a new major version of the table of samples."""
    first = tree_in(tmp_path_factory.mktemp("trees") / "first")
    second = first.copy(first.folder.parent / "second")
    sample = second.file("schemas/sample.py")
    before, _, after = sample.read_text().partition("class Sample(Record)")
    lines = [line for line in after.splitlines(keepends=True) if not line.startswith("    upvote_ratio:")]
    after = "".join(lines).replace("    views: int | None", "    views: float | None")
    sample.write_text(f"{before}class Sample(Record){after}")
    raise_version(second, "2.0.0", SECOND)
    third = second.copy(first.folder.parent / "third")
    third.edit("schemas/sample.py", "    phash: list[str]", "    hashes: list[str]")
    third.edit(
        "schemas/sample.py",
        '    title: str | None = Field(description="Its title.")\n',
        '    title: str | None = Field(description="Its title.")\n'
        '    origin: str | None = Field(description="Where it is from.")\n',
    )
    third.edit(
        "transforms/unite.py",
        "    present = [name for name in (*schema.names, *places.names) if name in samples.columns]\n",
        "    samples = samples.rename({'phash': 'hashes'})\n"
        "    present = [name for name in (*schema.names, *places.names) if name in samples.columns]\n",
    )
    raise_version(third, "3.0.0", THIRD)
    return [first, second, third]


def raise_version(tree: Tree, version: str, migration: str) -> None:
    """Give samples a version; its check fails without the baseline and the migration, and passes with both."""
    text = tree.file("schemas/sample.py").read_text()
    old = text.partition('version: ClassVar[str] = "')[2].partition('"')[0]
    tree.edit("schemas/sample.py", f'version: ClassVar[str] = "{old}"', f'version: ClassVar[str] = "{version}"')
    done = tree.run("schema", "check", "--format", "json")
    assert {each["rule"] for each in json.loads(done.stdout)["findings"]} == {"BASELINE_EXISTS", "MIGRATION_EXISTS"}
    tree.file(f"schemas/migrations/sample_{old.partition('.')[0]}.py").write_text(migration)
    tree.succeed("schema", "baseline")
    tree.succeed("schema", "check")


@pytest.fixture(scope="module")
def runs(trees: list[Tree], corpus: Path) -> list[Path]:
    """The corpus built by each version."""
    folders = [corpus / f"run{place}" for place in (1, 2, 3)]
    for tree, folder in zip(trees, folders, strict=True):
        tree.succeed("build", str(corpus / "versions.yaml"), "--out", str(folder))
    return folders


def fingerprint(run: Path) -> str:
    return str(json.loads((run / "manifest.json").read_text())["fingerprint"])


def files(run: Path) -> dict[str, bytes]:
    """The files of a run's tables by their paths."""
    return {str(path.relative_to(run)): path.read_bytes() for path in sorted(run.rglob("*.parquet"))}


def test_a_migrated_run_is_the_one_that_a_build_makes(trees: list[Tree], runs: list[Path], tmp_path: Path) -> None:
    first, second, third = runs
    assert len({fingerprint(run) for run in runs}) == 3
    printed = trees[1].succeed("migrate", str(first), "--out", str(tmp_path / "first to second"))
    assert f"sample {NOW} -> 2.0.0\n" in printed
    assert "lost: sample: `upvote_ratio` is no longer kept.\n" in printed
    printed = trees[2].succeed("migrate", str(first), "--out", str(tmp_path / "first to third"))
    assert f"sample {NOW} -> 3.0.0\n" in printed
    assert printed.count("lost: ") == 2
    trees[2].succeed("migrate", str(second), "--out", str(tmp_path / "second to third"))
    for made, wanted in (("first to second", second), ("first to third", third), ("second to third", third)):
        assert files(tmp_path / made) == files(wanted)
        assert fingerprint(tmp_path / made) == fingerprint(wanted)
        trees[1 if wanted == second else 2].succeed("verify", str(tmp_path / made))


READ = """\
import sys
import pyarrow as pa
from blift.connectors.parquet import read_shard
from blift.pipelines.engine.run_folder import RunFolder
for columns in (None, ["sample_id", "hashes", "views"]):
    rows = []
    for run in sys.argv[1:]:
        shards = RunFolder(run).require_manifest().stages["curate"].shards
        own = [shard for shard in shards if shard.path.startswith("samples/")]
        rows.append(pa.concat_tables(read_shard(run, shard, "sample", columns) for shard in own))
    print(rows[0].num_rows, all(table.equals(rows[0]) for table in rows), rows[0].column_names[:2])
"""


def test_data_of_every_version_are_read_by_the_last_one(trees: list[Tree], runs: list[Path]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(trees[2].folder)}
    command = [sys.executable, "-c", READ, *map(str, runs)]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    whole, some = done.stdout.splitlines()
    assert whole.endswith("True ['sample_id', 'media_key']")
    assert some.endswith("True ['sample_id', 'hashes']")
    assert int(whole.split()[0]) > 50


def test_the_first_version_says_of_later_data_what_to_do(trees: list[Tree], runs: list[Path], tmp_path: Path) -> None:
    done = trees[0].run("migrate", str(runs[1]), "--out", str(tmp_path / "back"))
    assert done.returncode == 2
    assert f"has schema sample 2.0.0, and this blift reads {NOW}. Use the blift that wrote it" in done.stderr


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    with HubServer(tmp_path / "hub") as server:
        yield server


def test_a_published_version_is_guarded_and_both_versions_load(
    trees: list[Tree], runs: list[Path], hub: HubServer, tmp_path: Path
) -> None:
    there = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_TOKEN": TOKEN,
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(tmp_path / "home"),
    }
    run = Path(shutil.copytree(runs[0], tmp_path / "run"))
    trees[0].succeed("publish", str(run), "--repo", "owner/demo", **there)
    check = ("schema", "check", "--against", "owner/demo@v1.0.0", "--format", "json")
    assert trees[0].run(*check, **there).returncode == 0
    broken = trees[0].copy(tmp_path / "broken")
    broken.edit("schemas/sample.py", "    phash: list[str]", "    hashes: list[str]")
    done = broken.run(*check, **there)
    rules = {each["rule"] for each in json.loads(done.stdout)["findings"]}
    assert (done.returncode, rules) == (1, {"COLUMN_SAME_NAME", "VERSION_RAISED"})
    assert trees[2].run(*check, **there).returncode == 0
    trees[2].succeed("migrate", str(run), "--out", str(tmp_path / "migrated"))
    trees[2].succeed("publish", str(tmp_path / "migrated"), "--repo", "owner/demo", **there)
    loaded = [load(tmp_path, revision, there) for revision in ("v1.0.0", "v2.0.0")]
    assert "phash" in loaded[0]["columns"]
    assert "hashes" in loaded[1]["columns"]
    assert loaded[0]["rows"] == loaded[1]["rows"] > 50


LOAD = """\
import json, sys
from datasets import load_dataset
rows = load_dataset("owner/demo", "samples", revision=sys.argv[1])
print(json.dumps({"columns": rows["train"].column_names, "rows": sum(part.num_rows for part in rows.values())}))
"""


def load(folder: Path, revision: str, there: dict[str, str]) -> dict[str, object]:
    """What `datasets` loads of a revision, in a process of its own that knows nothing of blift."""
    environment = {**os.environ, **there, "HF_DATASETS_CACHE": str(folder / revision)}
    command = [sys.executable, "-c", LOAD, revision]
    done = subprocess.run(command, env=environment, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))
