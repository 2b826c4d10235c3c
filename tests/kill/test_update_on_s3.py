"""An update on an S3 that is killed leaves the dataset before it, whole, to every reader; the same again ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from tests.kill.killed import Command, spread
from tests.kill.test_killed import FEW, nearly_all_were_killed
from tests.kill.test_update import Seen, seen
from tests.months import write_months
from tests.stores.s3 import S3, s3_server
from tests.stores.store import BUCKET

#: Kills by `make kill`.
_MANY = 10


class Updates:
    """Run folders in a bucket, and archives on this machine."""

    def __init__(self, s3: S3, work: Path) -> None:
        self._s3, self._work = s3, work
        self._archives = work / "archives"
        self._archives.mkdir()
        write_months(self._archives, output={"shards": 1})

    def build(self, recipe: str, run: str) -> Command:
        """The build of a recipe; pieces that it sends count."""
        arguments = ["build", str(self._archives / f"{recipe}.yaml"), "--out", f"s3://{BUCKET}/{run}", "--quiet"]
        return Command(arguments, self._work / "nothing", self._s3.variables)

    def seen(self, run: str) -> Seen:
        """The dataset as readers see it."""
        folder = self._s3.download(run, self._work / "downloaded")
        try:
            return seen(folder, self._work / "cache")
        finally:
            shutil.rmtree(folder)

    def names(self, run: str) -> list[str]:
        """All files of a run folder but its lock."""
        return [name.removeprefix(run) for name in self._s3.names(f"{run}/") if not name.endswith(".lock")]


@pytest.mark.parametrize(
    "planned",
    [
        pytest.param(FEW, id="few", marks=pytest.mark.long),
        pytest.param(_MANY, id="many", marks=[pytest.mark.kill, pytest.mark.timeout(7_200)]),
    ],
)
def test_an_update_on_s3(tmp_path: Path, planned: int, capsys: pytest.CaptureFixture[str]) -> None:
    with s3_server() as s3:
        updates = Updates(s3, tmp_path)
        assert updates.build("before", "first").run(tmp_path / "counts of first") == 0
        s3.copy("first", "whole")
        assert updates.build("after", "whole").run(tmp_path / "counts") == 0
        before, after = updates.seen("first"), updates.seen("whole")
        assert before[1] == before[2] != after[1] == after[2]
        killed = 0
        for number, at in enumerate(spread(tmp_path / "counts", planned)):
            run, counts = f"run{number}", tmp_path / f"counts{number}"
            s3.copy("first", run)
            killed += updates.build("after", run).is_killed(counts, at)
            assert main(["verify", f"s3://{BUCKET}/{run}"]) == 0, f"{at}: {capsys.readouterr()}"
            assert updates.seen(run) in (before, after), at
            assert updates.build("after", run).run(counts) == 0
            assert (at, updates.seen(run)) == (at, after)
            assert main(["verify", f"s3://{BUCKET}/{run}"]) == 0
            assert (at, updates.names(run)) == (at, updates.names("whole"))
        nearly_all_were_killed(killed, planned)
