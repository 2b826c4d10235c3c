"""Threads: every comment once, up to the budget, whoever goes on with them; and what is there of them no more."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from blift.connectors.fetch.items import Done, GoesOn, Item
from blift.connectors.reddit.config import CommentsWanted
from blift.connectors.reddit.kinds import RedditItem
from blift.schemas.reasons import Absent
from tests.connectors.reddit.conftest import Ask, Made, drain, is_done, reason_of
from tests.reddit_server import Fault, RedditServer, Site, made_up
from tests.reddit_server.made_up import comment, post_id

POST = post_id(0)
THREAD = [Item(RedditItem.COMMENTS, POST)]
ALL = CommentsWanted(per_post=10_000, more_requests=1_000)


def site(shape: str, comments: int) -> Site:
    """A post with a thread: ``wide`` has no replies, in ``deep`` each replies to the one before, ``mixed`` is mixed."""
    post = made_up(1).submissions[POST]
    rng = random.Random(shape)
    said: list[dict[str, Any]] = []
    for number in range(comments):
        replies_to = {"wide": None, "deep": said[-1:] or None, "mixed": said and rng.random() < 0.8 and said[-9:]}
        above = replies_to[shape]
        said.append(comment(post, number, rng.choice(above)["name"] if above else post["name"], rng.randint(-9, 99)))
    return Site([post | {"num_comments": comments}], said)


@pytest.mark.parametrize(
    ("shape", "comments"), [("wide", 0), ("wide", 1), ("wide", 1_203), ("deep", 45), ("mixed", 300), ("mixed", 1_500)]
)
def test_every_comment_comes_once_whatever_the_shape(ask: Ask, shape: str, comments: int) -> None:
    held = site(shape, comments)
    with RedditServer(held) as server:
        came = ask(server, THREAD, comments=ALL)
        assert server.violations == []
    assert sorted(came.keys()) == sorted(held.comments)
    assert {record.of for record in came.records} <= {POST}
    assert is_done(came[POST])


def test_comments_that_are_only_named_come_a_hundred_a_request(ask: Ask) -> None:
    with RedditServer(site("wide", 1_200)) as server:
        ask(server, THREAD, comments=ALL)
        assert server.counts() == {"/api/v1/access_token": 1, f"/comments/{POST}": 1, "/api/morechildren": 7}


def test_what_is_behind_continue_this_thread_comes(ask: Ask) -> None:
    with RedditServer(site("deep", 25)) as server:
        came = ask(server, THREAD, comments=ALL)
        paths = [asked.path for asked in server.asked if "/_/" in asked.path]
    assert len(came.records) == 25
    assert len(paths) == 2


@pytest.mark.parametrize(
    ("wanted", "comments", "requests"),
    [
        (CommentsWanted(per_post=200, more_requests=3), 200, 0),
        (CommentsWanted(per_post=730, more_requests=3), 730, 3),
        (CommentsWanted(per_post=730, more_requests=0), 500, 0),
        (CommentsWanted(per_post=10_000, more_requests=3), 800, 3),
        (CommentsWanted(per_post=1, more_requests=3), 1, 0),
    ],
)
def test_the_budget_is_kept(ask: Ask, wanted: CommentsWanted, comments: int, requests: int) -> None:
    with RedditServer(site("wide", 1_200)) as server:
        came = ask(server, THREAD, comments=wanted)
        assert server.counts()["/api/morechildren"] == requests
    assert len(came.keys()) == len(set(came.keys())) == comments


def test_the_first_comments_of_the_sort_come(ask: Ask) -> None:
    held = site("wide", 1_200)
    with RedditServer(held) as server:
        came = ask(server, THREAD, comments=CommentsWanted(per_post=650, more_requests=9))
    best = sorted(held.comments.values(), key=lambda data: (-data["score"], data["id"]))
    assert came.keys() == [data["id"] for data in best[:650]]


@pytest.mark.parametrize("depth", [1, 3])
def test_replies_below_the_wanted_depth_stay_away(ask: Ask, depth: int) -> None:
    held = site("mixed", 900)
    with RedditServer(held) as server:
        came = ask(server, THREAD, comments=CommentsWanted(per_post=10_000, more_requests=1_000, depth=depth))
    expected = [key for key, data in held.comments.items() if held.depth(data) < depth]
    assert sorted(came.keys()) == sorted(expected)


def test_whoever_goes_on_with_a_thread_it_ends_the_same(fetcher: Made) -> None:
    with RedditServer(site("mixed", 1_500)) as server:
        whole = drain(fetcher(server, comments=ALL), THREAD)
        item, keys = THREAD[0], []
        while True:
            ((_, outcome),) = fetcher(server, comments=ALL).fetch([item])
            assert isinstance(outcome, GoesOn | Done)
            keys += [record.key for record in outcome.records]
            if isinstance(outcome, Done):
                break
            item = item._replace(detail=outcome.detail)
    assert keys == whole.keys()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"removed_by_category": "moderator", "selftext": "[removed]"}, Absent.REMOVED),
        ({"removed_by_category": "deleted", "author": "[deleted]"}, Absent.DELETED),
    ],
)
def test_the_thread_of_a_post_that_was_taken_back_stays_away(ask: Ask, changes: dict[str, Any], reason: Absent) -> None:
    held = site("wide", 5)
    held.submissions[POST] |= changes
    with RedditServer(held) as server:
        came = ask(server, THREAD, comments=ALL)
    assert reason_of(came[POST]) is reason
    assert came.keys() == [POST]


@pytest.mark.parametrize("closed", ["private", "banned", "quarantined"])
def test_a_thread_in_a_subreddit_that_closed_is_absent(ask: Ask, closed: str) -> None:
    held = site("wide", 5)
    held.closed["pics"] = closed
    with RedditServer(held) as server:
        came = ask(server, [*THREAD, Item(RedditItem.COMMENTS, "zzz"), Item(RedditItem.COMMENTS, "../x")], comments=ALL)
    assert [reason_of(came[key]) for key in (POST, "zzz", "../x")] == [
        *(Absent(closed), Absent.NOT_FOUND, Absent.NOT_FOUND)
    ]


@pytest.mark.parametrize("status", [403, 404])
def test_comments_that_went_meanwhile_do_not_take_the_thread_with_them(ask: Ask, status: int) -> None:
    with RedditServer(site("wide", 1_200)) as server:
        server.faults.append(Fault("/api/morechildren", status, b'{"message": "Gone"}'))
        came = ask(server, THREAD, comments=ALL)
    assert is_done(came[POST])
    assert len(came.records) == 1_100


def test_comments_of_people_who_left_come_as_reddit_shows_them(ask: Ask) -> None:
    held = site("wide", 3)
    first, second, third = held.comments.values()
    first |= {"author": "[deleted]", "body": "[deleted]"}
    second |= {"author": "[deleted]", "body": "[removed]", "collapsed_reason_code": "DELETED"}
    third |= {"author": "[deleted]", "author_fullname": None}
    with RedditServer(held) as server:
        came = ask(server, THREAD, comments=ALL)
    told = {record.key: json.loads(record.data) for record in came.records}
    assert [told[data["id"]]["body"] for data in (first, second)] == ["[deleted]", "[removed]"]
    assert told[third["id"]]["body"].startswith("&gt; it says 2")


_STUB = {"kind": "more", "data": {"children": ["../x"], "count": 1, "parent_id": f"t3_{POST}"}}
_LISTED: dict[str, Any] = {"kind": "Listing", "data": {"children": [], "after": None}}
_TOLD = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": POST}}]}}
_OTHER = {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "other"}}]}}


@pytest.mark.parametrize(
    "answer",
    [
        *(None, [], {}, [_LISTED], [_LISTED, _LISTED], [_OTHER, _LISTED], [_TOLD, None], [_TOLD, _TOLD, _TOLD]),
        [_TOLD, {"kind": "Listing", "data": {"children": [_STUB]}}],
        [_TOLD, {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"id": "a", "replies": 5}}]}}],
    ],
)
def test_an_answer_that_is_no_thread_fails_and_others_come(ask: Ask, answer: Any) -> None:
    held = made_up(2, comments=lambda _: 3)
    with RedditServer(held) as server:
        server.faults.append(Fault(f"/comments/{POST}", 200, json.dumps(answer).encode()))
        came = ask(server, [*THREAD, Item(RedditItem.COMMENTS, post_id(1))], comments=ALL)
    assert "Reddit's answer is not" in getattr(came[POST], "error", "")
    assert len(came.records) == 3


@pytest.mark.parametrize("answer", [b"null", b"[]", b'{"json": {"errors": [["X", "y", "z"]]}}', b'{"json": null}'])
def test_more_comments_that_do_not_come_are_asked_for_again(fetcher: Made, answer: bytes) -> None:
    with RedditServer(site("wide", 1_200)) as server:
        asking = fetcher(server, comments=ALL)
        ((item, first),) = asking.fetch(THREAD)
        assert isinstance(first, GoesOn)
        server.faults.append(Fault("/api/morechildren", 200, answer))
        again = [item._replace(detail=first.detail)]
        ((_, failed),) = asking.fetch(again)
        assert "Reddit's answer is not a list of comments" in getattr(failed, "error", "")
        assert len(drain(asking, again).records) == 700


def test_a_stub_that_names_itself_for_ever_ends_with_the_budget(ask: Ask) -> None:
    stub = {"kind": "more", "data": {"children": ["zzz"], "count": 1, "parent_id": f"t3_{POST}", "id": "zzz"}}
    answer = json.dumps({"json": {"errors": [], "data": {"things": [stub]}}}).encode()
    with RedditServer(site("wide", 700)) as server:
        server.faults.append(Fault("/api/morechildren", 200, answer, times=1_000))
        came = ask(server, THREAD, comments=CommentsWanted(per_post=10_000, more_requests=5))
        assert server.counts()["/api/morechildren"] == 5
    assert is_done(came[POST])
