"""Builds and what they tell, the browser that shows pages of them, and a Hub on loopback."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from apache_beam.transforms import core

from blift.pipelines.build.build import build
from blift.pipelines.engine.beam_arguments import beam_arguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.pipelines.engine.stage import Prepared
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import load_recipe
from tests.conftest import made_once
from tests.hub_server import TOKEN, HubServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session", autouse=True)
def signatures_are_read_once() -> Iterator[None]:
    """Beam reads the signatures of all methods of a step ten times a stage (a seventh of a small build); here once."""
    read, kept = core.get_function_arguments, dict[object, Any]()

    def once(step: object, name: str) -> Any:
        function = getattr(getattr(step, name), "__func__", None)
        if function is None or isinstance(step, core.CallableWrapperDoFn):  # the latter stands for another function
            return read(step, name)
        if function not in kept:
            kept[function] = read(step, name)
        return kept[function]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "get_function_arguments", once)
        yield


class Told:
    """What a build told its caller."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def started(self, stage: str, _: Prepared) -> None:
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
def by_month(built: tuple[Path, Manifest], corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `run`, the demo with `output.partition_by: month`, and `corpus`, whose `by-month.yaml` it is of.

    The run was updated from the demo without partitions, which it keeps. Tests that change it copy it first.
    """

    def make(folder: Path) -> None:
        shutil.copytree(built[0], folder / "run")
        own = Path(shutil.copytree(corpus, folder / "corpus"))
        text = (own / "demo.yaml").read_text()
        (own / "by-month.yaml").write_text(text.replace("output: {", "output: {partition_by: month, "))
        _, events = run_build(own / "by-month.yaml", folder / "run")
        assert events == [
            "skipped ingest",
            "skipped media",
            *(f"{what} {stage}" for stage in ("curate", "instruct", "prefer") for what in ("started", "done")),
        ]

    return made_once(tmp_path_factory, "demo-by-month", make)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser that BLIFT_CHROMIUM names, or one on the path; one for all, since Playwright runs once a process."""
    found = os.environ.get("BLIFT_CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if not found:
        pytest.skip("there is no Chromium here; install one, or set BLIFT_CHROMIUM to its path")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and few tests need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    """A Hub on loopback, which the environment names, without Xet's storage; and a token for it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer(tmp_path / "hub") as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        yield server
