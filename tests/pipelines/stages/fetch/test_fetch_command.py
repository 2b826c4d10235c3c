from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from praw.config import Config

from blift.connectors.fetch.state import State
from blift.connectors.registry import kinds
from blift.pipelines.cli import main
from blift.pipelines.commands.fetch import seconds_of, size
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.stages.fetch.report import duration
from blift.pipelines.stages.fetch.run import FetchResult
from blift.schemas.errors import BliftError
from tests.pipelines.conftest import run_build
from tests.reddit_server import RedditServer, made_up
from tests.reddit_server.recorded import escaped


@pytest.fixture(autouse=True)
def _no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("client_id", "client_secret", "user_agent", "site"):
        monkeypatch.delenv(f"praw_{name}", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(Config, "CONFIG", None)


def recipe(folder: Path, reddit: dict[str, Any] | None = None, **parts: Any) -> str:
    asked = {"reddit": {"listings": ["pics/new"], "requests_per_minute": 60_000, **(reddit or {})}}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump({"name": "mine", "fetch": asked, **parts}))
    return str(path)


def lead(folder: Path, server: RedditServer) -> None:
    (folder / "praw.ini").write_text(server.praw_ini())


def test_a_listing_is_collected_and_status_tells_of_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with RedditServer(made_up(30)) as server:
        lead(tmp_path, server)
        assert main(["fetch", recipe(tmp_path)]) == 0
        assert server.violations == []
    said = capfd.readouterr()
    assert "fetched holds records of 30 Reddit posts, " in said.out
    assert "Traceback" not in said.err
    assert main(["fetch", "status", str(tmp_path / "fetched")]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["done", "absent", "failed", "pending", "per", "second", "left"]
    assert lines[1].split()[:5] == ["listings", "1", "0", "0", "0"]


def test_a_second_run_asks_only_for_what_is_new(tmp_path: Path) -> None:
    with RedditServer(made_up(30)) as server:
        lead(tmp_path, server)
        assert main(["fetch", recipe(tmp_path), "--quiet"]) == 0
        before = server.counts()
        assert main(["fetch", recipe(tmp_path), "--quiet"]) == 0
        assert server.counts() == before


def test_what_its_author_took_back_is_left_out_of_the_next_build(tmp_path: Path) -> None:
    site = made_up(30)
    key = next(iter(site.submissions))
    archive = {"reddit": {"submissions": ["RS.ndjson"], "fetched": ["fetched"]}}
    with RedditServer(site) as server:
        lead(tmp_path, server)
        path = recipe(tmp_path, {"comments": None}, sources=archive)
        (tmp_path / "RS.ndjson").write_text(as_lines(site.submissions.values()))
        assert main(["fetch", path, "--quiet"]) == 0
        first, _ = run_build(Path(path), tmp_path / "first")
        site.submissions[key] |= {
            "author": "[deleted]",
            "selftext": "[deleted]",
            "removed_by_category": "deleted",
            "title": "[deleted by user]",
        }
        time.sleep(1.1)
        assert main(["fetch", path, "--quiet", "--refresh", "1s"]) == 0
    state = State(str(tmp_path / "fetched"), kinds())
    assert [(post, reason) for post, reason, _ in state.withdrawn()] == [(f"reddit:{key}", "deleted")]
    second, _ = run_build(Path(path), tmp_path / "second")
    assert (posts(first), posts(second)) == (30, 29)
    (step,) = [row for row in second.stages["ingest"].funnel if row.step == "withdrawn"]
    assert {str(reason) for reason in step.rejected} == {"deleted"}


def test_the_schedule_is_that_of_the_recipe_and_only_looked_at_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[float], float]] = []

    def schedule(_: State, ages_days: Sequence[float], now: float) -> int:
        asked.append((list(ages_days), now))
        return 0

    monkeypatch.setattr(State, "schedule", schedule)
    before = time.time()
    with RedditServer(made_up(3)) as server:
        lead(tmp_path, server)
        path = recipe(tmp_path, {"comments": None})
        assert main(["fetch", path, "--quiet"]) == 0
        assert asked == []
        assert main(["fetch", path, "--quiet", "--schedule"]) == 0
    ((ages, now),) = asked
    assert ages == [1, 2, 7, 30]
    assert before <= now <= time.time()


def posts(built: Manifest) -> int:
    return sum(shard.rows for shard in built.stages["ingest"].shards if shard.path.startswith("posts/"))


def as_lines(posts: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(escaped(post) | {"retrieved_on": 1_700_000_000}) + "\n" for post in posts)


def test_without_credentials_it_says_what_to_set(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", recipe(tmp_path)]) == 2
    said = capfd.readouterr().err
    assert "praw_client_id" in said
    assert "Traceback" not in said


def test_wrong_credentials_are_one_sentence_and_no_secret(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with RedditServer(made_up(3)) as server:
        (tmp_path / "praw.ini").write_text(server.praw_ini().replace("loopback_secret", "hunter2-secret"))
        assert main(["fetch", recipe(tmp_path)]) == 2
    said = capfd.readouterr()
    lines = [line for line in said.err.splitlines() if line.startswith("blift: ")]
    assert len(lines) == 1
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--workers", "0"], "--workers is 0; it must be 1 or more."),
        (["--max-requests", "-1"], "--max-requests is -1; it must be 1 or more."),
        (["--max-bytes", "many"], "--max-bytes is 'many'; give a size such as 500M, 20G or 1T."),
        (["--max-time", "3"], "--max-time is '3'; give a number and a unit (s, min, h, d, w), such as 12h or 30d."),
        (["--refresh", "soon"], "--refresh is 'soon'; give a number and a unit"),
        (["more.yaml"], "takes one recipe, and got 'more.yaml' too. Name the fetch folder by --out."),
        (["--runner=Spark"], "`blift fetch` has no argument '--runner=Spark'. See `blift fetch --help`."),
        (["--out", "gs://bucket/x"], "A fetch folder lies on this machine, and gs://bucket/x does not."),
    ],
)
def test_a_wrong_flag_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str) -> None:
    assert main(["fetch", recipe(tmp_path), *flags]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listing", "said"),
    [
        ("pics", "'pics' is no listing of Reddit. Write subreddit/sort, as in pics/new"),
        ("p/new", "'p/new' is no listing of Reddit. Write subreddit/sort"),
        ("pics/newest", "'pics/newest': Reddit has no listing 'newest', did you mean 'new'?"),
        ("pics/top/years", "'years' is no window of time, did you mean 'year'?"),
        ("pics/search", "'pics/search' names no words to search for"),
        ("pics/new/1", "'1' is no window of time. 'new' takes none"),
        ("../etc/new", "'../etc/new' is no listing of Reddit"),
    ],
)
def test_a_listing_that_is_none_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], listing: str, said: str
) -> None:
    assert main(["fetch", recipe(tmp_path, {"listings": [listing]})]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "mine.yaml, line " in error


@pytest.mark.parametrize(
    ("fetch", "said"),
    [
        ("{}", "`fetch` asks no platform for anything"),
        ("{reddit: {}}", "`fetch.reddit` names neither `listings` nor `ids`"),
        ("{reddit: {listings: [pics/new]}, wikidata: {}}", "`fetch.youtube` is missing"),
        ("{reddit: {listings: [pics/new], media: {youtube: true}}}", "asks YouTube for videos"),
        ("{wikidata: {languages: [english]}, youtube: {}}", "fetch.wikidata.languages.0"),
        ("{youtube: {ids: [nowhere.txt]}}", "No file matches"),
    ],
)
def test_what_lacks_a_part_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], fetch: str, said: str) -> None:
    (tmp_path / "mine.yaml").write_text(f"name: mine\nfetch: {fetch}\n")
    assert main(["fetch", str(tmp_path / "mine.yaml")]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_an_allowed_network_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BLIFT_ALLOW_ADDRESSES", "127.0.0.1:80,10.0.0.0/99")
    assert main(["fetch", recipe(tmp_path, {"media": {}})]) == 2
    assert "BLIFT_ALLOW_ADDRESSES holds what is no network: '10.0.0.0/99'" in capsys.readouterr().err


def test_a_recipe_without_the_section_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "blift-paper", "--out", str(tmp_path)]) == 2
    assert "has no section `fetch`, which says what to ask for" in capsys.readouterr().err


def test_a_line_that_names_no_post_is_told_with_its_number(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    site = made_up(2)
    (tmp_path / "ids.txt").write_text("\n".join([*site.submissions, "https://example.com/x"]))
    with RedditServer(site) as server:
        lead(tmp_path, server)
        assert main(["fetch", recipe(tmp_path, {"listings": [], "ids": ["ids.txt"]})]) == 0
    assert "warning: ids.txt, line 3: 'https://example.com/x': it is no address of Reddit's." in capfd.readouterr().err


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_the_status_of_no_collection_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fetch", "status", folder]) == 2
    assert f"{folder} is no fetch folder: it has no fetch.sqlite." in capsys.readouterr().err


def test_the_status_of_nothing_asks_which(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "status"]) == 2
    assert "Which fetch folder?" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5h", 5400), ("2 d", 172_800), ("4w", 2_419_200)])
def test_times_have_units(text: str, seconds: float) -> None:
    assert seconds_of(text, "--refresh") == seconds


@pytest.mark.parametrize(("text", "found"), [("500M", 500_000_000), ("20GB", 20_000_000_000), ("7", 7), ("1.5k", 1500)])
def test_sizes_have_units(text: str, found: int) -> None:
    assert size(text, "--max-bytes") == found


@pytest.mark.parametrize("text", ["", "0", "-3", "1e9", "nan", "5 apples"])
def test_what_is_no_size_is_told(text: str) -> None:
    with pytest.raises(BliftError, match="give a size"):
        size(text, "--max-bytes")


@pytest.mark.parametrize(("seconds", "said"), [(7, "7 s"), (600, "10 min"), (7_500, "2 h 5 min"), (200_000, "2 d 7 h")])
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


ONCE_MORE = "Run the same command again to ask for them again.\n"
AGAIN = "Add --retry failed to ask for them again.\n"


@pytest.mark.parametrize(
    ("result", "code", "said"),
    [
        (
            FetchResult(failed=2, failure="no answer\x1b[31m"),
            2,
            f"blift: Nothing was got: 2 of 2 items failed, the last of: no answer\\u001b[31m. {ONCE_MORE}",
        ),
        (
            FetchResult(got=3, failed=1, failure="HTTP 500."),
            0,
            f"warning: 1 of 4 items failed, the last of: HTTP 500. {AGAIN}",
        ),
        (
            FetchResult(got=3, failed=1, failed_before=1_000, failure="HTTP 500."),
            0,
            f"warning: 1 of 4 items failed, and 1,000 in earlier runs, the last of: HTTP 500. {AGAIN}",
        ),
        (
            FetchResult(failed_before=2, failure="HTTP 500"),
            0,
            f"warning: 2 items failed in earlier runs, the last of: HTTP 500. {AGAIN}",
        ),
        (FetchResult(got=4), 0, ""),
    ],
    ids=["all", "some", "some and earlier", "earlier", "none"],
)
def test_what_failed_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    result: FetchResult,
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr("blift.pipelines.commands.fetch.fetch", lambda *_: result)
    assert main(["fetch", recipe(tmp_path), "--quiet"]) == code
    assert capsys.readouterr().err == said
