"""`blift explore OWNER/NAME`: a dataset on the Hub is downloaded and looked at like any other."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import HfApi

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.explore.choice import Choice
from blift.pipelines.explore.hub import download
from blift.pipelines.explore.ids import rows_with_id
from blift.pipelines.explore.query import Database
from blift.schemas.errors import InputError, PublishError
from tests.hub_server import TOKEN, HubServer


def upload(hub: HubServer, name: str, folder: Path) -> None:
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)
    api.create_repo(name, repo_type="dataset")
    api.upload_folder(repo_id=name, repo_type="dataset", folder_path=folder)


@pytest.fixture
def published(hub: HubServer, built: tuple[Path, Manifest], tmp_path: Path) -> str:
    """The tables of the demo on the Hub."""
    folder = tmp_path / "data"
    for name in ("samples", "instructions", "rejects"):
        shutil.copytree(built[0] / name, folder / name)
    upload(hub, "owner/demo", folder)
    return "owner/demo"


def test_the_tables_of_a_dataset_of_blift_keep_their_names(published: str, tmp_path: Path) -> None:
    told: list[str] = []
    found = download(published, None, str(tmp_path / "scratch"), told.append)
    assert [re.sub("[0-9]+ Parquet", "N Parquet", said, count=1) for said in told] == [
        f"Downloading N Parquet files of owner/demo at {found.commit[:10]}."
    ]
    assert list(found.tables)[:3] == ["samples", "instructions", "chat"]
    database = Database(found.tables)
    assert database.count("samples") == 109
    assert database.find("rejects", Choice("reason = 'near_duplicate'")).total == 45
    assert rows_with_id(database, "reddit:hv07r", ["samples"], 5)["samples"].total == 1
    database.close()


def test_a_dataset_of_others_is_one_table_for_each_folder(hub: HubServer, tmp_path: Path) -> None:
    for name in ("train.parquet", "more/train.parquet"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"text": ["a", "b"], "n": [1, 2]}), path)
    upload(hub, "owner/other", tmp_path / "data")
    found = download("owner/other", "main", str(tmp_path / "scratch"), print)
    database = Database(found.tables)
    assert {name: database.count(name) for name in found.tables} == {"data": 2, "more": 2}
    assert database.rows("data", database.find("data", Choice("n > 1")).places) == [{"text": "b", "n": 2}]
    database.close()


def test_what_is_not_there_is_a_sentence(hub: HubServer, published: str, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="owner/nothing"):
        download("owner/nothing", None, str(tmp_path / "scratch"), print)
    with pytest.raises(PublishError, match="owner/demo"):
        download(published, "v9.9.9", str(tmp_path / "scratch"), print)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "README.md").write_text("nothing")
    upload(hub, "owner/empty", tmp_path / "empty")
    with pytest.raises(InputError, match=r"owner/empty holds no Parquet files\. Name another revision: owner/empty@"):
        download("owner/empty", "main", str(tmp_path / "scratch"), print)
