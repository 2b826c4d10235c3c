"""A job that nobody waited for: its account is taken into the manifest, once, and only where it fits."""

import json
from pathlib import Path

import pytest

from blift.pipelines.build.build import build
from blift.pipelines.cli import main
from blift.pipelines.engine import pipeline as stage
from blift.pipelines.engine import run_report as accounts
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.build.stages import stages_of
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import OutputError
from tests.pipelines.conftest import Told


def step(recipe: Path, out: Path, *, detach: bool = True) -> tuple[Manifest, list[str]]:
    """One call of the build; the manifest and what was told."""
    told = Told()
    report = Report(told.started, told.skipped, told.done, lambda name: told.events.append(f"submitted {name}"))
    folder, beam = RunFolder(str(out)), BeamArguments()
    manifest = build(load_recipe(str(recipe)), folder, beam, None, None, report, detach=detach)
    return manifest, told.events


def test_every_call_takes_over_the_finished_job_and_hands_on_the_next_stage(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    stages = stages_of(load_recipe(str(recipe)).recipe)
    for place, name in enumerate(stages):
        manifest, events = step(recipe, out)
        done = [f"done {stages[place - 1]}"] if place else []
        skipped = [f"skipped {earlier}" for earlier in stages[: max(0, place - 1)]]
        assert events == [*skipped, *done, f"started {name}", f"submitted {name}"]
        assert list(manifest.stages) == stages[:place]
    manifest, events = step(recipe, out)
    assert events[-1] == f"done {stages[-1]}"
    assert manifest.fingerprint == built[1].fingerprint
    assert all(record.seconds > 0 for record in manifest.stages.values())
    assert not list(out.glob(".account*"))


def test_the_job_of_a_driver_that_died_is_not_run_again(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    step(recipe, out)
    manifest, events = step(recipe, out, detach=False)
    assert "started collect" not in events
    assert manifest.fingerprint == built[1].fingerprint


def test_a_job_of_other_inputs_is_run_again(corpus: Path, tmp_path: Path) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    step(recipe, out)
    account = out / ".account-collect.json"
    lines = [json.loads(line) for line in account.read_text().splitlines()]
    start = next(line for line in lines if line[0] == "start")
    start[1] = "0" * 64
    account.write_text("\n".join(json.dumps(line) for line in lines))
    assert step(recipe, out)[1] == ["started collect", "submitted collect"]


def test_a_job_whose_files_are_gone_is_run_again(corpus: Path, tmp_path: Path) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    step(recipe, out)
    next((out / "posts").glob("*.parquet")).unlink()
    assert step(recipe, out)[1] == ["started collect", "submitted collect"]


def test_the_command_says_what_to_do_next(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["build", str(corpus / "demo.yaml"), "--out", str(tmp_path / "out"), "--detach"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "collect   handed to the runner; when its job is done, run this again" in said.err
    assert "fingerprint" not in said.out


def test_a_worker_with_another_version_of_a_library_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    of_driver = accounts.library_versions()
    monkeypatch.setattr(accounts, "version", lambda name: "0.1" if name == "polars" else of_driver[name])
    with pytest.raises(OutputError, match=rf"The workers have polars 0\.1 instead of {of_driver['polars']}, so"):
        stage._start_line("fingerprint", 0.0, of_driver)
