"""The page on training: its commands run, and it names every format."""

import re
import shlex
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.export.formats import FORMATS

_PAGE = Path(__file__).parents[2] / "docs" / "train.md"


@pytest.mark.long
def test_the_page_has_one_working_command_for_each_trainer(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = _PAGE.read_text()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLIFT_AUTHOR_KEY", "of the page")
    assert main(["build", str(corpus / "demo.yaml"), "--out", "run", "--quiet"]) == 0
    commands = [shlex.split(line)[1:] for line in re.findall(r"^\$ (blift export .*)$", text, re.MULTILINE)]
    assert [command[3] for command in commands] == list(FORMATS)
    for command in commands:
        assert main(command) == 0
        assert list((tmp_path / command[5]).glob("[tm]r*"))
    rows = re.findall(r"^\| `([a-z-]+)` \| `(?:train|mr_hisum)", text, re.MULTILINE)
    assert rows == list(FORMATS)
