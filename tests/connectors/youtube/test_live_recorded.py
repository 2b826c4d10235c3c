"""yt-dlp's own extractor against recorded answers: values equal the recordings'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.fetch.archives import write_archives
from blift.connectors.fetch.items import Done, Item
from blift.connectors.fetch.state import State
from blift.connectors.files import InputFile
from blift.connectors.registry import kinds
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.config import YoutubeConfig
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.connectors.youtube.live import YoutubeFetcher
from blift.connectors.yt_dlp.archive import read_videos
from blift.schemas.platform import YOUTUBE
from tests.youtube_server.recorded import Recorded
from tests.youtube_server.server import YoutubeServer

pytestmark = pytest.mark.shared

WEDDING, VITAMIN, DINOSAURS, MUSIC = "7PIMiDcwNvc", "ud9d5cMDP_0", "xaQJbozY_Is", "D00Au7k3i6o"
#: What depends on when and from where it was read. (The archive's record was asked for comments, none of which were
#: recorded, and counts what came.)
ELSEWHERE = {
    "num_comments",
    "comments_disabled",
    "retrieved_at",
    "source",
    "line",
    "width",
    "height",
    "speech",
    "speech_source",
    "media_file",
}


@pytest.fixture(scope="module")
def recorded(shared_data: Path) -> Iterator[YoutubeServer]:
    with YoutubeServer(Recorded(shared_data / "youtube" / "innertube")) as server:
        yield server


def video(server: YoutubeServer, folder: Path, video_id: str) -> Done:
    config = YoutubeConfig(comments=0, subtitles=(), requests_per_minute=None, base_address=server.address)
    fetcher = YoutubeFetcher(config, Manners(str(folder / "manners")))
    with closing(fetcher):
        ((_, outcome),) = fetcher.fetch([Item(YoutubeItem.VIDEO, video_id)])
    assert isinstance(outcome, Done), outcome
    return outcome


def rows(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.rglob("*.info.json"))
    chunks = read_videos(only=YOUTUBE, files=[InputFile(str(path), path.stat().st_size, path.name) for path in files])
    return [row for chunk in chunks for row in chunk.posts.table.to_pylist()]


def test_the_record_has_what_the_answers_say(recorded: YoutubeServer, tmp_path: Path) -> None:
    (record,) = video(recorded, tmp_path, VITAMIN).records
    assert (record.kind, record.key, record.of) == (YoutubeRecord.VIDEO, VITAMIN, VITAMIN)
    info = json.loads(record.data)
    said = Recorded.player(recorded.site, VITAMIN)  # type: ignore[arg-type] # the site of this server
    assert info["title"] == said["videoDetails"]["title"]
    assert info["view_count"] == int(said["videoDetails"]["viewCount"])
    assert info["duration"] == int(said["videoDetails"]["lengthSeconds"])
    assert info["channel_id"] == said["videoDetails"]["channelId"]
    assert (info["like_count"], info["channel"]) == (73117, "MAITHINK X")
    assert len(info["chapters"]) == 7


def test_the_replay_graph_is_that_of_the_answer(recorded: YoutubeServer, tmp_path: Path) -> None:
    (record,) = video(recorded, tmp_path, WEDDING).records
    markers = list(heat_markers(recorded.site.answers[WEDDING, "next"]))  # type: ignore[attr-defined] # of this server
    assert len(markers) == 100
    assert [part["value"] for part in json.loads(record.data)["heatmap"]] == [
        marker["intensityScoreNormalized"] for marker in markers
    ]


def heat_markers(value: Any) -> Iterator[dict[str, Any]]:
    """The markers of a heat map, wherever they stand."""
    if isinstance(value, dict):
        if "intensityScoreNormalized" in value:
            yield value
        else:
            for one in value.values():
                yield from heat_markers(one)
    elif isinstance(value, list):
        for one in value:
            yield from heat_markers(one)


def test_rows_equal_those_of_the_recorded_info_json(recorded: YoutubeServer, tmp_path: Path, shared_data: Path) -> None:
    state = State(str(tmp_path / "c"), kinds())
    item = Item(YoutubeItem.VIDEO, WEDDING)
    state.add([item])
    state.take_in([(item, video(recorded, tmp_path, WEDDING))])
    write_archives(state, str(tmp_path / "c"))
    (collected,) = rows(tmp_path / "c")
    (tmp_path / "archive").mkdir()
    name = f"{WEDDING}.20260702.info.json"
    (tmp_path / "archive" / name).write_bytes((shared_data / "youtube" / "info" / name).read_bytes())
    (archived,) = rows(tmp_path / "archive")
    different = {key for key in archived if archived[key] != collected[key]} - ELSEWHERE
    assert different == set()
    assert len(collected["replay"]) == 100


@pytest.mark.parametrize("video_id", [WEDDING, VITAMIN, DINOSAURS, MUSIC])
def test_every_recorded_video_has_the_likes_and_the_graph_of_its_answer(
    recorded: YoutubeServer, tmp_path: Path, video_id: str
) -> None:
    (record,) = video(recorded, tmp_path, video_id).records
    info = json.loads(record.data)
    (below, *_) = recorded.site.answers[video_id, "next"]  # type: ignore[attr-defined] # of this server
    labels = [text for text in strings(below, "accessibilityText") if text.startswith("like this video along with")]
    likes = [int("".join(filter(str.isdigit, label))) for label in labels]
    assert info["like_count"] == (likes[0] if likes else None)
    values = [marker["intensityScoreNormalized"] for marker in heat_markers(below)]
    assert [part["value"] for part in info["heatmap"] or []] == values
    assert info["title"] in set(strings(below, "text")) | set(strings(below, "simpleText"))


def strings(value: Any, name: str) -> Iterator[str]:
    """All strings under a name, wherever they stand."""
    if isinstance(value, dict):
        if isinstance(value.get(name), str):
            yield value[name]
        for one in value.values():
            yield from strings(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one, name)


#: What of a row YouTube's answer of what stands below a video carries; its player was not recorded.
BELOW = ("title", "likes", "views", "channel_name", "channel_subscribers", "replay", "replay_absent", "posted_at")


def test_what_stands_below_a_video_equals_the_recorded_info_json(
    recorded: YoutubeServer, tmp_path: Path, shared_data: Path
) -> None:
    (record,) = video(recorded, tmp_path, DINOSAURS).records
    (tmp_path / f"{DINOSAURS}.info.json").write_bytes(record.data)
    name = f"{DINOSAURS}.20260702.info.json"
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / name).write_bytes((shared_data / "youtube" / "info" / name).read_bytes())
    archived, collected = rows(tmp_path)
    assert {key: collected[key] for key in BELOW} == {key: archived[key] for key in BELOW}
    assert len(collected["replay"]) == 100
