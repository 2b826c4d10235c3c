"""Temporary folders go with their process, also with one that was killed; nothing else is touched."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from blift.pipelines.engine.scratch import new_folder, sweep

_HOLD = """
import sys
from blift.pipelines.engine.ending import scratch
print(scratch(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, of this process and of those that it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def holder(temporary: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process with a temporary folder that holds a file, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    assert folder.parent == temporary
    (folder / "inner").mkdir()
    (folder / "inner" / "file").write_text("left behind")
    yield process, folder
    process.kill()
    process.communicate()


def test_the_folder_of_a_killed_process_is_swept(holder: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = holder
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "inner" / "file").exists()
    sweep()
    assert not folder.exists()


def test_the_folder_of_a_living_process_stays(holder: tuple[subprocess.Popen[str], Path]) -> None:
    _, folder = holder
    sweep()
    assert (folder / "inner" / "file").exists()


def test_a_process_that_ends_takes_its_folder_with_it(holder: tuple[subprocess.Popen[str], Path]) -> None:
    process, folder = holder
    process.communicate()
    assert not folder.exists()


def test_a_later_process_sweeps(holder: tuple[subprocess.Popen[str], Path], temporary: Path) -> None:
    process, folder = holder
    process.kill()
    process.wait()
    subprocess.run([sys.executable, "-c", _HOLD], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    assert not folder.exists()
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["blift-run-short", "blift-run-abcdefghi", "blift-run-ABCDEFGH", "other-abcdefgh"])
def test_other_names_stay(temporary: Path, name: str) -> None:
    (temporary / name).mkdir()
    sweep()
    assert (temporary / name).is_dir()


def test_files_and_links_of_such_a_name_stay(temporary: Path) -> None:
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere" / "kept").touch()
    (temporary / "blift-run-aaaaaaaa").symlink_to(temporary / "elsewhere")
    (temporary / "blift-run-bbbbbbbb").touch()
    os.mkfifo(temporary / "blift-run-cccccccc")
    sweep()
    assert len(list(temporary.iterdir())) == 4
    assert (temporary / "elsewhere" / "kept").exists()


def test_a_folder_of_another_user_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (temporary / "blift-run-aaaaaaaa").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    sweep()
    assert (temporary / "blift-run-aaaaaaaa").is_dir()


def test_a_folder_that_a_sweep_took_is_made_anew(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    make = tempfile.mkdtemp

    def swept_at_once(prefix: str) -> str:
        folder = make(prefix=prefix)
        made.append(folder)
        if len(made) == 1:
            sweep()  # of another process, before the lock is taken
        return folder

    monkeypatch.setattr(tempfile, "mkdtemp", swept_at_once)
    folder = new_folder()
    assert made[-1] == folder
    assert len(made) == 2
    assert [str(path) for path in temporary.iterdir()] == [folder]
    sweep()
    assert Path(folder).is_dir()
