"""The demo corpus, and builds of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from blift.pipelines.build.build import build
from blift.pipelines.demo.corpus import write_corpus
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import load_recipe


class Told:
    """What a build told its caller."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def started(self, stage: str) -> None:
        self.events.append(f"started {stage}")

    def skipped(self, stage: str, record: StageRecord) -> None:
        self.events.append(f"skipped {stage}")

    def done(self, stage: str, record: StageRecord) -> None:
        self.events.append(f"done {stage}")


def run_build(
    recipe: Path,
    out: Path,
    *,
    stages: Sequence[str] | None = None,
    limit: int | None = None,
    beam: Sequence[str] = (),
) -> tuple[Manifest, list[str]]:
    """Build a recipe; the manifest, and what was told."""
    told = Told()
    report = Report(told.started, told.skipped, told.done)
    manifest = build(load_recipe(str(recipe)), RunFolder(str(out)), beam_arguments(beam), stages, limit, report)
    return manifest, told.events


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the demo corpus; tests that change it copy it first."""
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    return folder


@pytest.fixture(scope="session")
def built(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    """The run folder of the demo, and its manifest; tests that change it copy it first."""
    out = tmp_path_factory.mktemp("built")
    manifest, _ = run_build(corpus / "demo.yaml", out)
    return out, manifest
