"""Who may ask, how often, and what becomes of an item when Reddit does not answer."""

from __future__ import annotations

import json
import logging
import pickle
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from praw.config import Config

from blift.connectors.fetch.items import Done, Failed, Item, NotThere
from blift.connectors.reddit.config import CommentsWanted, RedditConfig
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.live import RedditFetcher
from blift.connectors.web.manners import LONGEST_PAUSE_S, Budget, BudgetSpent, Manners, Pace, Stopped
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent
from tests.connectors.reddit.conftest import Ask, Led, Made, is_done, reason_of
from tests.reddit_server import CLIENT, Fault, Limit, RedditServer, made_up
from tests.reddit_server.made_up import post_id

ONE = [Item(RedditItem.SUBMISSION, post_id(0))]


def fetch_one(fetcher: RedditFetcher, items: list[Item] = ONE) -> object:
    return next(iter(fetcher.fetch(items)))[1]


def test_without_credentials_the_sentence_says_what_to_set_and_where_to_get_it(lead: Led, tmp_path: Path) -> None:
    with RedditServer(made_up(1)) as server:
        lead(server)
        (tmp_path / "config" / "praw.ini").unlink()
        Config.CONFIG = None
        with pytest.raises(FetchError, match=r"no credentials.*praw_client_id, praw_client_secret.*prefs/apps"):
            RedditFetcher(RedditConfig(), Manners(str(tmp_path / "manners")))
        assert server.asked == []


@pytest.mark.parametrize("wrong", ["client_id", "client_secret"])
def test_wrong_credentials_end_in_one_sentence_that_does_not_tell_them(
    lead: Led,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    wrong: str,
) -> None:
    monkeypatch.setenv(f"praw_{wrong}", "wrong-and-secret")
    caplog.set_level(logging.DEBUG)
    with RedditServer(made_up(1)) as server:
        lead(server)
        fetcher = RedditFetcher(RedditConfig(), Manners(str(tmp_path / "manners")))
        with pytest.raises(FetchError, match=r"does not accept the credentials \(401\).*praw_client_id") as caught:
            fetch_one(fetcher)
        fetcher.close()
        assert server.counts() == {"/api/v1/access_token": 1}
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + repr(vars(caught.value))
    assert "wrong-and-secret" not in told
    assert CLIENT[1] not in told


def test_a_secret_is_not_told_either_where_nobody_answers(
    lead: Led, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with RedditServer(made_up(1)) as server:
        lead(server)
    fetcher = RedditFetcher(RedditConfig(), Manners(str(tmp_path / "manners")))
    outcome = fetch_one(fetcher)
    fetcher.close()
    assert outcome == Failed("Reddit cannot be reached (ConnectionError).")
    assert CLIENT[1] not in caplog.text


@pytest.mark.parametrize(
    ("content", "site", "says"),
    [
        (None, "elsewhere", "praw.ini has no section 'elsewhere'"),
        ("client_secret=very-secret\n", None, "no INI file"),
        (
            "[DEFAULT]\nclient_id=a\nclient_secret=very-secret\nuser_agent=x\n[DEFAULT\n",
            None,
            "no INI file",
        ),
        (
            "[DEFAULT]\nclient_id=a\nclient_secret=very-secret\nuser_agent=x\ntimeout=x\n",
            None,
            "no INI file",
        ),
        ("[DEFAULT]\nclient_id=a\nclient_secret=very-secret\nuser_agent=\n", None, "There are no credentials"),
    ],
)
def test_a_praw_ini_that_is_of_no_use_is_an_error_that_says_so(
    lead: Led, tmp_path: Path, content: str | None, site: str | None, says: str
) -> None:
    with RedditServer(made_up(1)) as server:
        lead(server)
    if content:
        (tmp_path / "config" / "praw.ini").write_text(content)
        Config.CONFIG = None
    with pytest.raises(FetchError, match=says) as caught:
        RedditFetcher(RedditConfig(site=site), Manners(str(tmp_path / "manners")))
    assert "very-secret" not in "".join(traceback.format_exception(caught.value))


def test_a_user_agent_of_the_recipe_goes_before_that_of_the_configuration(fetcher: Made) -> None:
    with RedditServer(made_up(1)) as server:
        assert isinstance(fetch_one(fetcher(server, user_agent="linux:collection:1 (by /u/name)")), Done)
        assert server.violations == []


@pytest.mark.parametrize(
    ("name", "value"), [("user_agent", "two\nlines"), ("user_agent", "\u2713"), ("client_secret", "\u2713 secret")]
)
def test_a_configuration_that_makes_no_request_ends_in_one_sentence(
    fetcher: Made, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"praw_{name}", value)
    with RedditServer(made_up(1)) as server, pytest.raises(FetchError, match="makes no request") as caught:
        fetch_one(fetcher(server))
    assert value not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("answer", [b'{"error": "invalid_grant"}', b'{"error": "unsupported_grant_type"}'])
def test_a_token_that_is_refused_ends_in_one_sentence(fetcher: Made, answer: bytes) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault("/api/v1/access_token", 200, answer))
        with pytest.raises(FetchError, match="does not accept the credentials"):
            fetch_one(fetcher(server))


@pytest.mark.parametrize("answer", [b"null", b"{}", b"<html>", b'{"access_token": 5}', b"[[[["])
def test_a_token_that_is_none_fails_and_is_asked_for_again(fetcher: Made, answer: bytes) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault("/api/v1/access_token", 200, answer))
        asking = fetcher(server)
        assert fetch_one(asking) == Failed("Reddit answered 200 without a token.")
        assert isinstance(fetch_one(asking), Done)


def test_a_token_that_expired_is_replaced_within_the_question(fetcher: Made) -> None:
    with RedditServer(made_up(1)) as server:
        asking = fetcher(server)
        assert isinstance(fetch_one(asking), Done)
        server.expire_tokens()
        assert isinstance(fetch_one(asking), Done)
        assert server.counts()["/api/v1/access_token"] == 2


def test_tokens_that_are_never_good_end_in_one_sentence(fetcher: Made) -> None:
    with RedditServer(made_up(1), tokens_hold=False) as server:
        with pytest.raises(FetchError, match="does not accept the token that it gave"):
            fetch_one(fetcher(server))
        assert server.counts()["/api/info"] == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 522, 599])
def test_a_server_in_trouble_fails_the_item_at_once_and_counts(ask: Ask, status: int) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault("/api/info", status, b"<html>"))
        assert ask(server, ONE)[post_id(0)] == Failed(f"Reddit answered {status}.")
        assert server.counts()["/api/info"] == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["number", "date"])
def test_nobody_asks_before_the_time_that_a_busy_server_names(
    fetcher: Made, tmp_path: Path, status: int, form: str
) -> None:
    busy = {"headers": {"Retry-After": "1"}} if form == "number" else {"again_in_s": 5.0}
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault("/api/info", status, **busy))
        first, second = (fetcher(server, Manners(str(tmp_path / "shared"))) for _ in range(2))
        outcome = fetch_one(first)
        assert isinstance(outcome, Failed)
        assert not outcome.counts
        assert 0 < (outcome.wait_s or 0) <= 5
        assert isinstance(fetch_one(second), Done)
        busy, answered = [asked.at for asked in server.asked if asked.path == "/api/info"]
    assert answered - busy >= (outcome.wait_s or 0) - 0.05


@pytest.mark.parametrize("told", [None, "soon", "-5", "nan", "1e999"])
def test_a_busy_server_that_names_no_time_is_left_alone_longer_each_time(
    fetcher: Made, monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    waits: list[float] = []
    with RedditServer(made_up(1)) as server:
        headers = {"Retry-After": told} if told else {}
        server.faults += [Fault("/api/info", 429, b"", headers, times=9)]
        asking = fetcher(server)
        pauses: list[float] = []
        monkeypatch.setattr(Pace, "pause", lambda _, seconds: pauses.append(seconds))
        for _ in range(9):
            outcome = fetch_one(asking)
            assert isinstance(outcome, Failed)
            waits.append(outcome.wait_s or 0)
    assert pauses == waits
    assert 1 <= waits[0] <= 2
    assert 128 <= waits[-1] <= 300


@pytest.mark.parametrize("fault", [Fault("/api/info"), Fault("/api/info", cut=200), Fault("/api/info", 200, b"{")])
def test_an_answer_that_breaks_off_fails(ask: Ask, fault: Fault) -> None:
    with RedditServer(made_up(100)) as server:
        server.faults.append(fault)
        outcome = ask(server, ONE)[post_id(0)]
    assert isinstance(outcome, Failed)
    assert outcome.counts


@pytest.mark.parametrize("path", ["/api/info", "/api/v1/access_token"])
def test_a_page_in_place_of_data_with_403_ends_in_one_sentence(fetcher: Made, path: str) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault(path, 403, b"<html>You've been blocked by network security.</html>"))
        with pytest.raises(FetchError, match="Reddit refuses this machine or application"):
            fetch_one(fetcher(server))


@pytest.mark.parametrize(
    ("status", "body", "headers", "expected"),
    [
        (403, {"message": "Forbidden", "error": 403}, {}, Absent.UNAVAILABLE),
        (403, {"reason": "gold_only"}, {}, Absent.MEMBERS_ONLY),
        (404, {"message": "Not Found"}, {}, Absent.NOT_FOUND),
        (404, {"reason": "banned"}, {}, Absent.BANNED),
        (404, {"reason": ["banned"]}, {}, Absent.NOT_FOUND),
        (451, {"reason": "legal"}, {}, Absent.REGION_BLOCKED),
        (302, None, {"Location": "/subreddits/search?q=x"}, Absent.NOT_FOUND),
        (
            301,
            None,
            {"Location": "https://www.reddit.com/login/?dest=x"},
            "Reddit answered 301, which leads to /login/.",
        ),
        (302, None, {}, "Reddit answered 302."),
        (400, {"reason": "BAD", "explanation": "x"}, {}, "Reddit answered 400 (BAD)."),
        (414, None, {}, "Reddit answered 414."),
    ],
)
def test_what_reddit_refuses_is_absent_for_its_reason_or_fails(
    ask: Ask, status: int, body: object, headers: dict[str, str], expected: object
) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault(f"/comments/{post_id(0)}", status, json.dumps(body).encode(), headers))
        outcome = ask(server, [Item(RedditItem.COMMENTS, post_id(0))], comments=CommentsWanted())[post_id(0)]
    assert (outcome.error if isinstance(outcome, Failed) else reason_of(outcome)) == expected


@pytest.mark.parametrize("status", [400, 404, 451])
def test_what_is_refused_of_a_batch_says_nothing_of_its_posts(ask: Ask, status: int) -> None:
    with RedditServer(made_up(2)) as server:
        server.faults.append(Fault("/api/info", status, b'{"reason": "banned"}'))
        came = ask(server, [Item(RedditItem.SUBMISSION, post_id(number)) for number in range(2)])
    assert all(isinstance(outcome, Failed) for outcome in came.outcomes.values())


def test_that_nothing_of_a_batch_is_known_is_believed_the_second_time(ask: Ask) -> None:
    empty = b'{"kind": "Listing", "data": {"children": [], "after": null}}'
    with RedditServer(made_up(2)) as server:
        server.faults.append(Fault("/api/info", 200, empty))
        assert is_done(ask(server, ONE)[post_id(0)])
        server.faults.append(Fault("/api/info", 200, empty, times=2))
        assert reason_of(ask(server, ONE)[post_id(0)]) is Absent.NOT_FOUND


def test_a_post_that_was_taken_back_is_absent_and_its_record_comes(ask: Ask) -> None:
    items = [Item(RedditItem.SUBMISSION, post_id(number)) for number in range(20)]
    with RedditServer(made_up(20, plain=False)) as server:
        came = ask(server, items)
    absent = {key: outcome.reason for key, outcome in came.outcomes.items() if isinstance(outcome, NotThere)}
    assert absent == {post_id(9): Absent.REMOVED, post_id(11): Absent.DELETED}
    assert len(came.records) == 20


def test_a_budget_ends_the_asking_and_what_came_is_counted(fetcher: Made, tmp_path: Path) -> None:
    manners = Manners(str(tmp_path / "m"), Budget(requests=3))
    with RedditServer(made_up(1)) as server:
        asking = fetcher(server, manners)
        for _ in range(2):
            assert isinstance(fetch_one(asking), Done)
        with pytest.raises(BudgetSpent):
            fetch_one(asking)
        assert sum(server.counts().values()) == 3
    requests, received = manners.spent()
    assert requests == 3
    assert received > 1_000


def test_whoever_waits_for_reddits_window_can_be_stopped(fetcher: Made, tmp_path: Path) -> None:
    stop = threading.Event()
    with RedditServer(made_up(1), limit=Limit(1, 600)) as server:
        asking = fetcher(server, Manners(str(tmp_path / "m"), stop=stop))
        threading.Timer(0.3, stop.set).start()
        with pytest.raises(Stopped):
            fetch_one(asking)  # the window is longer than the limit of the test
        assert stop.is_set()
        assert server.refused == 0


def ask_often(fetcher: RedditFetcher, times: int) -> None:
    for _ in range(times):
        outcome = fetch_one(fetcher)
        assert isinstance(outcome, Done) or (isinstance(outcome, Failed) and not outcome.counts)


@pytest.mark.parametrize("workers", [1, 4])
def test_all_workers_together_keep_to_the_pace_of_the_recipe(fetcher: Made, tmp_path: Path, workers: int) -> None:
    per_s, times = 15.0, 28
    with RedditServer(made_up(1)) as server, ThreadPoolExecutor(workers) as pool:
        made = [fetcher(server, Manners(str(tmp_path / "m")), requests_per_minute=60 * per_s) for _ in range(workers)]
        began = time.time()
        list(pool.map(lambda one: ask_often(one, times // workers), made))
        moments = sorted(asked.at for asked in server.asked)
    assert len(moments) >= times
    assert moments[-1] - began >= (len(moments) - 1) / per_s


@pytest.mark.parametrize(("workers", "per_minute"), [(1, 6_000.0), (4, None)])
def test_all_workers_together_keep_to_what_reddits_headers_leave(
    fetcher: Made, tmp_path: Path, workers: int, per_minute: float | None
) -> None:
    with RedditServer(made_up(1), limit=Limit(40, 3)) as server, ThreadPoolExecutor(workers) as pool:
        made = [fetcher(server, Manners(str(tmp_path / "m")), requests_per_minute=per_minute) for _ in range(workers)]
        list(pool.map(lambda one: ask_often(one, 48 // workers), made))
        assert server.refused < workers  # what others had under way when the window was used up
        assert len(server.asked) > 40


def test_a_longer_wait_than_a_day_is_for_another_run(fetcher: Made) -> None:
    with RedditServer(made_up(1)) as server:
        server.faults.append(Fault("/api/info", 429, b"", {"Retry-After": "1000000000"}))
        outcome = fetch_one(fetcher(server))
    assert isinstance(outcome, Failed)
    assert outcome.wait_s == LONGEST_PAUSE_S


def test_what_the_fetcher_takes_travels_to_other_processes() -> None:
    make = partial(RedditFetcher, RedditConfig(comments=CommentsWanted(depth=2), posted_from=1.5))
    assert pickle.loads(pickle.dumps(make)).args == make.args  # noqa: S301 - our own
