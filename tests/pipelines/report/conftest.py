"""Reports of the demo."""

import shutil
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.report.report import report
from tests.pipelines.conftest import run_build
from tests.pipelines.report.made import with_replay, with_rows


@pytest.fixture(scope="session")
def run_with_replay(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the demo, whose decoded films have a replay graph."""
    return with_rows(built[0], tmp_path_factory.mktemp("replay") / "run", with_replay)


@pytest.fixture(scope="session")
def stricter_run(corpus: Path, built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of the demo with a higher threshold of views; the demo's own is the dataset before it."""
    folder = tmp_path_factory.mktemp("stricter")
    shutil.copytree(corpus, folder / "corpus")
    shutil.copytree(built[0], folder / "run")
    recipe = folder / "corpus" / "demo.yaml"
    recipe.write_text(recipe.read_text().replace("views_above: 10000", "views_above: 50000"))
    run_build(recipe, folder / "run")
    return folder / "run"


@pytest.fixture(scope="session")
def page(run_with_replay: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report on it."""
    out = tmp_path_factory.mktemp("page") / "report"
    report(RunFolder(str(run_with_replay)), out)
    return out
