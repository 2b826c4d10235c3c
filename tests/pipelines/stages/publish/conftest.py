"""A Hub on loopback, a run folder to publish, and publishing in this process."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from blift.connectors.hub.client import Hub, Patience
from blift.pipelines.commands.publish import recipe_of
from blift.pipelines.engine.beam_arguments import BeamArguments, beam_arguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, Report, run_unless_done
from blift.pipelines.engine.versions import amend
from blift.pipelines.stages.publish.publish import Result, Wish, publish
from blift.pipelines.stages.release import stage as release
from tests.hub_server import TOKEN, HubServer

REPO = "owner/demo"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub without Xet's storage, and a token for it; contents go the way of LFS."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")  # for processes of workers
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(tmp_path / "hub") as server:
        yield server


@pytest.fixture(scope="session")
def released(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a release; tests that change it copy it first."""
    path = Path(shutil.copytree(built[0], tmp_path_factory.mktemp("released") / "run"))
    folder = RunFolder(str(path))
    source, manifest = recipe_of(folder), folder.read_manifest()
    assert manifest is not None
    place = Place(source, folder, BeamArguments(), partial(amend, folder, source.recipe.card))
    run_unless_done(release.STAGE, release.prepare(Request(source, folder, None, manifest)), manifest, place, Report())
    return path


@pytest.fixture
def run_folder(released: Path, tmp_path: Path) -> Path:
    """A run folder of one's own, with a release."""
    return Path(shutil.copytree(released, tmp_path / "run"))


class Waits:
    """A patience that waits for nothing, and remembers how long it would have waited."""

    def __init__(self, tries: int = 10) -> None:
        self.seconds: list[float] = []
        self.patience = Patience(tries=tries, sleep=self.seconds.append)


@pytest.fixture
def publish_to(hub: HubServer) -> Callable[..., Result]:
    """Publish a run folder to the Hub on loopback."""

    def do(
        folder: Path,
        *,
        waits: Waits | None = None,
        beam: Sequence[str] = (),
        repo: str = REPO,
        report: Report | None = None,
        **wish: object,
    ) -> Result:
        run = RunFolder(str(folder))
        client = Hub(repo, hub.endpoint, (waits or Waits()).patience)
        return publish(recipe_of(run), run, beam_arguments(beam), Wish(repo, **wish), report or Report(), client)  # type: ignore[arg-type]

    return do
