"""Live chats and danmaku beside a record become reactions by the second; what cannot be read of them is rejected."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.connector import Records
from blift.connectors.files import InputFile
from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.beside import group_siblings
from blift.connectors.yt_dlp.chats import danmaku, live_chat
from blift.schemas.platform import YOUTUBE, YT_DLP

_ID = "xaQJbozY_Is"


def message(
    second: float, name: str = "", renderer: str = "liveChatTextMessageRenderer", **more: Any
) -> dict[str, Any]:
    """A line of a replayed live chat, as yt-dlp writes it."""
    shown = {"id": name or f"m{second}", "message": {"runs": [{"text": "wow"}]}} | more
    action = {"addChatItemAction": {"item": {renderer: shown}, "clientId": "c"}}
    return {"replayChatItemAction": {"actions": [action], "videoOffsetTimeMsec": str(round(second * 1000))}}


def lines(*rows: Any) -> bytes:
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)


def read(reader: Any, data: bytes) -> tuple[list[float], list[tuple[str, int | None]]]:
    """The seconds, and the detail and line of each reject."""
    rejects: list[tuple[str, int | None]] = []

    def reject(problem: Malformed, line: int | None, _: bytes) -> None:
        rejects.append((problem.detail, line))

    return reader(data, reject), rejects


def xml(*comments: str) -> bytes:
    return f'<?xml version="1.0"?><i><chatid>1</chatid>{"".join(comments)}</i>'.encode()


def said(second: Any, mode: int = 1) -> str:
    return f'<d p="{second},{mode},25,16777215,1700000000,0,abc,1,10">好</d>'


def test_messages_of_viewers_count_and_notices_do_not() -> None:
    data = lines(
        message(3.2),
        message(4, renderer="liveChatPaidMessageRenderer"),
        message(5, renderer="liveChatMembershipItemRenderer"),
        message(6, renderer="liveChatViewerEngagementMessageRenderer"),
        {"clickTrackingParams": "x"},
        {"replayChatItemAction": {"actions": [{"addLiveChatTickerItemAction": {}}], "videoOffsetTimeMsec": "7000"}},
        b"",
    )
    assert read(live_chat, data) == ([3.2, 4.0], [])


def test_a_chat_that_was_recorded_while_it_ran_has_its_times_beside_the_actions() -> None:
    running = message(9)
    running["videoOffsetTimeMsec"] = running["replayChatItemAction"].pop("videoOffsetTimeMsec")
    assert read(live_chat, lines(running | {"isLive": True})) == ([9.0], [])


def test_messages_before_the_stream_twice_or_taken_away_do_not_count() -> None:
    gone = {"markChatItemAsDeletedAction": {"targetItemId": "b"}}
    data = lines(
        message(0, "a", timestampText={"simpleText": "-1:23"}),
        message(-3, "z"),
        message(1, "b"),
        message(2, "c"),
        message(2, "c"),
        {"replayChatItemAction": {"actions": [gone], "videoOffsetTimeMsec": "5000"}},
    )
    assert read(live_chat, data) == ([2.0], [])


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        (b"{", "no JSON object"),
        (b"[1]", "no JSON object"),
        (b"\xff{}", "no JSON object"),
        (b'{"a": ' * 5000, "no JSON object"),
        ({"replayChatItemAction": 3}, "replayChatItemAction is a number, not an object"),
        ({"replayChatItemAction": {"actions": []}}, "there is no videoOffsetTimeMsec"),
        ({"replayChatItemAction": {"actions": 3, "videoOffsetTimeMsec": "1"}}, "actions are a number, not a list"),
        (
            {"replayChatItemAction": {"actions": [3], "videoOffsetTimeMsec": "1"}},
            "an action is a number, not an object",
        ),
        ({"replayChatItemAction": {"actions": [], "videoOffsetTimeMsec": "9" * 40}}, "no number of milliseconds"),
        ({"replayChatItemAction": {"actions": [], "videoOffsetTimeMsec": True}}, "no number of milliseconds"),
        ({"replayChatItemAction": {"actions": [], "videoOffsetTimeMsec": "\u0661"}}, "no number of milliseconds"),
        (b'"' + b"x" * (1 << 20) + b'"', "a line has more than 1,048,576 bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_rejected_and_the_others_count(line: Any, detail: str) -> None:
    seconds, rejects = read(live_chat, lines(message(1), line, message(2)))
    assert seconds == [1.0, 2.0]
    ((found, number),) = rejects
    assert detail in found
    assert number == 2


def test_danmaku_count_where_they_are_shown_and_programs_do_not() -> None:
    data = xml(said(1.5), said("2.75", 4), said(3, 8), said(4, 9), said(60, 7))
    assert read(danmaku, data) == ([1.5, 2.75, 60.0], [])


def test_danmaku_without_a_time_are_rejected() -> None:
    seconds, rejects = read(
        danmaku, xml(said("x"), said("-1"), said("nan"), said("inf"), "<d>x</d>", '<d p="">x</d>', said(1))
    )
    assert seconds == [1.0]
    assert len(rejects) == 6
    assert all(detail.endswith("no time and mode") for detail, _ in rejects)


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE i [<!ENTITY a "b">]><i><d p="1,1">&a;</d></i>',
        b'<!DOCTYPE i SYSTEM "http://127.0.0.1/x"><i/>',
        b'<!DOCTYPE i [<!ENTITY a SYSTEM "file:///etc/passwd">]><i><d p="1,1">&a;</d></i>',
        b'<i><d p="1,1">x</d>',
        b"not XML",
        b"",
        b'<?xml version="1.0" encoding="no-such"?><i/>',
        b'<html><d p="1,1">x</d></html>',
    ],
)
def test_a_file_that_is_no_danmaku_is_rejected_as_a_whole(data: bytes) -> None:
    seconds, rejects = read(danmaku, data)
    assert seconds == []
    assert len(rejects) == 1


@given(st.binary(max_size=200) | st.text("<>/di p=\"',1.&;!DOCTYPE[]", max_size=200).map(str.encode))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    for reader in (live_chat, danmaku):
        seconds, _ = read(reader, data)
        assert all(second >= 0 for second in seconds)


def video(**fields: Any) -> dict[str, Any]:
    return {"id": _ID, "extractor_key": "Youtube", "title": "A stream", "duration": 60} | fields


def archive(folder: Path, record: dict[str, Any], platform: Any = YOUTUBE, **beside: bytes) -> Records:
    path = folder / f"A stream [{_ID}].info.json"
    path.write_text(json.dumps(record))
    for ending, data in beside.items():
        (folder / f"A stream [{_ID}].{ending.replace('__', '.')}").write_bytes(data)
    siblings = group_siblings([str(each) for each in folder.iterdir()])
    (found,) = read_videos([InputFile(str(path), path.stat().st_size, path.name)], siblings, only=platform)
    return found


def test_reactions_of_a_post_are_counted_by_the_second_from_files_beside_its_record(tmp_path: Path) -> None:
    chat = lines(message(1, "a"), message(1.9, "b"), message(30, "c"), message(70, "late"))
    found = archive(tmp_path, video(), live_chat__json=chat, danmaku__xml=xml(said(59.5)), en__vtt=b"WEBVTT\n")
    (post,) = found.posts.table.to_pylist()
    assert post["reactions"] == [
        {"source": "danmaku", "second": 59, "count": 1},
        {"source": "live_chat", "second": 1, "count": 2},
        {"source": "live_chat", "second": 30, "count": 1},
    ]
    assert post["section_start_s"] is None
    assert (found.comments.rows_in, found.comments.rejects.num_rows) == (0, 0)


def test_a_section_has_the_reactions_to_it(tmp_path: Path) -> None:
    section = video(section_start=20, section_end=40)
    (post,) = archive(tmp_path, section, danmaku__xml=xml(said(10), said(25), said(50))).posts.table.to_pylist()
    assert (post["section_start_s"], post["duration_s"]) == (20.0, 20.0)
    assert post["reactions"] == [{"source": "danmaku", "second": 5, "count": 1}]


def test_what_cannot_be_read_is_a_reject_with_its_file_and_line(tmp_path: Path) -> None:
    found = archive(tmp_path, video(), live_chat__json=lines(message(1), b"{"), danmaku__xml=b"<!DOCTYPE i><i/>")
    assert found.comments.rows_in == 2
    rows = found.comments.rejects.to_pylist()
    assert [(row["reason"], row["source"], row["line"]) for row in rows] == [
        ("unreadable_file", f"A stream [{_ID}].danmaku.xml", None),
        ("not_json", f"A stream [{_ID}].live_chat.json", 2),
    ]
    assert rows[1]["detail"].startswith(f"a message on youtube:{_ID}: no JSON object")
    (post,) = found.posts.table.to_pylist()
    assert post["reactions"] == [{"source": "live_chat", "second": 1, "count": 1}]


def test_a_packed_chat_is_unpacked_and_one_that_is_broken_rejected(tmp_path: Path) -> None:
    whole = gzip.compress(lines(message(2)))
    (post,) = archive(tmp_path, video(), live_chat__json__gz=whole).posts.table.to_pylist()
    assert post["reactions"] == [{"source": "live_chat", "second": 2, "count": 1}]
    found = archive(tmp_path, video(), live_chat__json__gz=whole[:-12])
    assert found.comments.rejects.column("reason").to_pylist() == ["truncated_file"]


def test_danmaku_of_another_site_are_read(tmp_path: Path) -> None:
    record = video(
        id="BV1xx411c7mD", extractor_key="BiliBili", webpage_url="https://www.bilibili.com/video/BV1xx411c7mD"
    )
    (post,) = archive(tmp_path, record, YT_DLP, danmaku__xml=xml(said(1), said(1.5))).posts.table.to_pylist()
    assert (post["platform"], post["reactions"]) == ("bilibili", [{"source": "danmaku", "second": 1, "count": 2}])
