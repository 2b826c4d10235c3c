"""Operations of a build: a trial, an archive that breaks off, the end of a process by its scheduler."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from backports import zstd

from blift import open_run
from blift.pipelines.cli import main
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.stages.ingest import scope
from tests.months import write_months, write_recipe
from tests.pipelines.conftest import run_build


@pytest.fixture
def months(tmp_path: Path) -> Path:
    folder = tmp_path / "months"
    folder.mkdir()
    write_months(folder)
    return folder


def read(manifest: Manifest) -> dict[str, int]:
    return {row.table: row.rows_in for row in funnel_rows(manifest) if row.step == "read"}


def test_a_trial_reads_few_comments_too_and_says_what_it_counts(
    months: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = months / "RC_01.ndjson"
    one = archive.read_text().splitlines()[0] + "\n"
    archive.write_text(one * 60_000)  # more than a block of 8 MiB
    whole = len(one) * 60_000
    assert whole > 2 * (8 << 20)
    monkeypatch.setattr(scope, "COMMENTS_OF_A_POST", 100)
    manifest, _ = run_build(months / "before.yaml", tmp_path / "run", limit=2)
    assert read(manifest)["reddit post"] == 2
    assert 200 <= read(manifest)["reddit comment"] < 40_000
    assert main(["build", str(months / "before.yaml"), "--out", str(tmp_path / "run"), "--limit", "2"]) == 0
    assert (
        "note: this is a trial: it reads at most 2 posts of each file of posts, 2 files of one post each, and of each "
        "file of comments the blocks with the first 200."
    ) in capsys.readouterr().err


def break_off(archive: Path) -> None:
    """Pack an archive in two frames, and lose the end of the second."""
    lines = archive.read_bytes().splitlines(keepends=True)
    half = len(lines) // 2
    whole, torn = (zstd.compress(b"".join(part)) for part in (lines[:half], lines[half:]))
    archive.write_bytes(whole + torn[:-40])


def test_an_archive_that_breaks_off_is_a_warning_and_fails_a_strict_build(
    months: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = months / "RC_01.ndjson"
    break_off(archive)
    recipe = write_recipe(months / "cut.yaml", "01", rejects={"max_malformed": 0.5})
    command = ["build", str(recipe), "--out", str(tmp_path / "run"), "--quiet"]
    sentence = "1 archive file of reddit comments broke off or could not be unpacked (truncated_file)"
    assert main([*command, "--strict"]) == 3
    said = capsys.readouterr().err
    assert sentence in said
    assert "With --strict that fails the build." in said
    assert main(command) == 0
    assert f"warning: {sentence}" in capsys.readouterr().err
    assert main([*command, "--strict"]) == 3


def test_a_strict_build_says_that_an_archive_breaks_off_before_it_counts_malformed_records(
    months: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    break_off(months / "RC_01.ndjson")
    recipe = write_recipe(months / "cut.yaml", "01", rejects={"max_malformed": 0.0})
    command = ["build", str(recipe), "--out", str(tmp_path / "run"), "--quiet"]
    assert main([*command, "--strict"]) == 3
    assert "With --strict that fails the build." in capsys.readouterr().err
    assert main(command) == 2
    assert "the recipe allows 0.0%" in capsys.readouterr().err


def test_an_update_by_an_archive_that_breaks_off_leaves_the_dataset_before_where_it_is_strict(
    months: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    first, _ = run_build(months / "before.yaml", out)
    archive = months / "RC_02.ndjson"
    break_off(archive)
    recipe = write_recipe(months / "cut.yaml", rejects={"max_malformed": 0.5})
    assert main(["build", str(recipe), "--out", str(out), "--quiet", "--strict"]) == 3
    assert open_run(out).fingerprint == first.fingerprint
    assert main(["verify", str(out)]) == 0


#: A command that gets a signal when a stage of its build is done.
_SIGNALLED = """
import os, sys
sent = int(sys.argv.pop())
from blift.pipelines import cli
from blift.pipelines.commands.progress import Progress
finish = Progress.finish
def finish_and_get_signal(self, stage, record):
    finish(self, stage, record)
    os.kill(os.getpid(), sent)
Progress.finish = finish_and_get_signal
cli.main()
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_scheduler_that_ends_the_process_is_as_ctrl_c(months: Path, tmp_path: Path, sent: signal.Signals) -> None:
    out = tmp_path / "run"
    first, _ = run_build(months / "before.yaml", out)
    recipe = str(months / "after.yaml")
    command = [sys.executable, "-P", "-c", _SIGNALLED, "build", recipe, "--out", str(out), str(int(sent))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert "Interrupted. Finished stages are kept: run the same command again to go on." in done.stderr
    assert open_run(out).fingerprint == first.fingerprint
    _, told = run_build(months / "after.yaml", out)
    assert told[0] == "skipped ingest"
