"""An update that is killed leaves the dataset before it, whole, to every reader; the same command again ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import datasets
import pytest

from blift import open_run
from blift.pipelines.cli import main
from tests.kill.killed import Command, spread
from tests.kill.test_killed import kills, names, nearly_all_were_killed
from tests.months import write_months

#: The fingerprint of a dataset, and its samples by our own reader and by `datasets`.
Seen = tuple[str, list[str], list[str]]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with archives of two months, and a recipe for the first and one for both."""
    folder = tmp_path_factory.mktemp("months")
    write_months(folder)
    return folder


def build(archives: Path, recipe: str, out: Path) -> Command:
    """The build of a recipe."""
    return Command(["build", str(archives / f"{recipe}.yaml"), "--out", str(out), "--quiet"], out, {})


def seen(out: Path, cache: Path) -> Seen:
    """The dataset as readers see it: its fingerprint, and its samples by our own reader and by `datasets`."""
    run = open_run(out)
    loaded = datasets.load_dataset(str(out), "samples", split="train", cache_dir=str(cache))
    return run.fingerprint, sorted(run.table("samples")["sample_id"].to_pylist()), sorted(loaded["sample_id"])


@pytest.mark.parametrize(("planned", "without_power"), kills("update"))
def test_an_update(
    archives: Path, tmp_path: Path, planned: int, without_power: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    first, whole = tmp_path / "first", tmp_path / "whole"
    assert build(archives, "before", first).run(tmp_path / "counts of first") == 0
    shutil.copytree(first, whole)
    assert build(archives, "after", whole).run(tmp_path / "counts") == 0
    before, after = seen(first, tmp_path / "cache"), seen(whole, tmp_path / "cache")
    assert before[1] == before[2] != after[1] == after[2]
    killed = 0
    for number, at in enumerate(spread(tmp_path / "counts", planned)):
        out = Path(shutil.copytree(first, tmp_path / f"run{number}"))
        killed += build(archives, "after", out).is_killed(tmp_path / f"counts{number}", at, without_power=without_power)
        assert main(["verify", str(out)]) == 0, f"{at}: {capsys.readouterr()}"
        assert seen(out, tmp_path / "cache") in (before, after), at
        assert build(archives, "after", out).run(tmp_path / f"counts{number}") == 0
        assert (at, seen(out, tmp_path / "cache")) == (at, after)
        assert main(["verify", str(out)]) == 0
        assert (at, names(out)) == (at, names(whole))
    nearly_all_were_killed(killed, planned)
