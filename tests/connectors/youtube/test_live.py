"""Records of videos: yt-dlp's own extractor against made-up answers in YouTube's form."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, Outcome
from blift.connectors.files import InputFile
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.connectors.youtube.live import YoutubeFetcher
from blift.connectors.yt_dlp.archive import read_videos
from blift.schemas.platform import YOUTUBE
from tests.connectors.youtube.conftest import ID, Ask, config_of
from tests.youtube_server.lists import CHANNEL
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, Request, YoutubeServer

HEAT = [0.0, 0.25, 1.0, 0.5]


def info_of(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Done | GoesOn), outcome
    found: dict[str, Any] = json.loads(outcome.records[0].data)
    return found


def row_of(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """The row that the archives' reader makes of the record."""
    assert isinstance(outcome, Done), outcome
    path = folder / f"{ID}.info.json"
    path.write_bytes(outcome.records[0].data)
    (chunk,) = read_videos(only=YOUTUBE, files=[InputFile(str(path), path.stat().st_size, path.name)])
    (row,) = chunk.posts.table.to_pylist()
    found: dict[str, Any] = row
    return found


def test_a_record_has_what_youtube_shows(ask: Ask) -> None:
    info = info_of(ask(MadeUp([Video(ID, "Cats & dogs", 200, likes=4_321, heat=HEAT)])))
    assert (info["id"], info["title"], info["duration"]) == (ID, "Cats & dogs", 200)
    assert (info["view_count"], info["like_count"], info["channel_id"]) == (56_789, 4_321, CHANNEL)
    assert (info["categories"], info["timestamp"], info["age_limit"]) == (["Education"], 1_715_004_489, 0)
    assert info["heatmap"] == [
        {"start_time": 50.0 * place, "end_time": 50.0 * (place + 1), "value": value} for place, value in enumerate(HEAT)
    ]


def test_a_record_is_one_line_that_the_archives_reader_takes(ask: Ask, tmp_path: Path) -> None:
    outcome = ask(MadeUp([Video(ID, "Line\u2028 and \U0001f431", 200, heat=[0.5] * 100)]))
    assert isinstance(outcome, Done)
    assert b"\n" not in outcome.records[0].data
    row = row_of(outcome, tmp_path)
    assert (row["post_id"], row["title"], row["likes"]) == (f"youtube:{ID}", "Line\u2028 and \U0001f431", 1_234)
    assert (len(row["replay"]), row["replay_absent"]) == (100, None)


def test_a_video_without_a_replay_graph_says_so_in_its_row(ask: Ask, tmp_path: Path) -> None:
    row = row_of(ask(MadeUp([Video(ID)])), tmp_path)
    assert (row["replay"], row["replay_absent"]) == ([], "not_in_record")


def test_a_record_holds_no_addresses_that_expire(ask: Ask) -> None:
    info = info_of(ask(MadeUp([Video(ID, captions=["en"], file=b"a")])))
    text = json.dumps(info)
    assert "googlevideo" not in text
    assert "timedtext" not in text
    assert info["subtitles"] == {"en": [{"ext": track["ext"]} for track in info["subtitles"]["en"]]}
    assert (info["width"], info["height"]) == (640, 360)


def test_comments_come_in_youtubes_order_up_to_the_budget(ask: Ask) -> None:
    texts = [f"comment number {number}" for number in range(50)]
    info = info_of(ask(MadeUp([Video(ID, comments=texts)]), comments=30))
    assert [comment["text"] for comment in info["comments"]] == texts[:30]


def test_youtubes_own_count_of_comments_is_not_lost(ask: Ask, tmp_path: Path) -> None:
    outcome = ask(MadeUp([Video(ID, comments=["so nice"] * 50)]), comments=30)
    assert row_of(outcome, tmp_path)["num_comments"] == 50


@pytest.mark.parametrize("page", [1, 2, 3])
def test_an_empty_page_of_comments_is_not_the_end_of_them(tmp_path: Path, page: int) -> None:
    site, asked = MadeUp([Video(ID, comments=["so nice"] * 60)]), []

    def answer(request: Request) -> Answer | None:
        if "continuation" in request.body:
            asked.append(request)
        return Answer({}) if "continuation" in request.body and len(asked) >= page else site(request)

    with YoutubeServer(answer) as server:
        fetcher = YoutubeFetcher(config_of(server, comments=50), Manners(str(tmp_path / "manners")))
        with closing(fetcher):
            ((_, outcome),) = fetcher.fetch([Item(YoutubeItem.VIDEO, ID)])
    assert isinstance(outcome, Failed), outcome
    assert outcome.error == "Incomplete data received"


def test_comments_that_are_turned_off_are_known(ask: Ask, tmp_path: Path) -> None:
    assert row_of(ask(MadeUp([Video(ID, comments_off=True)]), comments=30), tmp_path)["comments_disabled"] is True


def test_a_video_without_comments_is_whole(ask: Ask) -> None:
    assert info_of(ask(MadeUp([Video(ID)]), comments=30))["title"] == "A made-up video"


def test_subtitles_are_manual_before_automatic(ask: Ask) -> None:
    outcome = ask(MadeUp([Video(ID, captions=["a.en", "en", "de"], file=b"a")]), subtitles=("en",))
    assert isinstance(outcome, Done)
    (_, subtitles) = outcome.records
    assert subtitles.kind == YoutubeRecord.SUBTITLES
    assert subtitles.key == f"{ID}.en.json3"
    assert json.loads(subtitles.data)["events"][0]["segs"] == [{"utf8": "hello there"}]
    assert subtitles.retrieved_at == outcome.records[0].retrieved_at


def test_automatic_captions_are_those_of_the_spoken_language_alone(ask: Ask) -> None:
    site = MadeUp([Video(ID, captions=["a.de"], translated=["de", "en", "fr"], file=b"a")])
    outcome = ask(site, subtitles=("en", "de"))
    assert isinstance(outcome, Done)
    assert [record.key for record in outcome.records[1:]] == [f"{ID}.de.json3"]
    assert sorted(info_of(outcome)["automatic_captions"]) == ["de", "de-orig"]


def test_a_record_is_kept_when_subtitles_must_wait(ask: Ask, tmp_path: Path) -> None:
    busy = MadeUp([Video(ID, captions=["en"], comments=["nice"], file=b"a")], {"/timedtext": [Answer("", 429)]})
    first = ask(busy, manners=Manners(str(tmp_path / "busy")), subtitles=("en",), comments=5)
    assert isinstance(first, GoesOn)
    (record,) = first.records
    busy.faults = {}
    then = ask(busy, Item(YoutubeItem.VIDEO, ID, first.detail), subtitles=("en",), comments=5)
    assert isinstance(then, Done)
    (subtitles,) = then.records
    assert (subtitles.kind, subtitles.retrieved_at) == (YoutubeRecord.SUBTITLES, record.retrieved_at)


def test_subtitles_that_do_not_come_are_no_endless_matter(ask: Ask) -> None:
    busy = MadeUp([Video(ID, captions=["en"], file=b"a")], {"/timedtext": [Answer("", 500)] * 9})
    first = ask(busy, subtitles=("en",))
    assert isinstance(first, GoesOn)
    assert isinstance(ask(busy, Item(YoutubeItem.VIDEO, ID, first.detail), subtitles=("en",)), Failed)


def test_subtitles_that_nobody_serves_cost_only_themselves(ask: Ask) -> None:
    for answer in (Answer("", 404), Answer("")):
        site = MadeUp([Video(ID, captions=["en"], file=b"a")], {"/timedtext": [answer]})
        outcome = ask(site, subtitles=("en",))
        assert isinstance(outcome, Done)
        assert len(outcome.records) == 1
        assert "en" in info_of(outcome)["subtitles"]
