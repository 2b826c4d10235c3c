"""Listings: all pages, each once, within the window, up to Reddit's end; and subreddits that are not open."""

from __future__ import annotations

import json
import time

import pytest

from blift.connectors.fetch.items import Done, GoesOn, Item
from blift.connectors.reddit.config import CommentsWanted
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.listing_keys import Listing, listing_of
from blift.schemas.errors import RecipeError
from blift.schemas.reasons import Absent
from tests.connectors.reddit.conftest import Ask, Came, Made, is_done, reason_of
from tests.reddit_server import Fault, RedditServer, made_up
from tests.reddit_server.made_up import EVERY_S, FIRST_AT, post_id


def listing(key: str, detail: str = "{}") -> list[Item]:
    return [Item(RedditItem.LISTING, key, detail)]


def numbered(*numbers: int) -> list[str]:
    return [post_id(number) for number in numbers]


def note_of(came: Came, key: str) -> str:
    outcome = came[key]
    assert isinstance(outcome, Done)
    return outcome.note


@pytest.mark.parametrize("posts", [1, 100, 101, 350])
def test_all_pages_come_each_post_once(ask: Ask, posts: int) -> None:
    with RedditServer(made_up(posts)) as server:
        came = ask(server, listing("pics/new"))
        assert server.counts()["/r/pics/new"] == came.asked == -(-posts // 100)
        assert server.violations == []
    assert came.keys() == numbered(*reversed(range(posts)))
    assert note_of(came, "pics/new") == ""


def test_a_page_says_where_to_go_on_and_another_fetcher_does(fetcher: Made) -> None:
    with RedditServer(made_up(250)) as server:
        ((_, first),) = fetcher(server).fetch(listing("pics/new"))
        assert isinstance(first, GoesOn)
        assert json.loads(first.detail) == {"after": f"t3_{post_id(150)}", "seen": 100}
        ((_, second),) = fetcher(server).fetch(listing("pics/new", first.detail))
    assert isinstance(second, GoesOn)
    keys = [record.key for part in (first, second) for record in part.records]
    assert keys == numbered(*range(249, 49, -1))


def test_threads_are_found_of_posts_that_have_comments_and_stand(ask: Ask) -> None:
    site = made_up(20, plain=False)
    with RedditServer(site) as server:
        came = ask(server, listing("pics/hot"), comments=CommentsWanted())
        assert ask(server, listing("pics/hot")).found == []
    withdrawn, silent = numbered(9, 11), numbered(0, 7, 14)
    expected = set(numbered(*range(20))) - {*withdrawn, *silent}
    assert set(came.found) == {Item(RedditItem.COMMENTS, key) for key in expected}
    assert len(came.records) == 20


def test_paging_ends_where_posts_are_older_than_the_window(ask: Ask) -> None:
    window = {"posted_from": FIRST_AT + 700 * EVERY_S, "posted_before": FIRST_AT + 880 * EVERY_S}
    with RedditServer(made_up(900)) as server:
        came = ask(server, listing("pics/new"), **window)
        assert server.counts()["/r/pics/new"] == 3
        assert ask(server, listing("pics/top/all"), **window).asked == 9
    assert came.keys() == numbered(*range(879, 699, -1))


@pytest.mark.long
def test_a_listing_that_ends_where_reddits_listings_end_says_so(ask: Ask) -> None:
    with RedditServer(made_up(1_100)) as server:
        came = ask(server, listing("pics/new"))
    assert len(came.records) == 1_000
    assert note_of(came, "pics/new").startswith("Reddit's listings end at 1,000 posts")


def test_a_search_takes_the_words_and_the_shortest_window_that_reaches_back(ask: Ask) -> None:
    with RedditServer(made_up(30)) as server:
        came = ask(server, listing("pics/search/market <7>"))
        assert came.keys() == numbered(7)
        ask(server, listing("pics/search/market"), posted_from=time.time() - 2 * 86_400)
        asked = [one.fields for one in server.asked if one.path == "/r/pics/search"]
        assert server.violations == []
    assert [(fields["t"], fields["sort"], fields["restrict_sr"]) for fields in asked] == [
        ("all", "new", "1"),
        ("week", "new", "1"),
    ]


@pytest.mark.parametrize("closed", ["private", "banned", "quarantined", "gold_only"])
def test_a_subreddit_that_is_not_open_is_absent_and_others_come(ask: Ask, closed: str) -> None:
    site = made_up(3)
    site.closed["closed"] = closed
    with RedditServer(site) as server:
        came = ask(server, listing("closed/new") + listing("pics/new") + listing("nosuchsub/new"))
    absent = {"gold_only": Absent.MEMBERS_ONLY}.get(closed) or Absent(closed)
    assert reason_of(came["closed/new"]) is absent
    assert is_done(came["pics/new"])
    assert reason_of(came["nosuchsub/new"]) is Absent.NOT_FOUND


@pytest.mark.parametrize(
    "answer",
    [
        *(b"null", b"{}", b"[]", b'"text"', b'{"kind": "t5", "data": {}}', b'{"kind": "Listing", "data": null}'),
        *(b'{"kind": "Listing", "data": {"after": 5, "children": []}}', b'{"kind": "Listing", "data": {}}'),
        b'{"kind": "Listing", "data": {"children": [5]}}',
        b'{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "../x"}}]}}',
        *(b"<html>An error of ours</html>", b'{"kind": "Listing", "da', b"[" * 100_000, b"", b"\xff\xfe"),
        b'{"kind": "Listing", "data": {"children": [], "n": ' + b"9" * 5_000 + b"}}",
    ],
)
def test_an_answer_in_another_shape_fails_and_other_items_go_on(ask: Ask, answer: bytes) -> None:
    with RedditServer(made_up(3)) as server:
        server.faults.append(Fault("/r/pics/hot", 200, answer))
        came = ask(server, listing("pics/hot") + listing("pics/new"))
    assert "Reddit's answer is no" in getattr(came["pics/hot"], "error", "")
    assert len(came.records) == 3


def test_a_page_that_leads_to_itself_ends(ask: Ask) -> None:
    page = json.dumps({"kind": "Listing", "data": {"after": "t3_a", "children": [{"kind": "t3", "data": {"id": "a"}}]}})
    with RedditServer(made_up(0)) as server:
        server.faults.append(Fault("/r/pics/new", 200, page.encode(), times=10))
        assert ask(server, listing("pics/new")).asked == 2


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("pics/new", Listing("pics", "new")),
        ("/r/pics/top", Listing("pics", "top", "all")),
        ("pics+aww/top/year", Listing("pics+aww", "top", "year")),
        ("u_name/hot", Listing("u_name", "hot")),
        ("videos/search/cat video", Listing("videos", "search", words="cat video")),
        ("videos/search/url:youtu.be/x", Listing("videos", "search", words="url:youtu.be/x")),
    ],
)
def test_a_listing_is_named_by_its_key(key: str, expected: Listing) -> None:
    assert listing_of(key) == expected
    assert listing_of(expected.key) == expected
    assert listing_of(expected.key).key == expected.key


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("pics", "'pics' is no listing of Reddit"),
        ("../api/new", "is no listing of Reddit"),
        ("pics/newest", "no listing 'newest', did you mean 'new'"),
        ("pics/top/years", "no window of time, did you mean 'year'"),
        ("pics/new/year", "'new' takes none"),
        ("pics/search/", "names no words"),
    ],
)
def test_a_key_that_is_no_listing_says_what_one_is(key: str, says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        listing_of(key)
