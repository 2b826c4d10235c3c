"""An export or a report that is killed is not taken for a whole one; the same command again makes the whole one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.export.mix import ABOUT
from tests.kill.killed import Command, spread
from tests.kill.test_killed import kills, names, nearly_all_were_killed

_COMMANDS = {"export": ["export", "--to", "llava"], "report": ["report"]}


def command(name: str, run: Path, out: Path) -> Command:
    """An export of pairs with their files, or a report."""
    return Command([*_COMMANDS[name], str(run), "--out", str(out), "--quiet"], out, {})


def content(out: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {name: (out / name).read_bytes() for name in names(out)}


def is_taken_for_whole(name: str, out: Path) -> bool:
    """Whether an export says that it is complete, or a report has a page to open."""
    if name == "report":
        return (out / "index.html").exists()
    return (out / ABOUT).exists() and bool(json.loads((out / ABOUT).read_bytes())["complete"])


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in _COMMANDS])
@pytest.mark.parametrize("over", [False, True], ids=["new", "over another"])
@pytest.mark.parametrize(("planned", "without_power"), kills("folder"))
def test_a_folder_of_files(
    built: tuple[Path, Manifest], tmp_path: Path, name: str, over: bool, planned: int, without_power: bool
) -> None:
    run, whole = built[0], tmp_path / "whole"
    for _ in range(1 + over):  # a second one finds its files, and changes less
        assert command(name, run, whole).run(tmp_path / "counts") == 0
    killed = 0
    for number, at in enumerate(spread(tmp_path / "counts", planned)):
        out = tmp_path / f"out{number}"
        again = command(name, run, out)
        if over:
            assert again.run(tmp_path / f"counts{number}") == 0
        was_killed = again.is_killed(tmp_path / f"counts{number}", at, without_power=without_power)
        killed += was_killed
        assert (at, is_taken_for_whole(name, out)) == (at, not was_killed) or content(out) == content(whole)
        assert again.run(tmp_path / f"counts{number}") == 0
        assert (at, content(out)) == (at, content(whole))
    nearly_all_were_killed(killed, planned)
