"""`blift migrate` writes a run folder of its own, and says of others why it does not."""

import json
import shutil
from pathlib import Path

import pytest

from blift.pipelines.cli import main
from blift.pipelines.engine.migrate import migrate
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.schemas.errors import InputError, OutputError
from blift.schemas.records import RECORDS


def test_a_run_in_present_versions_is_copied_as_it_is(
    built: tuple[Path, Manifest], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, manifest = built
    out = tmp_path / "out"
    assert main(["migrate", str(run), "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert f"sample {RECORDS['sample'].version}" in lines
    assert lines[-1] == f"{out} is the same dataset in the present versions, fingerprint {manifest.fingerprint[:16]}."
    there = [{path.relative_to(root): path.read_bytes() for path in root.rglob("*.parquet")} for root in (run, out)]
    assert there[0] == there[1]
    assert main(["verify", str(out)]) == 0


def test_the_target_is_a_new_folder(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    run = Path(shutil.copytree(built[0], tmp_path / "run"))
    with pytest.raises(OutputError, match=r"is the run folder itself, which stays as it is. Choose a new folder"):
        migrate(RunFolder(str(run)), RunFolder(str(tmp_path / "." / "run")))
    with pytest.raises(OutputError, match=r"is a run folder already. Choose a new folder"):
        migrate(RunFolder(str(built[0])), RunFolder(str(run)))
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "mine.txt").touch()
    with pytest.raises(OutputError, match=r"holds files that blift did not write, such as 'mine.txt'"):
        migrate(RunFolder(str(run)), RunFolder(str(tmp_path / "files")))


def test_the_source_is_a_run_folder_of_this_machine(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no manifest.json: it is no run folder"):
        migrate(RunFolder(str(tmp_path)), RunFolder(str(tmp_path / "out")))
    with pytest.raises(InputError, match=r"gs://bucket/run is not on this machine. Copy the run folder here"):
        migrate(RunFolder("gs://bucket/run"), RunFolder(str(tmp_path / "out")))


def test_a_damaged_shard_is_named_and_a_later_try_goes_on(built: tuple[Path, Manifest], tmp_path: Path) -> None:
    run = Path(shutil.copytree(built[0], tmp_path / "run"))
    shard = min((run / "samples").glob("*.parquet"))
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-9])
    with pytest.raises(InputError, match=f"Cannot read the shard {shard}"):
        migrate(RunFolder(str(run)), RunFolder(str(tmp_path / "out")))
    assert not (tmp_path / "out" / "manifest.json").exists()
    shard.write_bytes(whole)
    migrated = migrate(RunFolder(str(run)), RunFolder(str(tmp_path / "out")))
    assert migrated.manifest.fingerprint == json.loads((run / "manifest.json").read_text())["fingerprint"]
