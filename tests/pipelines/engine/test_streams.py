"""Outputs that are closed, full or read by nobody: every command ends with its own code, and without a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest

BLIFT = (sys.executable, "-m", "blift.pipelines.cli")
#: Ways to start a command by a shell, with its code in the end; and whether what it prints is lost for a fault.
ENDINGS = {
    "output closed": ("{} >&-", False),
    "errors closed": ("{} 2>&- >/dev/null", False),
    "all closed": ("{} <&- >&- 2>&-", False),
    "output full": ("{} >/dev/full", True),
    "errors full": ("{} 2>/dev/full >/dev/null", False),
    "reader gone": ("( {}; echo $? >&3 ) 3>code | true; exit $(cat code)", False),
    "reader had enough": ("( {}; echo $? >&3 ) 3>code | head -1 >/dev/null; exit $(cat code)", False),
}


def shell(line: str, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.run(
        ["/bin/sh", "-c", line, *more], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def quoted(arguments: Sequence[str | Path]) -> str:
    return " ".join(f"'{part}'" for part in [*BLIFT, *arguments])


@pytest.fixture(scope="module")
def changed(built: tuple[Path, Manifest], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of which `verify` says that it differs."""
    folder = tmp_path_factory.mktemp("changed")
    (folder / "manifest.json").write_bytes((built[0] / "manifest.json").read_bytes())
    return folder


@pytest.mark.parametrize(
    ("command", "ending"),
    [
        *((command, ending) for command in ("inspect", "differs", "mistake") for ending in ENDINGS),
        ("usage", "all closed"),
        ("help", "output full"),
        ("long", "reader had enough"),
    ],
)
def test_a_command_ends_with_its_code_whatever_its_output_is(
    command: str, ending: str, built: tuple[Path, Manifest], changed: Path, tmp_path: Path
) -> None:
    arguments, code = {
        "inspect": (["inspect", built[0]], 0),
        "differs": (["verify", changed], 1),
        "mistake": (["inspect", "nothere"], 2),
        "usage": (["frob"], 2),
        "help": (["build", "--help"], 0),
        "long": (["recipe", "docs"], 0),
    }[command]
    line, lossy = ENDINGS[ending]
    done = shell(line.format(quoted(arguments)), tmp_path)
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    lost = lossy and code == 0
    assert done.returncode == (2 if lost else code)
    if lost:
        assert done.stderr == "blift: Cannot write the output: No space left on device.\n"


def test_a_closed_descriptor_is_not_given_to_a_file(tmp_path: Path) -> None:
    code = (
        "import os, sys; from blift.pipelines.engine.ending import run_as_process\n"
        "def command():\n"
        "    with open('data', 'wb') as file:\n"
        "        os.write(1, b'of a library')\n"
        "        return file.fileno() - 3\n"
        "sys.exit(run_as_process(command))"
    )
    done = shell('exec "$0" -c "$1" >&- <&-', tmp_path, sys.executable, code)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "data").read_bytes() == b""


def test_the_interpreter_is_not_taken_down_and_what_others_registered_runs(tmp_path: Path) -> None:
    code = (
        "import atexit, sys; from blift.pipelines.engine.ending import run_as_process\n"
        "class Kept:\n"
        "    def __del__(self): print('taken down')\n"
        "kept = [Kept()]; kept.append(kept)\n"
        "def command():\n"
        "    atexit.register(lambda: print('registered'))\n"
        "    print('said')\n"
        "    return 7\n"
        "sys.exit(run_as_process(command))"
    )
    done = shell('exec "$0" -c "$1"', tmp_path, sys.executable, code)
    assert (done.returncode, done.stdout, done.stderr) == (7, "said\nregistered\n", "")


def test_a_fault_still_shows_where_it_is(tmp_path: Path) -> None:
    code = "from blift.pipelines.engine.ending import run_as_process; run_as_process(lambda: 1 // 0)"
    done = shell('exec "$0" -c "$1"', tmp_path, sys.executable, code)
    assert done.returncode == 70
    assert "ZeroDivisionError" in done.stderr


def test_what_an_encoding_lacks_is_escaped(tmp_path: Path) -> None:
    code = "from blift.pipelines.engine.ending import run_as_process; run_as_process(lambda: print('ü漢') or 0)"
    done = shell('PYTHONIOENCODING=latin-1 PYTHONUTF8=0 exec "$0" -c "$1" | od -An -c', tmp_path, sys.executable, code)
    assert done.stdout.split() == ["374", "\\", "u", "6", "f", "2", "2", "\\n"]
