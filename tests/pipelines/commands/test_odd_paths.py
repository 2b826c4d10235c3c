"""Whatever lies where a command expects a file or a folder: it is refused with a sentence, and nothing waits for it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blift.pipelines import cli

RECIPE = "name: mine\nsources: {reddit: {submissions: [RS.ndjson], comments: [RC.ndjson]}}\n"
TAKEN = ("pipe", "zero", "loop", "socket", "ok.yaml/x", "x" * 300, "/dev/zero", "")
FILES = (*TAKEN, "nothing/x", "a\x1b[31mb")
#: Folders in which such things have the names of files that are read.
FOLDERS = ("of pipes", "of devices", "of folders", "of loops")
NAMES = ("manifest.json", "recipe.yaml", "x.parquet", "post-1.0.0.json", "fetch.sqlite", "state.sqlite")

OF_FILES = {
    "build": ["build", "{}", "--out", "out"],
    "recipe check": ["recipe", "check", "{}"],
    "recipe show": ["recipe", "show", "{}"],
    "template check": ["template", "check", "{}"],
    "template show": ["template", "show", "{}"],
    "fetch": ["fetch", "{}"],
    "schema check --config": ["schema", "check", "--config", "{}"],
    "schema check --schema": ["schema", "check", "--schema", "{}"],
    "schema diff": ["schema", "diff", "{}", "code"],
}
OF_NEW_FOLDERS = {
    "build --out": ["build", "ok.yaml", "--out", "{}", "--quiet"],
    "demo": ["demo", "{}"],
}
OF_FOLDERS = {
    "fetch status": ["fetch", "status", "{}"],
    "inspect": ["inspect", "{}"],
    "verify": ["verify", "{}"],
    "diff": ["diff", "{}", "{}"],
    "migrate": ["migrate", "{}", "--out", "other"],
    "publish": ["publish", "{}", "--dry-run", "--repo", "owner/name"],
    "schema check --against": ["schema", "check", "--against", "{}"],
    "schema diff": ["schema", "diff", "{}", "code"],
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("odd")
    with pytest.MonkeyPatch.context() as patch, socket.socket(socket.AF_UNIX) as listening:
        patch.chdir(folder)
        listening.bind("socket")
        os.mkfifo("pipe")
        Path("zero").symlink_to("/dev/zero")
        Path("loop").symlink_to("loop")
        Path("ok.yaml").write_text(RECIPE)
        for name in ("RS.ndjson", "RC.ndjson"):
            Path(name).write_text("{}\n")
        for name in FOLDERS:
            Path(name).mkdir()
        for name in NAMES:
            os.mkfifo(Path("of pipes", name))
            Path("of devices", name).symlink_to("/dev/zero")
            Path("of folders", name).mkdir()
            Path("of loops", name).symlink_to(name)
        yield folder


def _end(code: int, sentence: str = "") -> int:
    """In place of the end of this process."""
    sys.stderr.write(f"{sentence}\n")
    return code


def told(arguments: list[str], odd: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """What a command does, and says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(odd)
        patch.setenv("HF_TOKEN", "hf_none")
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setattr(cli, "leave", _end)
        try:
            code = cli.main(arguments)
        except SystemExit as error:
            code = int(str(error.code))
    return code, capsys.readouterr().err


def is_refused(arguments: list[str], odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(arguments, odd, capsys)
    assert code == 2, (arguments, said)
    assert said.startswith(("blift: ", "usage: ")), (arguments, said)
    assert all(line.isprintable() for line in said.split("\n")), (arguments, said)


@pytest.mark.parametrize("command", OF_FILES.values(), ids=OF_FILES)
def test_a_file(command: list[str], odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FILES:
        is_refused([part.format(name) for part in command], odd, capsys)


@pytest.mark.parametrize("command", OF_NEW_FOLDERS.values(), ids=OF_NEW_FOLDERS)
def test_a_new_folder(command: list[str], odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in TAKEN:
        is_refused([part.format(name) for part in command], odd, capsys)


@pytest.mark.parametrize("command", OF_FOLDERS.values(), ids=OF_FOLDERS)
def test_a_folder(command: list[str], odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FILES + FOLDERS:
        is_refused([part.format(name) for part in command], odd, capsys)


def test_files_that_are_validated(odd: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in FILES:
        is_refused(["schema", "validate", name], odd, capsys)
    for name in FOLDERS:
        assert told(["schema", "validate", name], odd, capsys) == (1, "")  # a file that cannot be read is a finding
