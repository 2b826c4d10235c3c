"""Channels, playlists and searches, page by page, on a made-up site."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, NotThere, Outcome
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.lists import PAGE, list_address
from blift.connectors.youtube.live import YoutubeFetcher
from blift.schemas.reasons import Absent
from tests.connectors.youtube.conftest import Ask, config_of
from tests.youtube_server.lists import CHANNEL, PLAYLIST
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, YoutubeServer

MANY = [Video(f"madeup{number:05d}") for number in range(250)]
KINDS = [CHANNEL, "@madeup", PLAYLIST, f"https://www.youtube.com/channel/{CHANNEL}", "ytsearch999:made up"]


@contextmanager
def fetcher(server: YoutubeServer, folder: Path, **options: object) -> Iterator[YoutubeFetcher]:
    with closing(YoutubeFetcher(config_of(server, **options), Manners(str(folder / "manners")))) as made:
        yield made


def asked(fetcher: YoutubeFetcher, item: Item) -> Outcome:
    ((_, outcome),) = fetcher.fetch([item])
    return outcome


def all_of(fetcher: YoutubeFetcher, item: Item) -> list[str]:
    found = []
    while True:
        outcome = asked(fetcher, item)
        assert isinstance(outcome, Done | GoesOn), outcome
        found += [video.key for video in outcome.found]
        if isinstance(outcome, Done):
            return found
        item = item._replace(detail=outcome.detail)


@pytest.mark.parametrize("key", KINDS)
def test_a_list_is_all_its_videos_in_their_order(tmp_path: Path, key: str) -> None:
    with YoutubeServer(MadeUp(MANY)) as server, fetcher(server, tmp_path) as one:
        assert all_of(one, Item(YoutubeItem.PLAYLIST, key)) == [video.video_id for video in MANY]


@pytest.mark.parametrize("key", KINDS)
def test_a_list_is_asked_for_a_page_at_a_time(tmp_path: Path, key: str) -> None:
    with YoutubeServer(MadeUp(MANY)) as server, fetcher(server, tmp_path) as one:
        outcome = asked(one, Item(YoutubeItem.PLAYLIST, key))
        assert isinstance(outcome, GoesOn)
        assert (len(outcome.found), outcome.detail) == (PAGE, '{"seen": 100, "found": 100}')
        assert len(server.asked) <= 5  # 30 videos a page
        before = len(server.asked)
        asked(one, Item(YoutubeItem.PLAYLIST, key, outcome.detail))
        assert len(server.asked) - before <= 4  # and it goes on where it was


def test_a_list_goes_on_after_a_kill(tmp_path: Path) -> None:
    with YoutubeServer(MadeUp(MANY)) as server:
        with fetcher(server, tmp_path) as one:
            first = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST))
        assert isinstance(first, GoesOn)
        with fetcher(server, tmp_path) as another:
            rest = all_of(another, Item(YoutubeItem.PLAYLIST, PLAYLIST, first.detail))
    assert [video.key for video in first.found] + rest == [video.video_id for video in MANY]


def test_the_limit_holds_over_pages_and_kills(tmp_path: Path) -> None:
    with YoutubeServer(MadeUp(MANY)) as server:
        with fetcher(server, tmp_path, per_list=130) as one:
            first = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST))
        assert isinstance(first, GoesOn)
        with fetcher(server, tmp_path, per_list=130) as another:
            then = asked(another, Item(YoutubeItem.PLAYLIST, PLAYLIST, first.detail))
    assert isinstance(then, Done)
    assert (len(first.found), len(then.found)) == (100, 30)


def test_a_limit_ends_the_asking(tmp_path: Path) -> None:
    with YoutubeServer(MadeUp(MANY)) as server, fetcher(server, tmp_path, per_list=3) as one:
        assert all_of(one, Item(YoutubeItem.PLAYLIST, PLAYLIST)) == [video.video_id for video in MANY[:3]]
        assert len(server.asked) == 1


def test_two_lists_at_a_time_keep_apart(tmp_path: Path) -> None:
    with YoutubeServer(MadeUp(MANY)) as server, fetcher(server, tmp_path) as one:
        first = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST))
        other = all_of(one, Item(YoutubeItem.PLAYLIST, CHANNEL))
        assert isinstance(first, GoesOn)
        rest = all_of(one, Item(YoutubeItem.PLAYLIST, PLAYLIST, first.detail))
    assert len(other) == len(first.found) + len(rest) == len(MANY)


def test_a_page_that_breaks_off_is_not_the_end(tmp_path: Path) -> None:
    site = MadeUp(MANY, {"/browse": [Answer("", 500)] * 2})
    with YoutubeServer(site) as server, fetcher(server, tmp_path) as one:
        first = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST))
        assert isinstance(first, GoesOn)
        assert len(first.found) == 30
        rest = all_of(one, Item(YoutubeItem.PLAYLIST, PLAYLIST, first.detail))
    assert len(rest) == 220
    for answer in (Answer("", 500), Answer({})):
        site = MadeUp(MANY, {"/playlist": [Answer("", 500)] * 9, "/resolve_url": [answer] * 9})
        with YoutubeServer(site) as server, fetcher(server, tmp_path) as one:
            assert isinstance(asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST)), Failed)


def test_an_empty_page_is_not_the_end_either(tmp_path: Path) -> None:
    site = MadeUp(MANY, {"/browse": [Answer({"responseContext": {}})] * 9})
    with YoutubeServer(site) as server, fetcher(server, tmp_path) as one:
        first = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST))
        assert isinstance(first, GoesOn)
        then = asked(one, Item(YoutubeItem.PLAYLIST, PLAYLIST, first.detail))
    assert then == Failed("Incomplete data received")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("The playlist does not exist.", Absent.NOT_FOUND),
        ("This account has been terminated for a violation of YouTube's Terms of Service.", Absent.BANNED),
        ("This channel is private.", Absent.PRIVATE),
    ],
)
def test_why_a_list_is_absent(ask: Ask, said: str, reason: Absent) -> None:
    outcome = ask(MadeUp(MANY, alert=said), Item(YoutubeItem.PLAYLIST, PLAYLIST))
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is reason


def test_a_channel_that_is_not_there_is_absent(ask: Ask) -> None:
    outcome = ask(MadeUp([]), Item(YoutubeItem.PLAYLIST, "https://www.youtube.com/@nobody/videos"))
    assert isinstance(outcome, NotThere)
    assert outcome.reason is Absent.NOT_FOUND


@pytest.mark.parametrize("key", ["https://vimeo.com/123", "file:///etc/passwd", "made up", "http://127.0.0.1/x"])
def test_what_is_no_list_of_youtubes_is_told_and_not_asked_for(tmp_path: Path, key: str) -> None:
    with YoutubeServer(MadeUp([])) as server, fetcher(server, tmp_path) as one:
        outcome = asked(one, Item(YoutubeItem.PLAYLIST, key))
        assert outcome == NotThere(Absent.NOT_FOUND, f"{key} is no channel, playlist or search of YouTube")
        assert server.asked == []


def test_videos_of_another_time_are_left_out(ask: Ask) -> None:
    posted = ["3 hours ago", "3 weeks ago", "2 months ago", "1 year ago", "5 years ago", "sometime"]
    site = MadeUp([Video(f"madeup{number:05d}", posted=text) for number, text in enumerate(posted)])
    day_s = 86_400.0

    def found(**times: float) -> list[str]:
        outcome = ask(site, Item(YoutubeItem.PLAYLIST, CHANNEL), **times)
        assert isinstance(outcome, Done)
        return [posted[int(video.key[-5:])] for video in outcome.found]

    now = time.time()
    assert found(posted_from=now - 30 * day_s) == ["3 hours ago", "3 weeks ago", "sometime"]
    # "1 year ago" may be nearly two years.
    assert found(posted_before=now - 1.5 * 365 * day_s) == ["1 year ago", "5 years ago", "sometime"]
    assert found(posted_before=now - 40 * day_s) == ["2 months ago", "1 year ago", "5 years ago", "sometime"]


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("@kurzgesagt", "https://www.youtube.com/@kurzgesagt/videos"),
        (CHANNEL, f"https://www.youtube.com/channel/{CHANNEL}/videos"),
        (PLAYLIST, f"https://www.youtube.com/playlist?list={PLAYLIST}"),
        ("ytsearch50:cats", "ytsearch50:cats"),
        ("https://www.youtube.com/@kurzgesagt/shorts", "https://www.youtube.com/@kurzgesagt/shorts"),
    ],
)
def test_a_list_may_be_named_shortly(key: str, address: str) -> None:
    assert list_address(key) == address
