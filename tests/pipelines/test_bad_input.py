"""What a person can get wrong: one clear sentence and exit code 2, or a reject; and a rerun that completes."""

import errno
import gzip
import shutil
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from benchmarks.months import Size, write_month, write_recipe
from blift.connectors import parquet
from blift.pipelines.cli import main, user_error_in
from blift.pipelines.commands.show import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from tests.pipelines.conftest import run_build


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The recipe of a small month with pictures, and the fingerprint of its dataset."""
    folder = tmp_path_factory.mktemp("month")
    write_month(folder, 1, Size(posts=4, comments=8))
    recipe = write_recipe(folder, media={"files": ["media/**/*.jpg"]})
    return recipe, run_build(recipe, folder / "whole")[0].fingerprint


def fails(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which must fail as a user's mistake; what it says."""
    assert main(list(arguments)) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def changed_recipe(corpus: Path, tmp_path: Path, old: str, new: str) -> str:
    text = (corpus / "demo.yaml").read_text()
    assert old in text
    path = corpus / f"{tmp_path.name}.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


def test_missing_recipe_names_a_near_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    said = fails(capsys, "build", str(tmp_path / "dmo.yaml"), "--out", str(tmp_path / "out"))
    assert "did you mean 'demo.yaml'?" in said


def test_glob_without_match(corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recipe = changed_recipe(corpus, tmp_path, "reddit/RC_*", "reddit/RX_*")
    said = fails(capsys, "build", recipe, "--out", str(tmp_path / "out"))
    assert "RX_*" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("min_words: 3", "min_wrods: 3", "unknown key `curate.reddit.comments.min_wrods`, did you mean 'min_words'?"),
        ("min_words: 3", "min_words: many", "`curate.reddit.comments.min_words` is 'many'"),
        ("near_duplicates: 0.6", "near_duplicates: 6", "`curate.reddit.choose.near_duplicates` is 6"),
        ("name: demo\n", "", "the key `name` is missing"),
        ("sources:", "sources: {]\n#", "not valid YAML"),
        ("channels: channels.txt", "channels: chanels.txt", "chanels.txt"),
        ("nsfw_words: builtin", "nsfw_words: words.txt", "words.txt"),
        ("posted_before: 2022-02-01", "posted_before: soon", "posted_before"),
        ("[full, ", "[ful, ", "ful"),
    ],
)
def test_a_wrong_recipe_says_line_key_and_what_to_do(
    corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, old: str, new: str, expected: str
) -> None:
    recipe = changed_recipe(corpus, tmp_path, old, new)
    said = fails(capsys, "build", recipe, "--out", str(tmp_path / "out"))
    assert expected in said


def test_wrong_flag_and_wrong_stage(corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    recipe, out = str(corpus / "demo.yaml"), str(tmp_path / "out")
    assert "did you mean '--limit'?" in fails(capsys, "build", recipe, "--out", out, "--limt", "3")
    assert "did you mean 'curate'?" in fails(capsys, "build", recipe, "--out", out, "--stages", "curat")
    assert "it must be 1 or more" in fails(capsys, "build", recipe, "--out", out, "--limit", "0")
    assert "The stage ingest has not run" in fails(capsys, "build", recipe, "--out", out, "--stages", "curate")


def test_an_output_folder_with_other_files_is_left_alone(
    corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    said = fails(capsys, "build", str(corpus / "demo.yaml"), "--out", str(tmp_path))
    assert "'thesis.txt'" in said
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_inspect_and_verify_of_an_empty_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "it is no run folder" in fails(capsys, "inspect", str(tmp_path))
    assert "it is no run folder" in fails(capsys, "verify", str(tmp_path))


def test_verify_names_what_changed(
    built: tuple[Path, Manifest], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, _ = built
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    assert main(["verify", str(out)]) == 0
    victim = next((out / "samples").glob("*.parquet"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    capsys.readouterr()
    assert main(["verify", str(out)]) == 1
    assert f"samples/{victim.name} has changed" in capsys.readouterr().out


def test_too_many_malformed_records_stop_the_run(
    corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    recipe = changed_recipe(corpus, tmp_path, "max_malformed: 0.2", "max_malformed: 0.0001")
    said = fails(capsys, "build", recipe, "--out", str(tmp_path / "out"))
    assert "records could not be read, and the recipe allows 0.0%" in said


def test_an_empty_archive_is_no_error(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "corpus"
    shutil.copytree(corpus, other)
    for path in (other / "reddit").iterdir():
        path.write_bytes(gzip.compress(b"") if path.name.endswith("gz") else b"")
    manifest, _ = run_build(other / "demo.yaml", tmp_path / "out")
    read = {row.table: row.rows_in for row in funnel_rows(manifest) if row.step == "read"}
    assert read.get("reddit post", 0) == 0
    assert read["youtube post"] > 0


def test_a_full_disk_is_one_sentence_and_a_rerun_completes(
    month: tuple[Path, str],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (recipe, fingerprint), out = month, tmp_path / "out"
    create = parquet.open_to_write

    def full(path: str) -> BinaryIO:
        if "samples" in path:
            raise OSError(errno.ENOSPC, "No space left on device")
        return create(path)

    monkeypatch.setattr(parquet, "open_to_write", full)
    said = fails(capsys, "build", str(recipe), "--out", str(out))
    assert "the disk is full" in said
    monkeypatch.undo()
    manifest, told = run_build(recipe, out)
    assert told[0] == "skipped ingest"
    assert manifest.fingerprint == fingerprint


#: The command, which presses Ctrl-C itself when it opens the n-th file to write in a folder, and does not go on there.
_PRESSED = """
import os, signal, sys, threading
from blift.connectors import parquet
from blift.pipelines.cli import main
part, left, create = sys.argv[1], int(sys.argv[2]), parquet.open_to_write
def pressed(path):
    global left
    if part in path:
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait()
    return create(path)
parquet.open_to_write = pressed
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize(("part", "files"), [("/posts/", 2), ("/store/", 3)], ids=["ingest", "media"])
def test_ctrl_c_in_the_middle_and_a_rerun_equals_an_undisturbed_run(
    part: str, files: int, month: tuple[Path, str], tmp_path: Path
) -> None:
    (recipe, fingerprint), out = month, tmp_path / "out"
    build = ["build", str(recipe), "--out", str(out)]
    command = [sys.executable, "-c", _PRESSED, part, str(files), *build]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert ended.returncode == 130, ended.stderr
    assert "run the same command again" in ended.stderr
    assert "Traceback" not in ended.stderr
    manifest, _ = run_build(recipe, out)
    assert manifest.fingerprint == fingerprint
    assert not list(out.rglob("*.partial"))


def test_two_builds_in_one_folder(corpus: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with RunFolder(str(out)).locked():
        said = fails(capsys, "build", str(corpus / "demo.yaml"), "--out", str(out))
    assert "Another build is writing" in said


def test_a_users_mistake_is_found_in_what_a_runner_passes_on() -> None:
    text = (
        'RuntimeError: Traceback (most recent call last):\n  File "x", line 1, in process\n'
        "blift.schemas.errors.OutputError: Cannot write x: the disk is full. "
        "[while running 'Write posts/ParDo(_WriteLatest)']\n"
    )
    assert user_error_in(text) == "Cannot write x: the disk is full."
    assert user_error_in("ValueError: something else") is None
