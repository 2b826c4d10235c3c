"""What lets a stage run again, and what a plan says of it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from blift.pipelines.build.plan import Planned, plan
from blift.pipelines.cli import main
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.reject import Reject
from blift.schemas.sample import Sample
from tests.months import write_months, write_recipe
from tests.pipelines.conftest import run_build


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with archives, recipes, and `run`, built of the first month; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    write_months(folder)
    run_build(folder / "before.yaml", folder / "run")
    return folder


@pytest.fixture
def here(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def planned(here: Path, recipe: str = "before.yaml") -> dict[str, Planned]:
    found = plan(load_recipe(str(here / recipe)), RunFolder(str(here / "run")), None)
    return {each.stage: each for each in found}


def running(here: Path, recipe: str = "before.yaml") -> list[str]:
    return [name for name, each in planned(here, recipe).items() if each.runs]


def test_nothing_runs_where_nothing_has_changed_or_files_were_only_touched(here: Path) -> None:
    assert running(here) == []
    for path in here.glob("*.ndjson"):
        os.utime(path, (1, 1))
    assert running(here) == []


def test_a_file_of_other_content_and_the_same_size_lets_ingest_run(here: Path) -> None:
    path = here / "RS_01.ndjson"
    facts = path.stat()
    path.write_text(path.read_text().replace("Salt", "Sand", 1))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    assert path.stat().st_size == facts.st_size
    assert planned(here)["ingest"].why == ["1 input file changed: RS_01.ndjson"]


def test_a_month_that_was_added_is_told_with_bytes_files_and_a_time(here: Path) -> None:
    found = planned(here, "after.yaml")
    assert found["ingest"].why == ["2 input files added: RC_02.ndjson, RS_02.ndjson"]
    assert found["ingest"].input_bytes == sum(path.stat().st_size for path in here.glob("*.ndjson"))
    assert found["curate"].why == ["it reads what ingest writes"]
    record = RunFolder(str(here / "run")).require_manifest().stages["ingest"]
    assert found["ingest"].shards == len(record.shards)
    assert (found["ingest"].seconds or 0) > record.seconds


def test_a_rule_lets_what_depends_on_it_run_alone(here: Path) -> None:
    write_recipe(here / "rule.yaml", "01", curate={"reddit": {"comments": {"min_words": 2}}})
    assert running(here, "rule.yaml") == ["curate", "instruct"]
    assert planned(here, "rule.yaml")["curate"].why == ["`curate` has changed (reddit)"]


@pytest.mark.parametrize(
    ("table", "version", "expected"),
    [
        (Sample, Sample.version.rpartition(".")[0] + ".9", []),
        (Sample, "1.9.0", ["curate", "instruct"]),
        (Sample, "2.0.0", ["curate", "instruct"]),
        (Reject, "1.9.0", []),
        (Reject, "9.0.0", ["ingest", "curate", "instruct"]),
    ],
)
def test_a_version_of_a_table_lets_the_stages_run_that_read_or_write_it(
    here: Path, monkeypatch: pytest.MonkeyPatch, table: type[Sample | Reject], version: str, expected: list[str]
) -> None:
    monkeypatch.setattr(table, "version", version)
    assert running(here) == expected


def test_a_shard_that_has_changed_lets_its_stage_run(here: Path) -> None:
    shard = min((here / "run" / "samples").glob("*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")
    assert planned(here)["curate"].why == ["files that it wrote are missing or have changed"]


def test_the_command_prints_sentences_or_json_and_writes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(here.rglob("*"))
    assert main(["plan", str(here / "after.yaml"), "--out", str(here / "run")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("ingest    runs: 2 input files added: RC_02.ndjson, RS_02.ndjson (")
    assert main(["plan", str(here / "before.yaml"), "--out", str(here / "run"), "--json"]) == 0
    assert [each["runs"] for each in json.loads(capsys.readouterr().out)] == [False, False, False]
    assert main(["plan", str(here / "before.yaml"), "--out", str(here / "new")]) == 0
    assert capsys.readouterr().out.startswith("ingest    runs: it has not run (")
    assert sorted(here.rglob("*")) == before


def test_a_stage_that_is_forced_runs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["build", str(here / "before.yaml"), "--out", str(here / "run")]
    assert main([*command, "--force", "instruct"]) == 0
    said = capsys.readouterr().err
    assert [line.split()[:2] for line in said.splitlines()] == [
        ["ingest", "already"], ["curate", "already"], ["instruct", "done"],
    ]  # fmt: skip
    assert main([*command, "--force", "nothing"]) == 2
    assert "There is no stage 'nothing'." in capsys.readouterr().err


@pytest.mark.parametrize("command", ["plan", "build"])
def test_a_plan_refuses_what_a_build_refuses_and_writes_nothing(
    command: str, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign, file = tmp_path / "foreign", tmp_path / "file"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("")
    file.write_text("")
    other = here / "other.yaml"
    other.write_text((here / "before.yaml").read_text().replace("name: ", "name: other-", 1))
    run = here / "run"
    said = {
        (other, run): f"{run} holds the dataset of the recipe ",
        (here / "before.yaml", foreign): f"{foreign} holds files that blift did not write, such as 'thesis.txt'. ",
        (here / "before.yaml", file): f"{file} is no folder, or lies below a file. Choose another --out.",
        (here / "before.yaml", file / "run"): f"{file / 'run'} is no folder, or lies below a file. ",
        (here / "before.yaml", ""): "--out is empty, or holds a line break or NUL; choose another folder.",
    }
    for (recipe, out), sentence in said.items():
        assert main([command, str(recipe), "--out", str(out)]) == 2
        assert capsys.readouterr().err.startswith(f"blift: {sentence}")
    assert main([command, str(here / "before.yaml"), "--out", str(run), "--limit", "1"]) == 2
    assert "holds a dataset of all input, and --limit would put a trial in its place" in capsys.readouterr().err
    assert not (tmp_path / "file" / "run").exists()


def test_a_plan_with_replace_says_what_a_build_with_replace_does(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = here / "other.yaml"
    other.write_text((here / "before.yaml").read_text().replace("name: ", "name: other-", 1))
    assert main(["plan", str(other), "--out", str(here / "run"), "--replace"]) == 0
    assert "is done" in capsys.readouterr().out
