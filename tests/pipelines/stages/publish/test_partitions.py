"""A dataset with folders of months is published with them, and read as any other."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import blift
from blift.connectors.shard import month_of, table_folder
from blift.pipelines.cli import main
from blift.pipelines.explore.hub import download
from blift.pipelines.stages.publish.publish import Result
from blift.pipelines.stages.release.layout import FOLDER
from tests.hub_server import HubServer
from tests.pipelines.conftest import run_build
from tests.pipelines.stages.publish.conftest import REPO


@pytest.mark.long
def test_a_published_dataset_has_the_folders_of_months(
    hub: HubServer,
    publish_to: Callable[..., Result],
    by_month: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Path(shutil.copytree(by_month / "run", tmp_path / "run"))
    publish_to(run)
    tree = hub.state.repos[REPO].resolve("main").tree
    released = {path.removeprefix(FOLDER) for path in blift.open_run(run).datasets if path.startswith(FOLDER)}
    months = {path for path in tree if month_of(path)}
    assert {table_folder(path) for path in months} == {
        folder for folder in released if folder in ("samples", "blift") or folder.startswith("instructions/")
    }
    samples = {path for path in months if path.startswith("samples/")}
    assert {path.replace("samples", "blift") for path in samples} == {
        path for path in months if path.startswith("blift/")
    }
    card = tree["README.md"].content.decode()
    configs = {each["config_name"]: each["data_files"] for each in yaml.safe_load(card.split("---\n")[1])["configs"]}
    assert configs["samples"] == [{"split": "train", "path": "samples/*/*.parquet"}]
    assert {"split": "train", "path": "instructions/llava/*/train-*.parquet"} in configs["instructions"]
    assert configs["media"] == [{"split": "train", "path": "media/*.parquet"}]
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    tables = download(REPO, None, str(tmp_path / "scratch"), print).tables
    assert len(tables["samples"].shards) == len(samples)
    # Back without partitions: no file of a month is left, once the dataset before is gone.
    run_build(by_month / "corpus" / "demo.yaml", run)
    publish_to(run)
    assert not any(month_of(path) for path in hub.state.repos[REPO].resolve("main").tree)
    assert main(["clean", str(run)]) == 0
    assert not list((run / "release").rglob("month=*"))
