"""Why a video is absent, by YouTube's words; and what says nothing of the video."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from blift.connectors.fetch.items import Done, Failed, Item, NotThere
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.absence import Blocked, meaning
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.live import YoutubeFetcher
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent
from tests.connectors.youtube.conftest import ID, Ask, config_of
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, YoutubeServer


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (("LOGIN_REQUIRED", "Private video", "Sign in if you've been granted access to this video"), Absent.PRIVATE),
        (("ERROR", "Video unavailable", "This video has been removed by the uploader"), Absent.DELETED),
        (
            ("ERROR", "Video unavailable", "The YouTube account associated with this video has been terminated."),
            Absent.BANNED,
        ),
        (
            ("ERROR", "Video unavailable", "This video is no longer available due to a copyright claim by Somebody"),
            Absent.REMOVED,
        ),
        (("ERROR", "This video has been removed for violating YouTube's Terms of Service"), Absent.REMOVED),
        (
            ("LOGIN_REQUIRED", "Sign in to confirm your age", "This video may be inappropriate for some users."),
            Absent.AGE_RESTRICTED,
        ),
        (
            ("UNPLAYABLE", "Video unavailable", "The uploader has not made this video available in your country"),
            Absent.REGION_BLOCKED,
        ),
        (
            ("UNPLAYABLE", "Join this channel to get access to members-only content like this video"),
            Absent.MEMBERS_ONLY,
        ),
        (("LIVE_STREAM_OFFLINE", "This live event will begin in 5 hours."), Absent.LIVE),
        (("LIVE_STREAM_OFFLINE", "Premieres in 3 days"), Absent.LIVE),
        (("ERROR", "Video unavailable"), Absent.NOT_FOUND),
        (("ERROR", "This video is unavailable"), Absent.NOT_FOUND),
    ],
)  # fmt: skip
def test_why_a_video_is_absent(ask: Ask, refusal: tuple[str, ...], reason: Absent) -> None:
    outcome = ask(MadeUp([Video(ID, refusal=refusal)]))
    assert isinstance(outcome, NotThere), outcome
    assert (outcome.reason, bool(outcome.detail)) == (reason, True)


def test_a_video_that_youtube_does_not_know_is_absent(ask: Ask) -> None:
    outcome = ask(MadeUp([]))
    assert isinstance(outcome, NotThere)
    assert outcome.reason is Absent.NOT_FOUND


@pytest.mark.parametrize("live", ["is_live", "is_upcoming"])
def test_what_is_live_is_absent_with_its_record(ask: Ask, live: str) -> None:
    outcome = ask(MadeUp([Video(ID, live=live)]))
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.LIVE
    assert json.loads(outcome.records[0].data)["live_status"] == live


def test_comments_of_an_absent_video_are_not_asked_for(tmp_path: Path) -> None:
    site = MadeUp([Video(ID, comments=["nice"], refusal=("LOGIN_REQUIRED", "Private video"))])
    with YoutubeServer(site) as server:
        list(YoutubeFetcher(config_of(server, comments=9), Manners(str(tmp_path))).fetch([Item(YoutubeItem.VIDEO, ID)]))
        assert not [request for request in server.asked if "continuation" in request.body]


#: What YouTube has been known to say, and what it means.
SAID = [
    ("Private video. Sign in if you've been granted access to this video. Use --cookies", Absent.PRIVATE),
    ("This playlist is private", Absent.PRIVATE),
    ("Video unavailable. This video is private", Absent.PRIVATE),
    ("Sign in to confirm your age. This video may be inappropriate for some users.", Absent.AGE_RESTRICTED),
    ("This video is age-restricted and only available on YouTube", Absent.AGE_RESTRICTED),
    ("The uploader has not made this video available in your country", Absent.REGION_BLOCKED),
    ("Video unavailable. This video is not available in your country", Absent.REGION_BLOCKED),
    (
        "Video unavailable. This video contains content from X, who has blocked it in your country",
        Absent.REGION_BLOCKED,
    ),
    (
        "Video unavailable. This video contains content from SME, who has blocked it on copyright grounds",
        Absent.REMOVED,
    ),
    (
        "This video is available to this channel's members on level: Friend. Join this channel to get access",
        Absent.MEMBERS_ONLY,
    ),
    ("This video is only available to Music Premium members", Absent.MEMBERS_ONLY),
    ("This video requires payment to watch", Absent.MEMBERS_ONLY),
    ("This live event will begin in 5 hours.", Absent.LIVE),
    ("Premieres in 3 days", Absent.LIVE),
    ("Premiere will begin shortly", Absent.LIVE),
    ("Video unavailable. This video has been removed by the uploader", Absent.DELETED),
    ("This video is no longer available because the uploader has closed their YouTube account.", Absent.DELETED),
    (
        "This video is no longer available because the YouTube account associated with this video has been terminated.",
        Absent.BANNED,
    ),
    ("YouTube said: This account has been terminated for a violation of YouTube's Terms of Service.", Absent.BANNED),
    ("YouTube said: This channel was removed because it violated our Community Guidelines.", Absent.BANNED),
    ("This video has been removed for violating YouTube's policy on hate speech", Absent.REMOVED),
    ("This video is no longer available due to a copyright claim by Somebody", Absent.REMOVED),
    ("YouTube said: The playlist does not exist.", Absent.NOT_FOUND),
    ("The channel/playlist does not exist and the URL redirected to youtube.com home page", Absent.NOT_FOUND),
    ("This channel does not have a shorts tab", Absent.NOT_FOUND),
    ("Video unavailable", Absent.NOT_FOUND),
    ("Video unavailable. This video isn't available anymore", Absent.NOT_FOUND),
    ("Video unavailable. This video is not available", Absent.UNAVAILABLE),
    ("This live stream recording is not available.", Absent.UNAVAILABLE),
    ("This video is DRM protected", Absent.NO_MEDIA),
    ("The following content is not available on this app. Watch on the latest version of YouTube.", Absent.NO_MEDIA),
]  # fmt: skip


@pytest.mark.parametrize(("said", "reason"), SAID)
def test_what_youtube_says_and_means(said: str, reason: Absent) -> None:
    assert meaning(said) is reason
    assert meaning(said.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}").upper()) is reason


@pytest.mark.parametrize(
    "said",
    [
        "Requested format is not available. Use --list-formats for a list of available formats",
        "unable to extract yt initial data",
        "Failed to extract any player response",
        "Incomplete data received",
        "Precondition check failed.",
        "An error occurred. Please try to reload the page.",
        "No video formats found!",
        "HTTP Error 403: Forbidden",
        "",
    ],
)
def test_what_is_not_known_is_no_absence(said: str) -> None:
    assert meaning(said) is None


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("Sign in to confirm you’re not a bot. This helps protect our community.", 900.0),
        ("Please sign in. YouTube is requiring a captcha challenge before playback", 900.0),
        ("All player responses are invalid. Your IP is likely being blocked by Youtube", 900.0),
        ("Video unavailable. This content isn't available, try again later. We have been rate-limited", 3600.0),
        ("HTTP Error 429: Too Many Requests", 3600.0),
    ],
)  # fmt: skip
def test_what_is_about_us_is_no_absence(said: str, wait_s: float) -> None:
    assert meaning(said) == Blocked(wait_s)


def test_words_that_are_not_known_are_a_failure(ask: Ask) -> None:
    outcome = ask(MadeUp([Video(ID, refusal=("ERROR", "Something new", "that nobody has seen"))]))
    assert outcome == Failed("Something new. that nobody has seen")


def test_being_taken_for_a_program_says_nothing_of_the_video(ask: Ask, tmp_path: Path) -> None:
    manners = Manners(str(tmp_path / "shared"))
    refusal = ("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot", "This helps protect our community. Learn more")
    outcome = ask(MadeUp([Video(ID, refusal=refusal)]), manners=manners)
    assert isinstance(outcome, Failed), outcome
    assert "Name a `cookies_file`" in outcome.error
    assert (outcome.wait_s, outcome.counts) == (900.0, False)
    assert manners.pace("youtube", None)._paused_until() > time.time() + 800  # nobody else asks meanwhile


def test_being_taken_for_a_program_again_and_again_ends_it(tmp_path: Path) -> None:
    site = MadeUp([Video(ID, refusal=("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot"))])
    with YoutubeServer(site) as server:
        fetcher = YoutubeFetcher(config_of(server), Manners(str(tmp_path / "shared")))
        fetcher._extractor.pace.pause = lambda _: None  # type: ignore[method-assign] # a pause is a quarter of an hour
        for _ in range(2):
            list(fetcher.fetch([Item(YoutubeItem.VIDEO, ID)]))
        with pytest.raises(FetchError, match=r"YouTube treats these requests as automated.*not a bot"):
            list(fetcher.fetch([Item(YoutubeItem.VIDEO, ID)]))


@pytest.mark.parametrize("path", ["/watch", "/player", "/next"])
@pytest.mark.parametrize("answer", [Answer("", 500), Answer("", 503), Answer("{", breaks_off=0)])
def test_a_server_that_fails_makes_no_absence_and_no_poorer_record(ask: Ask, path: str, answer: Answer) -> None:
    videos = [Video(ID, comments=["nice"])]
    outcome = ask(MadeUp(videos, {path: [answer] * 9}), comments=5)
    assert isinstance(outcome, Failed), outcome
    assert outcome.counts
    assert path in outcome.error
    outcome = ask(MadeUp(videos, {path: [answer]}), comments=5)  # repeated once
    assert isinstance(outcome, Done), outcome


def test_a_page_that_is_not_handed_out_makes_no_poorer_record(ask: Ask) -> None:
    outcome = ask(MadeUp([Video(ID)], {"/watch": [Answer("", 403)]}))
    assert outcome == Failed("HTTP 403 from www.youtube.com/watch.")


@pytest.mark.parametrize(
    "answer", [Answer({"error": {"message": "Precondition check failed."}}, 400), Answer("<html>")]
)
def test_a_player_that_does_not_answer_us_makes_no_poorer_record(ask: Ask, answer: Answer) -> None:
    outcome = ask(MadeUp([Video(ID)], {"/player": [answer] * 9}))
    assert outcome == Failed("YouTube's player does not answer us. A newer yt-dlp may know how to ask")
