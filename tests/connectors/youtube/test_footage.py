"""Files of videos: yt-dlp's downloads from a made-up site, into the store."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from blift.connectors.fetch.items import Done, Failed, Item, NotThere
from blift.connectors.media.ffmpeg import program
from blift.connectors.web.manners import Budget, BudgetSpent, Manners
from blift.connectors.youtube.config import FootageWanted
from blift.connectors.youtube.kinds import YoutubeItem
from blift.schemas.reasons import Absent
from tests.connectors.youtube.conftest import ID, Ask
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer

ITEM = Item(YoutubeItem.FOOTAGE, ID)


def rendered(folder: Path, name: str, *options: str) -> bytes:
    path = folder / name
    subprocess.run([program(), "-v", "error", "-y", *options, str(path)], check=True)
    return path.read_bytes()


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    source = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=10:duration=1", "-pix_fmt", "yuv420p")
    return rendered(tmp_path, "clip.mp4", *source)


@pytest.fixture
def streams(tmp_path: Path, clip: bytes) -> tuple[bytes, bytes]:
    source = ("-f", "lavfi", "-i", "sine=frequency=440:duration=1", "-c:a", "aac")
    return clip, rendered(tmp_path, "sound.m4a", *source)


def footage(folder: Path, **limits: float) -> FootageWanted:
    wanted = {"max_height": 480, "max_bytes": 10_000_000, "max_duration_s": 500.0, **limits}
    return FootageWanted(store=str(folder / "store"), partial=str(folder / "partial"), **wanted)  # type: ignore[arg-type]


def left(folder: Path) -> list[Path]:
    return [path for path in (folder / "partial").rglob("*") if path.is_file()]


def test_the_file_of_a_video_goes_to_the_store(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    outcome = ask(MadeUp([Video(ID, file=clip)]), ITEM, footage=footage(tmp_path))
    assert isinstance(outcome, Done), outcome
    (stored,) = outcome.files
    assert (stored.address, stored.content_type, stored.size_bytes) == (f"youtube:{ID}", "video/mp4", len(clip))
    assert (stored.sha256, stored.name[:9]) == (hashlib.sha256(clip).hexdigest(), f"files/{stored.sha256[:2]}/")
    assert (tmp_path / "store" / stored.name).read_bytes() == clip
    assert list((tmp_path / "partial").iterdir()) == []


def test_equal_streams_make_equal_files(ask: Ask, tmp_path: Path, streams: tuple[bytes, bytes]) -> None:
    site = MadeUp([Video(ID, streams=streams), Video("madeup00002", streams=streams)])
    digests = set()
    for number, video_id in enumerate((ID, ID, "madeup00002")):
        folder = tmp_path / str(number)
        outcome = ask(site, Item(YoutubeItem.FOOTAGE, video_id), footage=footage(folder))
        assert isinstance(outcome, Done), outcome
        assert outcome.files[0].content_type == "video/mp4"
        digests.add(outcome.files[0].sha256)
    assert len(digests) == 1
    shown = subprocess.run(
        [program(), "-i", str(folder / "store" / outcome.files[0].name)], capture_output=True, text=True, check=False
    )
    assert "Video: h264" in shown.stderr
    assert "Audio: aac" in shown.stderr


def test_a_file_that_is_too_large_is_left_alone(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    outcome = ask(MadeUp([Video(ID, file=clip)]), ITEM, footage=footage(tmp_path, max_bytes=100))
    assert isinstance(outcome, NotThere)
    assert outcome.reason is Absent.TOO_MANY_BYTES
    assert not (tmp_path / "store").exists()
    assert left(tmp_path) == []


@pytest.mark.parametrize("says_length", [True, False])
def test_a_file_that_turns_out_too_large_is_dropped(ask: Ask, tmp_path: Path, says_length: bool) -> None:
    body = Answer(b"x" * 300_000, says_length=says_length)
    site = MadeUp([Video(ID, file=b"x")], {"/videoplayback": [body] * 9})
    outcome = ask(site, ITEM, footage=footage(tmp_path, max_bytes=100_000))
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.TOO_MANY_BYTES
    assert left(tmp_path) == []


def test_no_format_within_the_limits_is_a_reason(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    outcome = ask(MadeUp([Video(ID, file=clip)]), ITEM, footage=footage(tmp_path, max_height=240))
    assert outcome == NotThere(Absent.NO_MEDIA, "no format within the limits of the recipe")


def test_what_is_no_video_does_not_get_into_the_store(ask: Ask, tmp_path: Path) -> None:
    site = MadeUp([Video(ID, file=b"<html>")], {"/videoplayback": [Answer("<html>sign in</html>")] * 9})
    outcome = ask(site, ITEM, footage=footage(tmp_path))
    assert isinstance(outcome, NotThere), outcome
    assert outcome.reason is Absent.NOT_MEDIA
    assert not (tmp_path / "store").exists()


def test_a_download_that_broke_off_goes_on_where_it_was(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    cut = Answer(clip, headers=(("Accept-Ranges", "bytes"),), breaks_off=len(clip) // 2)
    site = MadeUp([Video(ID, file=clip)], {"/videoplayback": [cut, *[Answer("", 500)] * 20]})
    first = ask(site, ITEM, footage=footage(tmp_path))
    assert isinstance(first, Failed), first
    (part,) = left(tmp_path)
    begun = part.stat().st_size
    assert 0 < begun <= len(clip) // 2
    ranges: list[str] = []
    proper = MadeUp(site.videos)
    then = ask(lambda request: ranges.append(request.range) or proper(request), ITEM, footage=footage(tmp_path))  # type: ignore[func-returns-value]
    assert isinstance(then, Done), then
    assert (tmp_path / "store" / then.files[0].name).read_bytes() == clip
    assert f"bytes={begun}-" in "".join(ranges)


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (("LOGIN_REQUIRED", "Private video"), Absent.PRIVATE),
        (("UNPLAYABLE", "The following content is not available on this app."), Absent.NO_MEDIA),
    ],
)
def test_a_video_that_is_not_played_has_no_file(
    ask: Ask, tmp_path: Path, refusal: tuple[str, ...], reason: Absent
) -> None:
    outcome = ask(MadeUp([Video(ID, refusal=refusal)]), ITEM, footage=footage(tmp_path))
    assert isinstance(outcome, NotThere), outcome
    assert (outcome.reason, left(tmp_path)) == (reason, [])


def test_a_video_whose_formats_are_hidden_from_us_is_no_absence(ask: Ask, tmp_path: Path) -> None:
    outcome = ask(MadeUp([Video(ID)]), ITEM, footage=footage(tmp_path))
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith("YouTube gives no formats to us.")


def test_too_many_requests_for_a_file_say_nothing_of_it(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    site = MadeUp([Video(ID, file=clip)], {"/videoplayback": [Answer("", 429, (("Retry-After", "120"),))]})
    outcome = ask(site, ITEM, footage=footage(tmp_path))
    assert isinstance(outcome, Failed)
    assert (outcome.wait_s, outcome.counts) == (120.0, False)


def test_a_budget_of_bytes_counts_files(ask: Ask, tmp_path: Path, clip: bytes) -> None:
    manners = Manners(str(tmp_path / "limited"), Budget(received=len(clip)))
    manners.begin()
    outcome = ask(MadeUp([Video(ID, file=clip)]), ITEM, manners=manners, footage=footage(tmp_path))
    assert isinstance(outcome, Done)
    assert manners.spent()[1] > len(clip)
    with pytest.raises(BudgetSpent):
        ask(MadeUp([Video(ID, file=clip)]), ITEM, manners=manners, footage=footage(tmp_path))


def test_footage_is_asked_for_where_it_is_short_enough(ask: Ask, tmp_path: Path) -> None:
    wanted = footage(tmp_path, max_duration_s=99.0)
    long = ask(MadeUp([Video(ID, duration_s=100)]), footage=wanted)
    short = ask(MadeUp([Video(ID, duration_s=99)]), footage=wanted)
    assert isinstance(long, Done)
    assert isinstance(short, Done)
    assert (list(long.found), list(short.found)) == ([], [ITEM])
    assert json.loads(short.records[0].data)["duration"] == 99
