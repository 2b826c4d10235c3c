"""A job that nobody waited for: its account is taken into the manifest, once, and only where it fits."""

import json
import os
import shutil
from pathlib import Path

import pytest

from blift.pipelines.build.build import build
from blift.pipelines.build.stages import stages_of
from blift.pipelines.cli import main
from blift.pipelines.engine import pipeline as stage
from blift.pipelines.engine import run_report as accounts
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import MANIFEST, Manifest, RunFolder
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
    assert "started ingest" not in events
    assert manifest.fingerprint == built[1].fingerprint


def test_a_job_of_other_inputs_is_run_again(corpus: Path, tmp_path: Path) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    step(recipe, out)
    account = out / ".account-ingest.json"
    lines = [json.loads(line) for line in account.read_text().splitlines()]
    start = next(line for line in lines if line[0] == "start")
    start[1] = "0" * 64
    account.write_text("\n".join(json.dumps(line) for line in lines))
    assert step(recipe, out)[1] == ["started ingest", "submitted ingest"]


def test_a_job_whose_files_are_gone_is_run_again(corpus: Path, tmp_path: Path) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    step(recipe, out)
    next((out / "posts").glob("*.parquet")).unlink()
    assert step(recipe, out)[1] == ["started ingest", "submitted ingest"]


def test_the_command_says_what_to_do_next(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["build", str(corpus / "demo.yaml"), "--out", str(tmp_path / "out"), "--detach"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert "ingest    handed to the runner; when its job is done, run this again" in said.err
    assert "fingerprint" not in said.out


def test_a_worker_with_another_version_of_a_library_fails_the_job() -> None:
    here = accounts.library_versions()
    with pytest.raises(OutputError, match=rf"The workers have polars {here['polars']} instead of 0\.1, so"):
        stage._start_line("fingerprint", 0.0, {**here, "polars": "0.1"})


_LINES = [
    ["start", "of this job", 1.5],
    ["tally", ["collect", "post", 0, "read", "in", ""], 3],
    ["shard", {"path": "posts/posts-00000-of-00001.parquet", "rows": 3, "size_bytes": 9, "sha256": "ab" * 32}],
    ["note", "a subtitle is broken"],
    ["finding", "personal data", 2],
]


def report(folder: Path, content: bytes) -> accounts.StageResult | None:
    """What is read of a run report."""
    (folder / ".account-collect.json").write_bytes(content)
    return accounts.read_account("collect", RunFolder(str(folder)), "of this job")


def test_a_run_report_says_what_its_lines_say(tmp_path: Path) -> None:
    found = report(tmp_path, "\n".join(map(json.dumps, _LINES)).encode())
    assert found is not None
    assert [shard.path for shard in found.shards] == ["posts/posts-00000-of-00001.parquet"]
    assert found.counts == {("collect", "post", 0, "read", "in", ""): 3}
    assert (found.notes, found.findings) == (["a subtitle is broken"], {"personal data": 2})


@pytest.mark.parametrize(
    "damage",
    [
        b"garbage",
        b"\xff\xfe",
        b"\0" * 100,
        b"[" * 100_000,
        b"[]",
        b"{}",
        b"null",
        b'["shard", 3]',
        b'["shard", {"path": "posts/a.parquet", "lines": 3}]',
        b'["shard", {"path": "posts/a.parquet", "rows": "3", "size_bytes": 9, "sha256": "' + b"ab" * 32 + b'"}]',
        b'["shard", {"path": "posts/a.parquet", "rows": -3, "size_bytes": 9, "sha256": "' + b"ab" * 32 + b'"}]',
        b'["shard", {"path": "posts/a.parquet", "rows": 3, "size_bytes": 9, "sha256": "a"}]',
        b'["shard", {"path": "../a.parquet", "rows": 3, "size_bytes": 9, "sha256": "' + b"ab" * 32 + b'"}]',
        b'["shard", {"path": "/etc/shadow", "rows": 3, "size_bytes": 9, "sha256": "' + b"ab" * 32 + b'"}]',
        b'["tally", [], 3]',
        b'["tally", ["collect", "post", 0, "read", "in", ""], 1e999]',
        b'["finding", 3, "what"]',
        b'["start", null, 0]',
        b'["start", "of this job", "yesterday"]',
        b'["else", 3]',
    ],
)
def test_a_damaged_run_report_is_none(tmp_path: Path, damage: bytes) -> None:
    assert report(tmp_path, "\n".join(map(json.dumps, _LINES)).encode() + b"\n" + damage) is None


def test_a_stage_whose_run_report_is_damaged_runs_again(
    corpus: Path, built: tuple[Path, Manifest], tmp_path: Path
) -> None:
    recipe, out = corpus / "demo.yaml", tmp_path / "out"
    shutil.copytree(built[0], out)
    content = json.loads((out / MANIFEST).read_text())
    content["stages"].pop("instruct")
    (out / MANIFEST).write_text(json.dumps(content))
    (out / ".account-instruct.json").write_bytes(b"garbage\n")
    manifest, events = step(recipe, out, detach=False)
    assert events[-3:] == ["started instruct", "done instruct", "skipped prefer"]
    assert manifest.fingerprint == built[1].fingerprint


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_run_report_that_is_no_plain_file_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ".account-collect.json"
    match kind:
        case "link":
            (tmp_path / "elsewhere").write_text("\n".join(map(json.dumps, _LINES)))
            path.symlink_to("elsewhere")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()
    assert accounts.read_account("collect", RunFolder(str(tmp_path)), "of this job") is None
