"""The page on looking at a dataset: its commands run."""

import shutil
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import Manifest
from tests.docs.test_commands import commands

_PAGE = Path(__file__).parents[2] / "docs" / "inspect.md"


def test_the_commands_of_the_page_print_rows_of_the_demo(
    built: tuple[Path, Manifest],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built[0], "run")
    steps = [step for step in commands(_PAGE) if step[:2] in (["blift", "inspect"], ["blift", "explain"])]
    assert len(steps) == 11
    capsys.readouterr()
    for step in steps:
        assert main(step[1:]) == 0
        assert len(capsys.readouterr().out.splitlines()) > 1
