"""Lines on standard error as JSON: each is an object with the fields that docs/build.md names."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from blift.pipelines.cli import main
from blift.pipelines.commands import progress
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
    assert main(["build", str(recipe), "--out", str(recipe.parent / "run"), "--log-format=json"]) == 0
    told = [one for one in lines(capsys) if one["event"] == "progress"]
    assert told
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
