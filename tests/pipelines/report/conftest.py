"""Reports of the demo."""

import shutil
from functools import partial
from pathlib import Path

import pytest

from blift.pipelines.commands.publish import recipe_of
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, run_unless_done
from blift.pipelines.engine.stage_run import Report as EngineReport
from blift.pipelines.engine.versions import amend
from blift.pipelines.report.report import report
from blift.pipelines.stages.release import stage as release
from tests.conftest import made_once
from tests.pipelines.conftest import Told, run_build
from tests.pipelines.report.made import with_personal_data, with_replay, with_rows


@pytest.fixture(scope="session")
def run_with_replay(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the demo, whose decoded films have a replay graph."""
    return with_rows(built[0], tmp_path_factory.mktemp("replay") / "run", with_replay)


@pytest.fixture(scope="session")
def stricter_run(corpus: Path, built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the demo with a higher threshold of views; the demo's own is the dataset before it."""

    def make(folder: Path) -> None:
        shutil.copytree(corpus, folder / "corpus")
        shutil.copytree(built[0], folder / "run")
        recipe = folder / "corpus" / "demo.yaml"
        recipe.write_text(recipe.read_text().replace("views_above: 10000", "views_above: 50000"))
        run_build(recipe, folder / "run")

    return made_once(tmp_path_factory, "stricter", make) / "run"


@pytest.fixture(scope="session")
def released_run(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose titles name persons and ways to reach them, with its release."""
    path = with_rows(built[0], tmp_path_factory.mktemp("released") / "run", with_personal_data)
    folder = RunFolder(str(path))
    source, manifest = recipe_of(folder), folder.require_manifest()
    place = Place(source, folder, BeamArguments(), partial(amend, folder, source.recipe.card))
    told = Told()
    told_to = EngineReport(told.started, told.skipped, told.done)
    run_unless_done(release.STAGE, release.prepare(Request(source, folder, None, manifest)), manifest, place, told_to)
    return path


@pytest.fixture(scope="session")
def page(run_with_replay: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on it."""
    out = tmp_path_factory.mktemp("page") / "report"
    report(RunFolder(str(run_with_replay)), out)
    return out
