from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from connectors.collection.items import Done, Failed, GoesOn, Item, Kind, NotThere, Outcome, RecordKind
from connectors.media.ffmpeg import program
from connectors.web.manners import Budget, BudgetSpent, Manners
from connectors.youtube.absence import Blocked, meaning
from connectors.youtube.config import FootageWanted, YoutubeConfig
from connectors.youtube.live import YoutubeFetcher
from schemas.errors import CollectError
from schemas.reasons import Absent
from tests.youtube_server.made_up import CHANNEL, MadeUp, Video
from tests.youtube_server.server import Answer, YoutubeServer

ID = "madeup00001"
Ask = Callable[..., Outcome]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a site for one item."""

    def of(site: MadeUp, item: Item | None = None, manners: Manners | None = None, **config: object) -> Outcome:
        with YoutubeServer(site) as server:
            options = {"comments": 0, "subtitles": (), "requests_per_minute": None, **config}
            asked = YoutubeConfig(base_address=server.address, **options)  # type: ignore[arg-type] # each as its test says
            fetcher = YoutubeFetcher(asked, manners or Manners(str(tmp_path / "manners")))
            with closing(fetcher):
                ((_, outcome),) = fetcher.fetch([item or Item(Kind.VIDEO, ID)])
            return outcome

    return of


def info_of(outcome: Outcome) -> dict[str, object]:
    assert isinstance(outcome, Done), outcome
    found: dict[str, object] = json.loads(outcome.records[0].data)
    return found


def clip(folder: Path) -> bytes:
    path = folder / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", "-pix_fmt", "yuv420p"]
    subprocess.run([program(), "-v", "error", *source, str(path)], check=True)
    return path.read_bytes()


def test_a_record_has_what_youtube_shows(ask: Ask) -> None:
    heat = [0.0, 0.25, 1.0, 0.5]
    info = info_of(ask(MadeUp([Video(ID, "Cats & dogs", 200, likes=4_321, heat=heat)])))
    assert (info["id"], info["title"], info["duration"]) == (ID, "Cats & dogs", 200)
    assert (info["view_count"], info["like_count"], info["channel_id"]) == (56_789, 4_321, CHANNEL)
    assert info["heatmap"] == [
        {"start_time": 50.0 * place, "end_time": 50.0 * (place + 1), "value": value} for place, value in enumerate(heat)
    ]


def test_a_record_holds_no_addresses_that_expire(ask: Ask, tmp_path: Path) -> None:
    info = info_of(ask(MadeUp([Video(ID, captions=["en"], file=clip(tmp_path))])))
    assert "googlevideo" not in json.dumps(info)
    assert info["subtitles"] == {"en": [{"ext": track["ext"]} for track in info["subtitles"]["en"]]}  # type: ignore[index] # JSON


def test_comments_come_in_youtubes_order_up_to_the_budget(ask: Ask) -> None:
    texts = [f"comment number {number}" for number in range(50)]
    info = info_of(ask(MadeUp([Video(ID, comments=texts)]), comments=30))
    assert [comment["text"] for comment in info["comments"]] == texts[:30]  # type: ignore[attr-defined] # JSON


def test_a_video_without_comments_is_whole(ask: Ask) -> None:
    assert info_of(ask(MadeUp([Video(ID)]), comments=30))["title"] == "A made-up video"


def test_subtitles_are_manual_before_automatic(ask: Ask, tmp_path: Path) -> None:
    file = clip(tmp_path)
    outcome = ask(MadeUp([Video(ID, captions=["a.en", "en", "de"], file=file)]), subtitles=("en",))
    assert isinstance(outcome, Done)
    (_, subtitles) = outcome.records
    assert subtitles.kind is RecordKind.SUBTITLES
    assert subtitles.key == f"{ID}.en.json3"
    assert json.loads(subtitles.data)["events"][0]["segs"] == [{"utf8": "hello there"}]
    assert subtitles.retrieved_at == outcome.records[0].retrieved_at


def test_a_channel_is_a_list_of_videos(ask: Ask) -> None:
    site = MadeUp([Video(f"madeup{number:05d}") for number in range(7)])
    outcome = ask(site, Item(Kind.PLAYLIST, f"https://www.youtube.com/channel/{CHANNEL}/videos"))
    assert isinstance(outcome, Done)
    assert outcome.found == [Item(Kind.VIDEO, f"madeup{number:05d}") for number in range(7)]
    limited = ask(site, Item(Kind.PLAYLIST, "https://www.youtube.com/@madeup/videos"), per_list=3)
    assert isinstance(limited, Done)
    assert len(limited.found) == 3


def test_a_channel_that_is_not_there_is_absent(ask: Ask) -> None:
    outcome = ask(MadeUp([]), Item(Kind.PLAYLIST, "https://www.youtube.com/@nobody/videos"))
    assert isinstance(outcome, NotThere)
    assert outcome.reason is Absent.NOT_FOUND


def footage(folder: Path, **limits: float) -> FootageWanted:
    wanted = {"max_height": 480, "max_bytes": 10_000_000, "max_duration_s": 500.0, **limits}
    return FootageWanted(store=str(folder / "store"), partial=str(folder / "partial"), **wanted)  # type: ignore[arg-type]


def test_the_file_of_a_video_goes_to_the_store(ask: Ask, tmp_path: Path) -> None:
    file = clip(tmp_path)
    outcome = ask(MadeUp([Video(ID, file=file)]), Item(Kind.FOOTAGE, ID), footage=footage(tmp_path))
    assert isinstance(outcome, Done), outcome
    (stored,) = outcome.files
    assert (stored.address, stored.content_type, stored.size_bytes) == (f"youtube:{ID}", "video/mp4", len(file))
    assert (tmp_path / "store" / stored.name).read_bytes() == file
    assert list((tmp_path / "partial").iterdir()) == []


def test_a_file_that_is_too_large_is_left_alone(ask: Ask, tmp_path: Path) -> None:
    site = MadeUp([Video(ID, file=clip(tmp_path))])
    outcome = ask(site, Item(Kind.FOOTAGE, ID), footage=footage(tmp_path, max_bytes=100))
    assert isinstance(outcome, NotThere)
    assert outcome.reason is Absent.TOO_MANY_BYTES
    assert not (tmp_path / "store").exists()


def test_footage_is_asked_for_where_it_is_short_enough(ask: Ask, tmp_path: Path) -> None:
    wanted = footage(tmp_path, max_duration_s=99.0)
    long = ask(MadeUp([Video(ID, duration_s=100)]), footage=wanted)
    short = ask(MadeUp([Video(ID, duration_s=99)]), footage=wanted)
    assert isinstance(long, Done)
    assert isinstance(short, Done)
    assert (list(long.found), list(short.found)) == ([], [Item(Kind.FOOTAGE, ID)])


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


def test_being_taken_for_a_program_says_nothing_of_the_video(ask: Ask) -> None:
    refusal = ("LOGIN_REQUIRED", "Sign in to confirm you’re not a bot", "This helps protect our community. Learn more")
    outcome = ask(MadeUp([Video(ID, refusal=refusal)]))
    assert isinstance(outcome, Failed), outcome
    assert "Name a `cookies_file`" in outcome.error
    assert (outcome.wait_s, outcome.counts) == (900.0, False)


@pytest.mark.parametrize("path", ["/watch", "/player", "/next", "/timedtext"])
def test_too_many_requests_make_everybody_wait(ask: Ask, tmp_path: Path, path: str) -> None:
    manners = Manners(str(tmp_path / "shared"))
    site = MadeUp([Video(ID, captions=["en"], file=b"a")], {path: [Answer("", 429, (("Retry-After", "120"),))]})
    outcome = ask(site, manners=manners, subtitles=("en",), comments=5)
    if path == "/timedtext":  # the record is safe
        assert isinstance(outcome, GoesOn)
    else:
        assert isinstance(outcome, Failed)
        assert (outcome.wait_s, outcome.counts) == (120.0, False)
    assert manners.pace("youtube", None)._paused_until() > time.time() + 60


def test_a_server_that_fails_is_no_absence(ask: Ask) -> None:
    site = MadeUp([Video(ID)], {"/player": [Answer("", 500)] * 50, "/next": [Answer("", 500)] * 50})
    outcome = ask(site)
    assert isinstance(outcome, Failed), outcome
    assert outcome.counts


def test_the_budget_passes_through_the_library(ask: Ask, tmp_path: Path) -> None:
    manners = Manners(str(tmp_path / "limited"), Budget(requests=2))
    manners.begin()
    with pytest.raises(BudgetSpent):
        ask(MadeUp([Video(ID)]), manners=manners)
    assert manners.spent()[0] == 2


def test_cookies_are_read_and_never_written(ask: Ask, tmp_path: Path) -> None:
    cookies = tmp_path / "cookies.txt"
    cookies.write_text("# Netscape HTTP Cookie File\n.youtube.com\tTRUE\t/\tTRUE\t2000000000\tPREF\tsecret\n")
    before = cookies.read_bytes()
    assert isinstance(ask(MadeUp([Video(ID)]), cookies_file=str(cookies)), Done)
    assert cookies.read_bytes() == before


def test_cookies_that_are_not_there_are_told(ask: Ask, tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"Cannot read the cookies in .*nowhere.txt: No such file"):
        ask(MadeUp([Video(ID)]), cookies_file=str(tmp_path / "nowhere.txt"))


@pytest.mark.parametrize("text", ["Requested format is not available", "unable to extract yt initial data", ""])
def test_what_is_about_the_library_is_no_absence(text: str) -> None:
    assert meaning(text) is None


@pytest.mark.parametrize(
    "text", ["HTTP Error 429: Too Many Requests", "Sign in to confirm you’re not a bot", "captcha"]
)
def test_what_is_about_us_is_no_absence(text: str) -> None:
    assert isinstance(meaning(text), Blocked)
