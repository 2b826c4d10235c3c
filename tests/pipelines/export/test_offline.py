"""Every row of every export opens with the network cut: from the folder, streamed, and from a Hub on loopback."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.export.export import export
from blift.pipelines.export.formats import FORMATS
from blift.pipelines.export.source import PAIRS
from tests.hub_server import TOKEN, HubServer

_OF_MEDIA = [name for name, each in FORMATS.items() if each.shows]
_READER = Path(__file__).with_name("reader.py")


@pytest.fixture(scope="module", params=["demo", pytest.param("real", marks=[pytest.mark.shared, pytest.mark.long])])
def exports(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A folder with an export for each trainer, and the number of their rows: of the demo, and of real data."""
    if request.param == "demo":
        built: tuple[Path, Manifest] = request.getfixturevalue("built")
        run = built[0]
    else:
        run = request.getfixturevalue("real_run")
    folder = tmp_path_factory.mktemp("exports")
    # No two comments on one of the real posts that have a file are a preference.
    names = [name for name in _OF_MEDIA if request.param == "demo" or FORMATS[name].source is PAIRS]
    rows = {name: export(RunFolder(str(run)), FORMATS[name], folder / name).rows.total() for name in names}
    return folder, rows


def opened(base: str, name: str, scratch: Path, port: int | None = None) -> tuple[int, int]:
    """How many rows and files of an export a process without a network opened, as a whole and streamed."""
    command = [sys.executable, "-W", "ignore", str(_READER), base, FORMATS[name].layout.value]
    env = {**os.environ, "HF_HOME": str(scratch / "hf"), "HF_HUB_DISABLE_XET": "1"}
    env |= {"HF_ENDPOINT": f"http://127.0.0.1:{port}"} if port else {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [*command, *([str(port)] if port else [])], env=env, check=False, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    whole, streamed = json.loads(done.stdout)
    assert whole == streamed
    rows, files = whole
    return rows, files


@pytest.mark.parametrize("name", _OF_MEDIA)
def test_every_row_opens_from_the_folder_and_streamed(
    exports: tuple[Path, dict[str, int]], tmp_path: Path, name: str
) -> None:
    folder, rows = exports
    if name not in rows:
        pytest.skip("no preference of the real data names a file")
    found, files = opened(str(folder / name), name, tmp_path)
    assert files >= found == rows[name] > 0


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with HubServer(tmp_path / "hub") as server:
        yield server


@pytest.mark.parametrize("name", _OF_MEDIA)
def test_every_row_opens_from_the_hub(
    exports: tuple[Path, dict[str, int]], hub: HubServer, tmp_path: Path, name: str
) -> None:
    folder, rows = exports
    if name not in rows:
        pytest.skip("no preference of the real data names a file")
    api = HfApi(endpoint=hub.endpoint, token=TOKEN)
    api.create_repo(f"owner/{name}", repo_type="dataset")
    api.upload_folder(repo_id=f"owner/{name}", repo_type="dataset", folder_path=folder / name)
    assert opened(f"hf://datasets/owner/{name}", name, tmp_path, hub.port)[0] == rows[name]
