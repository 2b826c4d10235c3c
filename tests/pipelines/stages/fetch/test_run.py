from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.items import FILE, Item
from blift.connectors.fetch.state import DEATHS, State, state_file
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.registry import kinds
from blift.connectors.web.manners import Budget
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.run import FetchResult, fetch
from blift.schemas.errors import OutputError
from tests.pipelines.stages.fetch.fakes import POSTS, plan

#: Posts whose key ends in 7 are gone.
GONE = POSTS // 10


def run(asked: FetchPlan, workers: int = 1) -> FetchResult:
    return fetch(asked, prepare=lambda _: None, watch=lambda _: None, interrupted=lambda: None, workers=workers)


def questions(log: Path) -> Counter[str]:
    return Counter(log.read_text().splitlines())


def tree(folder: Path) -> dict[str, bytes]:
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    shown = [path for path in found if not path.relative_to(folder).parts[0].startswith((".", "fetch.sqlite"))]
    return {str(path.relative_to(folder)): path.read_bytes() for path in shown if path.name != "withdrawn.parquet"}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    run(plan(str(folder / "c"), str(folder / "log")))
    return folder


def test_all_that_is_found_is_asked_for_once(undisturbed: Path) -> None:
    asked = questions(undisturbed / "log")
    assert set(asked.values()) == {1}
    assert Counter(question.split()[0] for question in asked) == {
        "listing": POSTS // 50,
        "comments": POSTS,
        "file": POSTS,
    }


def test_the_archives_hold_what_came(undisturbed: Path) -> None:
    state = State(str(undisturbed / "c"), kinds())
    counts = {(tally.kind, tally.state): tally.items for tally in state.tallies()}
    assert counts == {
        (RedditItem.LISTING, ItemState.DONE): 1,
        (RedditItem.COMMENTS, ItemState.DONE): POSTS - GONE,
        (RedditItem.COMMENTS, ItemState.ABSENT): GONE,
        (FILE, ItemState.DONE): POSTS,
    }
    assert len(list(state.records(RedditRecord.SUBMISSION))) == POSTS - GONE
    assert "reddit/submissions-00000-of-00001.ndjson.zst" in tree(undisturbed / "c")


def test_more_workers_make_the_same_collection(undisturbed: Path, tmp_path: Path) -> None:
    run(plan(str(tmp_path / "c"), str(tmp_path / "log")), workers=3)
    assert tree(tmp_path / "c") == tree(undisturbed / "c")
    assert questions(tmp_path / "log") == questions(undisturbed / "log")


def test_a_second_run_asks_nothing(undisturbed: Path) -> None:
    before, kept = questions(undisturbed / "log"), tree(undisturbed / "c")
    run(plan(str(undisturbed / "c"), str(undisturbed / "log")))
    assert questions(undisturbed / "log") == before
    assert tree(undisturbed / "c") == kept


def test_a_budget_ends_a_run_and_the_next_goes_on(undisturbed: Path, tmp_path: Path) -> None:
    budget = Budget(requests=100)
    first = run(plan(str(tmp_path / "c"), str(tmp_path / "log"), budget=budget))
    assert first.budget_spent
    assert questions(tmp_path / "log").total() == 100
    rest = run(plan(str(tmp_path / "c"), str(tmp_path / "log")))
    assert not rest.budget_spent
    assert questions(tmp_path / "log") == questions(undisturbed / "log")
    assert tree(tmp_path / "c") == tree(undisturbed / "c")


def test_a_time_limit_ends_a_run(undisturbed: Path, tmp_path: Path) -> None:
    budget = Budget(ends_at=time.time() + 6)
    result = run(plan(str(tmp_path / "c"), str(tmp_path / "log"), per_s=20.0, budget=budget))
    assert result.budget_spent
    assert questions(tmp_path / "log").total() < questions(undisturbed / "log").total()
    assert result.written is not None


def test_a_service_without_credentials_is_told_once_and_the_others_go_on(tmp_path: Path) -> None:
    done = plan(str(tmp_path / "c"), str(tmp_path / "log"))
    run(FetchPlan(done.folder, done.items, done.services, done.shown, Budget(requests=60)))
    asked = questions(tmp_path / "log").total()
    result = run(plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="no credentials"), workers=2)
    assert result.troubles == ["Reddit needs credentials: set praw_client_id."]
    new = list(questions(tmp_path / "log").elements())
    assert len(new) > asked
    state = State(str(tmp_path / "c"), kinds())
    assert FILE not in {tally.kind for tally in state.tallies() if tally.state is ItemState.PENDING}


def test_what_a_library_raises_fails_one_item(tmp_path: Path) -> None:

    told: list[str] = []

    def end_with_the_others(state: State) -> None:
        tallies = state.tallies()
        pending = sum(tally.items for tally in tallies if tally.state is ItemState.PENDING)
        files = sum(tally.items for tally in tallies if tally.kind == FILE)
        if not told and pending == 1 and files == POSTS:
            told.append("end")
            raise KeyboardInterrupt

    asked = plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="raises")
    fetch(asked, lambda _: None, end_with_the_others, lambda: None)
    state = State(str(tmp_path / "c"), kinds())
    counts = {(tally.kind, tally.state): tally.items for tally in state.tallies()}
    assert counts[RedditItem.COMMENTS, ItemState.PENDING] == 1
    assert counts[RedditItem.COMMENTS, ItemState.DONE] == POSTS - GONE - 1


def test_an_item_that_fails_each_time_is_told(tmp_path: Path) -> None:
    result = run(plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="busy"))
    assert State(str(tmp_path / "c"), kinds()).failures(9) == [(RedditItem.COMMENTS, "p8", "HTTP 500")]
    assert (result.got, result.failed, result.failed_before, result.failure) == (2 * POSTS, 1, 0, "HTTP 500")
    later = run(plan(str(tmp_path / "c"), str(tmp_path / "log")))
    assert (later.got, later.failed, later.failed_before, later.failure) == (0, 0, 1, "HTTP 500")


def test_where_everything_failed_the_next_run_asks_again(tmp_path: Path) -> None:
    down = plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="down")
    for _ in range(2):
        result = run(down)
        assert (result.got, result.failed, result.failed_before, result.failure) == (0, 1, 0, "no answer")
        (tally,) = State(str(tmp_path / "c"), kinds()).tallies()
        assert (tally.kind, tally.state, tally.items) == (RedditItem.LISTING, ItemState.PENDING, 1)
    assert run(plan(str(tmp_path / "c"), str(tmp_path / "log"))).got == 2 * POSTS + 1


def test_what_failed_in_an_earlier_run_waits_for_a_retry_although_everything_fails_now(tmp_path: Path) -> None:
    run(plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="busy"))
    asked = plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="down")
    result = run(replace(asked, items=[Item(RedditItem.LISTING, "cats/new")]))
    assert (result.got, result.failed, result.failed_before) == (0, 1, 1)
    states = {(tally.kind, tally.state): tally.items for tally in State(str(tmp_path / "c"), kinds()).tallies()}
    assert states[RedditItem.COMMENTS, ItemState.FAILED] == 1
    assert states[RedditItem.LISTING, ItemState.PENDING] == 1


def test_an_item_that_kills_its_workers_fails_and_the_others_are_asked_for(tmp_path: Path) -> None:
    run(plan(str(tmp_path / "c"), str(tmp_path / "log"), fault="dies"))
    assert (tmp_path / "log.died").read_text().splitlines() == ["died"] * DEATHS
    state = State(str(tmp_path / "c"), kinds())
    assert state.failures(9) == [(RedditItem.COMMENTS, "p8", "each process that asks for it dies")]
    counts = {(tally.kind, tally.state): tally.items for tally in state.tallies()}
    assert counts[RedditItem.COMMENTS, ItemState.DONE] == POSTS - GONE - 1


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    slow = plan(str(tmp_path / "c"), str(tmp_path / "log"), per_s=10.0, budget=Budget(ends_at=time.time() + 200))
    began, seen = threading.Event(), []

    def watch(_: State) -> None:
        if not began.is_set():
            began.set()
            with pytest.raises(OutputError, match="Another run collects into"):
                run(slow)
            seen.append("refused")
            raise KeyboardInterrupt

    result = fetch(slow, lambda _: None, watch, lambda: seen.append("told"))
    assert seen[:2] == ["refused", "told"]
    assert result.interrupted


PROGRAM = """
import sys
from blift.pipelines.stages.fetch.run import fetch
from tests.pipelines.stages.fetch.fakes import plan
if __name__ == "__main__":
    fetch(plan(*sys.argv[1:3], fault=sys.argv[3]), lambda _: None, lambda _: None, lambda: None, workers=2)
"""


def test_killed_at_any_moment_it_ends_the_same_and_asks_for_nothing_that_was_done(
    undisturbed: Path, tmp_path: Path
) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    command = [sys.executable, str(script), str(tmp_path / "c"), str(tmp_path / "log")]
    total = len(questions(undisturbed / "log"))
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    chance, done, again, killed = random.Random(7), set[str](), 0, 0
    for turn in range(4):
        # The whole group dies at once, or the process that started the workers alone; after so many questions.
        at = turn * total // 5 + chance.randint(1, total // 5)
        fault = f"{'group' if turn % 2 else 'first'} {at}"
        process = subprocess.Popen([*command, fault], env=environment, start_new_session=True)
        # Workers that outlive the process that started them may have asked for all that was left.
        killed += process.wait() == -signal.SIGKILL
        asked = questions(tmp_path / "log") if (tmp_path / "log").exists() else Counter[str]()
        again += sum(asked[question] > 1 for question in done)
        assert [question for question in done if asked[question] > 1] == []
        State(str(tmp_path / "c"), kinds()).close()  # it may have been killed before it had made its tables
        with closing(sqlite3.connect(state_file(str(tmp_path / "c")))) as base:
            rows = base.execute("SELECT kind, key, detail FROM item WHERE state IN ('done', 'absent')").fetchall()
        done = {f"{kind} {key} {detail}" for kind, key, detail in rows if asked[f"{kind} {key} {detail}"] == 1}
    subprocess.run([*command, ""], env=environment, check=True)
    assert killed >= 2
    assert tree(tmp_path / "c") == tree(undisturbed / "c")
