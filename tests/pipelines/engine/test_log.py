"""Lines on standard error as JSON: each is an object with the fields that docs/build.md names."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import astuple
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.bytes_read import bytes_read
from blift.pipelines.cli import main
from blift.pipelines.commands import progress
from blift.pipelines.engine.log import choose_format
from tests.reddit_server import made_up

_PAGE = Path(__file__).parents[3] / "docs" / "build.md"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe with a small archive, one line of which is no record."""
    rows = made_up(12).submissions.values()
    lines = [*(json.dumps({**row, "retrieved_on": 1_700_000_000}) for row in rows), "{"]
    (tmp_path / "RS.ndjson").write_text("\n".join(lines))
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsources: {reddit: {submissions: [RS.ndjson]}}\nrejects: {max_malformed: 0.5}\n")
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_build_says_each_event_as_json(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = ["build", str(recipe), "--out", str(recipe.parent / "run"), "--limit", "100", "--log-format", "json"]
    assert main(build) == 0
    said = lines(capsys)
    assert [one["event"] for one in said] == [
        "note", *["stage_started", "stage_done"] * 3, "dataset_built",
    ]  # fmt: skip
    assert [one.get("stage") for one in said] == [None, *["ingest"] * 2, *["curate"] * 2, *["instruct"] * 2, None]
    assert {one["level"] for one in said} == {"info"}
    assert len({one["run"] for one in said}) == 1
    assert re.fullmatch("[0-9a-f]{32}", said[0]["run"])
    assert all(datetime.fromisoformat(one["time"]).utcoffset() is not None for one in said)
    done = said[2]
    assert done["rows"] >= 12
    read = next(step for step in done["funnel"] if step["step"] == "read" and step["records"] == "reddit post")
    assert read == {**read, "in": 13, "out": 12, "merged": 0, "rejected": {"not_json": 1}}
    assert main(build) == 0
    again = lines(capsys)
    assert [one["event"] for one in again] == ["note", *["stage_skipped"] * 3, "dataset_built"]
    assert again[-1]["fingerprint"] == said[-1]["fingerprint"]
    assert again[0]["run"] != said[0]["run"]


def test_how_far_it_is_is_said_now_and_then(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "_LOG_EVERY_S", 0.0)
    size = (recipe.parent / "RS.ndjson").stat().st_size
    assert main(["build", str(recipe), "--out", str(recipe.parent / "run"), "--log-format=json"]) == 0
    told = [one for one in lines(capsys) if one["event"] == "progress"]
    assert told
    assert all(one["bytes_total"] == (size if one["stage"] == "ingest" else None) for one in told)
    assert {one["bytes_read"] for one in told if one["stage"] != "ingest"} <= {None}
    assert all(one["stage"] in ("ingest", "curate", "instruct") and one["seconds"] >= 0 for one in told)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "gone.yaml", "--out", "run"), "There is no recipe gone.yaml"),
        (("build", "demo"), "the following arguments are required: --out"),
        (("build", "blift-paper", "--out", "run", "--limt", "3"), "did you mean '--limit'?"),
        (("publish", "gone", "--repo", "owner/name"), "gone has no recipe.yaml"),
    ],
)
def test_a_mistake_is_one_object_with_its_exit_code(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        code = main([*arguments, "--log-format", "json"])
    except SystemExit as ended:
        code = int(ended.code or 0)
    (said,) = lines(capsys)
    assert (code, said["event"], said["level"], said["exit_code"]) == (2, "failed", "error", 2)
    assert message in said["message"]


def test_without_the_option_lines_are_for_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["build", "gone.yaml", "--out", "run", "--log-format", "json"]) == 2
    assert main(["build", "gone.yaml", "--out", "run"]) == 2
    assert capsys.readouterr().err.splitlines()[1].startswith("blift: There is no recipe gone.yaml")


def test_the_page_names_every_event() -> None:
    named = set(re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*)", _PAGE.read_text().partition("## Logs")[2], re.MULTILINE))
    events = {event for cell in named for event in re.findall("[a-z_]+", cell)}
    source = Path(progress.__file__).read_text() + (Path(progress.__file__).parent / "build.py").read_text()
    used = set(re.findall(r'(?:_say|say)\(\s*"([a-z_]+)"', source))
    assert used
    assert used <= events


def test_what_libraries_log_is_an_event_with_its_level(capsys: pytest.CaptureFixture[str]) -> None:
    choose_format(as_json=True)
    logging.getLogger("some.library").warning("the disk is %d %% full", 97)
    try:
        int("x")
    except ValueError:
        logging.getLogger("some.library").exception("no number")
    logging.getLogger("some.library").debug("not said")
    choose_format(as_json=False)
    logging.getLogger("some.library").info("not said either")
    full, failed = lines(capsys)
    assert (full["event"], full["level"], full["logger"]) == ("log", "warning", "some.library")
    assert full["message"] == "the disk is 97 % full"
    assert (failed["level"], failed["message"]) == ("error", "no number")
    assert "invalid literal for int()" in failed["traceback"]


def test_a_fault_of_blift_is_an_event_too(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("blift.pipelines.commands.plan.add_arguments", fails)
    assert main(["plan", str(recipe), "--out", "run", "--log-format", "json"]) == 70
    (said,) = lines(capsys)
    assert (said["event"], said["level"], said["exit_code"]) == ("failed", "error", 70)
    assert said["message"].endswith("ZeroDivisionError: by design")
    assert said["traceback"].startswith("Traceback")


def test_bytes_are_those_of_the_archives_that_are_opened(recipe: Path) -> None:
    build = ["build", str(recipe), "--out", str(recipe.parent / "run"), "--stages", "ingest", "--quiet"]
    assert main(build) == 0
    old = recipe.parent / "RS.ndjson"
    assert bytes_read.figures() == (old.stat().st_size, 0)
    new = recipe.parent / "RS_2.ndjson"
    new.write_text(json.dumps(made_up(13).submissions.popitem()[1]))
    recipe.write_text(recipe.read_text().replace("RS.ndjson", "RS*.ndjson"))
    assert main(build) == 0
    assert bytes_read.figures() == (new.stat().st_size, 0), "the other one is taken over"


def far(planned: int | None, done: int, unplanned: int = 0, seconds: float = 10.0) -> tuple[object, ...]:
    return astuple(progress.how_far(planned, done, unplanned, seconds))


def test_bytes_and_the_time_left_are_said_where_they_are_known() -> None:
    assert far(400, 100) == (100, 400, 30.0)
    assert far(400, 100, unplanned=100) == (100, 500, 40.0)
    assert far(400, 0) == (None, 400, None), "nothing was read in this process: perhaps others read"
    assert far(400, 400) == (400, 400, None), "what follows the reading takes nobody knows how long"
    assert far(400, 500) == (400, 400, None), "a file that a runner read twice"
    assert far(None, 100) == (100, None, None), "a trial"
    assert far(None, 0) == (None, None, None), "a stage that reads no archives"
    assert far(0, 0) == (None, None, None), "all is taken over"
    assert str(progress.how_far(4_000_000_000, 1_000_000_000, 0, 10.0)) == ", 1.0 GB of 4.0 GB read, about 30 s left"
    assert str(progress.how_far(4_000_000, 4_000_000, 0, 10.0)) == ", 4.0 MB of 4.0 MB read"
    assert str(progress.how_far(None, 0, 0, 10.0)) == ""
