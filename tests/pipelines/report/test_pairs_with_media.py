"""Pairs that hold the bytes of their media (`publish.media: in_pairs`) are shown with their texts, without bytes."""

from __future__ import annotations

import json
import posixpath
import shutil
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.explore.api import Dataset, Explorer
from blift.pipelines.explore.query import Database
from blift.pipelines.explore.tables import QueryTable
from blift.pipelines.report.report import report
from blift.pipelines.stages.release.layout import FOLDER, IN_PAIRS
from tests.pipelines.report.made import Row
from tests.pipelines.report.test_report import data
from tests.pipelines.stages.publish.test_media import publishing, released

#: Files of pairs that name their media.
_NAMING = (f"{FOLDER}instructions/llava/", f"{FOLDER}instructions/llava-without-media/")


@pytest.fixture(scope="module")
def in_pairs(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(built[0], tmp_path_factory.mktemp("in-pairs") / "run"))
    released(publishing(folder, "in_pairs"))
    return folder


def pairs_shown(run: Path, out: Path) -> list[Row]:
    report(RunFolder(str(run)), out, released=True)
    files = sorted((out / "data").glob("samples-*.js"))
    return [pair for path in files for sample in data(out, path.stem) for pair in sample["pairs"]]


def test_a_pair_that_is_there_with_and_without_its_media_is_shown_once(in_pairs: Path, tmp_path: Path) -> None:
    shown = pairs_shown(in_pairs, tmp_path / "report")
    assert len({pair["id"] for pair in shown}) == len(shown) == 611
    assert not any(pair["holds_media"] for pair in shown)


def test_a_pair_that_is_there_with_its_media_alone_says_so(in_pairs: Path, tmp_path: Path) -> None:
    run = RunFolder(str(shutil.copytree(in_pairs, tmp_path / "run")))
    manifest = run.require_manifest()
    for record in manifest.stages.values():
        record.shards[:] = [shard for shard in record.shards if not shard.path.startswith(_NAMING)]
    run.write_manifest(manifest)
    shown = pairs_shown(tmp_path / "run", tmp_path / "report")
    assert len(shown) == 90
    for pair in shown:
        assert pair["holds_media"]
        assert pair.keys() & {"image", "video"} == set()
        assert all(turn["value"] for turn in pair["conversations"])


@pytest.mark.parametrize(
    ("config", "texts"), [("instructions", "conversations"), ("chat", "messages"), ("preferences", "prompt")]
)
def test_explore_shows_a_pair_with_the_size_of_its_media(in_pairs: Path, config: str, texts: str) -> None:
    name, place, table = IN_PAIRS[config]
    manifest = RunFolder(str(in_pairs)).require_manifest()
    shards = sorted(shard for shard in manifest.shards if posixpath.dirname(shard.path) == f"{FOLDER}{place}")
    database = Database({name: QueryTable(name, table, shards, str(in_pairs))})
    explorer = Explorer(Dataset("demo", str(in_pairs), database))
    page = explorer.rows({"table": [name]})
    assert page["total"] == database.count(name) > 0
    found = explorer.row({"table": [name], "file": ["0"], "row": ["0"]})
    assert found["kind"] == table
    told = json.dumps(found)
    assert " bytes>" in told
    assert len(told) < 100_000
    assert found["row"][texts]
    database.close()
