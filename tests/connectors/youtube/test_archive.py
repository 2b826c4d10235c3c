"""info.json files become posts and comments; what cannot be read becomes a reject with its reason."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.connector import Records
from blift.connectors.files import InputFile
from blift.connectors.malformed import PAYLOAD_BYTES
from blift.connectors.youtube.record import archived
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.beside import group_siblings, media_file
from blift.schemas.arrow import conform, validate
from blift.schemas.platform import YOUTUBE
from blift.schemas.registry import SCHEMAS

ID = "xaQJbozY_Is"
HEATMAP = [
    {"start_time": 0.0, "end_time": 5.93, "value": 1.0},
    {"start_time": 5.93, "end_time": 11.86, "value": 0.33164002365941775},
    {"start_time": 11.86, "end_time": 17.79, "value": 0},
]
SECONDS_A_MONTH = 30 * 86_400


def video(**fields: Any) -> dict[str, Any]:
    """A small record as yt-dlp writes it."""
    return {
        "id": ID,
        "_type": "video",
        "extractor_key": "Youtube",
        "title": "What Dinosaurs ACTUALLY Looked Like?",
        "view_count": 13637744,
        "like_count": 554724,
        "epoch": 1721304000,
    } | fields


def comment(number: int, months_ago: int = 1, **fields: Any) -> dict[str, Any]:
    """A comment on the video itself."""
    return {
        "id": f"Ugw{number}",
        "parent": "root",
        "text": "existential dread intensifies",
        "like_count": 21000,
        "author": "@somebody",
        "author_is_uploader": False,
        "timestamp": 1721304000 - months_ago * SECONDS_A_MONTH,
        "is_pinned": False,
    } | fields


def write(folder: Path, content: Any, name: str = f"{ID}.info.json") -> InputFile:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return InputFile(str(path), path.stat().st_size, name)


def read(folder: Path, content: Any, **options: Any) -> Records:
    [chunk] = read_videos(only=YOUTUBE, files=[write(folder, content)], **options)
    return chunk


def post_of(chunk: Records) -> dict[str, Any]:
    assert chunk.posts.rejects.to_pylist() == []
    [post] = chunk.posts.table.to_pylist()
    return dict(post)


def reject_of(chunk: Records) -> dict[str, Any]:
    assert (chunk.posts.rows_in, chunk.posts.table.num_rows, chunk.comments.rows_in) == (1, 0, 0)
    [reject] = chunk.posts.rejects.to_pylist()
    return dict(reject)


def assert_conserves(chunks: Iterable[Records], files: int) -> None:
    chunks = list(chunks)
    for part in [part for chunk in chunks for part in (chunk.posts, chunk.comments)]:
        assert part.rows_in == part.table.num_rows + part.rejects.num_rows
        assert part.rejects.schema == SCHEMAS["reject"]
    assert sum(chunk.posts.rows_in for chunk in chunks) == files
    for chunk in chunks:
        for name, part in (("post", chunk.posts), ("comment", chunk.comments)):
            validate(conform(part.table, SCHEMAS[name]), SCHEMAS[name])
            part.table.validate(full=True)


def test_a_whole_record_becomes_a_post(tmp_path: Path) -> None:
    record = video(
        description="The 12,022 Calendar is sold out",
        tags=["dinosaurs"],
        categories=["Education"],
        channel="Kurzgesagt",
        channel_id="UCsXVk37bltHxD1rDPwtNM8Q",
        channel_follower_count=22600000,
        uploader="kurz",
        duration=593,
        width=640,
        height=360,
        timestamp=1634047200,
        upload_date="20211012",
        language="en-US",
        age_limit=0,
        live_status="not_live",
        availability="public",
        comment_count=31000,
        heatmap=HEATMAP,
        chapters=[
            {"start_time": 0, "end_time": 59, "title": "<Untitled Chapter 1>"},
            {"start_time": 59, "end_time": 230, "title": "My Eyes"},
        ],
    )
    post = post_of(read(tmp_path, record))
    address = f"https://www.youtube.com/watch?v={ID}"
    assert post == post | {
        "post_id": f"youtube:{ID}",
        "platform": "youtube",
        "native_id": ID,
        "permalink": address,
        "url": address,
        "media_urls": [address],
        "media_file": None,
        "width": 640,
        "height": 360,
        "duration_s": 593.0,
        "title": "What Dinosaurs ACTUALLY Looked Like?",
        "text": "The 12,022 Calendar is sold out",
        "tags": ["dinosaurs"],
        "categories": ["Education"],
        "channel_id": "UCsXVk37bltHxD1rDPwtNM8Q",
        "channel_name": "Kurzgesagt",
        "channel_subscribers": 22600000,
        "posted_at": datetime(2021, 10, 12, 14, tzinfo=UTC),
        "retrieved_at": datetime(2024, 7, 18, 12, tzinfo=UTC),
        "language": "en",
        "nsfw": False,
        "live": False,
        "comments_disabled": False,
        "availability": "public",
        "likes": 554724,
        "views": 13637744,
        "num_comments": 31000,
        "replay": [
            {"start_s": 0.0, "end_s": 5.93, "value": 1.0},
            {"start_s": 5.93, "end_s": 11.86, "value": 0.33164002365941775},
            {"start_s": 11.86, "end_s": 17.79, "value": 0.0},
        ],
        "replay_absent": None,
        "chapters": [
            {"start_s": 0.0, "end_s": 59.0, "title": None},
            {"start_s": 59.0, "end_s": 230.0, "title": "My Eyes"},
        ],
        "speech": [],
        "history": [],
        "author_name": "kurz",
        "source": f"{ID}.info.json",
        "line": None,
        "is_self": False,
        "is_gallery": False,
        "is_video": True,
        "has_poll": False,
    }


def test_what_a_record_does_not_tell_is_null(tmp_path: Path) -> None:
    chunk = read(tmp_path, {"id": ID})
    post = post_of(chunk)
    told = {name for name, value in post.items() if value not in (None, [])}
    assert told == {
        "post_id", "platform", "native_id", "permalink", "url", "media_urls", "replay_absent", "source",
        "deleted", "removed", "live", "is_self", "is_gallery", "is_video", "has_poll",
    }  # fmt: skip
    assert post["replay_absent"] == "not_in_record"
    assert_conserves([chunk], files=1)


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ({"channel": None, "uploader": "Veritasium"}, "channel_name", "Veritasium"),
        ({"uploader_id": "UCsXVk37bltHxD1rDPwtNM8Q"}, "channel_id", "UCsXVk37bltHxD1rDPwtNM8Q"),
        ({"uploader_id": "@kurzgesagt"}, "channel_id", None),
        ({"upload_date": "20211012"}, "posted_at", datetime(2021, 10, 12, tzinfo=UTC)),
        ({"release_timestamp": 1634047200}, "posted_at", datetime(2021, 10, 12, 14, tzinfo=UTC)),
        ({"timestamp": 1634047200.25}, "posted_at", datetime(2021, 10, 12, 14, 0, 0, 250000, tzinfo=UTC)),
        ({"live_status": "is_live"}, "live", True),
        ({"live_status": "is_upcoming"}, "live", True),
        ({"live_status": "was_live", "was_live": True}, "live", False),
        ({"live_status": "post_live"}, "live", False),
        ({"is_live": True}, "live", True),
        ({"age_limit": 18}, "nsfw", True),
        ({"language": "und"}, "language", None),
        ({"duration": 0}, "duration_s", None),
        ({"heatmap": HEATMAP}, "duration_s", None),
        ({"description": " \n"}, "text", None),
        ({"title": "a\0b"}, "title", "a\0b"),
        ({"like_count": 12.0}, "likes", 12),
        ({"like_count": None}, "likes", None),
    ],
)
def test_fields(tmp_path: Path, fields: dict[str, Any], column: str, value: Any) -> None:
    assert post_of(read(tmp_path, video(**fields)))[column] == value


@pytest.mark.parametrize(
    ("fields", "num_comments", "disabled"),
    [
        ({}, None, None),
        ({"comment_count": 31000}, 31000, False),  # comments were not asked for: the page's own count
        ({"comment_count": 0, "comments": []}, None, None),  # asked for and none fetched
        ({"comment_count": 1, "comments": [comment(1)]}, None, False),  # the number that was fetched
        ({"comment_count": 31000, "comments": [comment(1)]}, 31000, False),  # more than that
        ({"comment_count": None, "comments": [comment(1)]}, None, False),  # fetching was interrupted
        ({"comment_count": None, "comments": None}, None, True),  # YouTube said that they are turned off
        ({"comments": None}, None, None),
    ],
)
def test_comment_count(tmp_path: Path, fields: dict[str, Any], num_comments: int | None, disabled: bool | None) -> None:
    post = post_of(read(tmp_path, video(**fields)))
    assert (post["num_comments"], post["comments_disabled"]) == (num_comments, disabled)


def changed(marker: int, **values: Any) -> list[dict[str, Any]]:
    return [dict(given, **values) if number == marker else given for number, given in enumerate(HEATMAP)]


@pytest.mark.parametrize(
    "heatmap",
    [
        {"0": HEATMAP[0]},
        "graph",
        [1, 2],
        changed(1, start_time=6.0),  # gap
        changed(1, start_time=5.92),  # overlap
        changed(0, start_time=-1.0),
        changed(2, end_time=11.86),  # no length
        changed(2, end_time=float("inf")),
        changed(0, value=1.001),
        changed(0, value=-0.1),
        changed(0, value=float("nan")),
        changed(0, value="1"),
        changed(0, value=True),
        changed(0, value=None),
        list(reversed(HEATMAP)),
        HEATMAP[:1] + HEATMAP[2:],
    ],
)
def test_a_damaged_replay_graph_costs_only_itself(tmp_path: Path, heatmap: Any) -> None:
    post = post_of(read(tmp_path, video(heatmap=heatmap)))
    assert (post["replay"], post["replay_absent"]) == ([], "malformed")
    assert post["likes"] == 554724


def test_rounding_of_a_replay_graph_is_no_gap(tmp_path: Path) -> None:
    post = post_of(read(tmp_path, video(heatmap=changed(1, start_time=5.9300001))))
    assert [segment["start_s"] for segment in post["replay"]] == [0.0, 5.9300001, 11.86]


@pytest.mark.parametrize(
    ("chapters", "spans", "warnings"),
    [
        ([{"start_time": 0}, {"start_time": 59}], [(0.0, 59.0), (59.0, 60.0)], 0),
        ([{"start_time": 0, "end_time": 10}], [(0.0, 10.0)], 0),
        ([{"start_time": 10, "end_time": 0}], [], 1),
        ([{"start_time": "0:00"}], [], 1),
        ({"start_time": 0}, [], 1),
        ([], [], 0),
        (["Intro"], [], 1),
    ],
)
def test_chapters(tmp_path: Path, chapters: Any, spans: list[tuple[float, float]], warnings: int) -> None:
    chunk = read(tmp_path, video(duration=60, chapters=chapters))
    found = [(chapter["start_s"], chapter["end_s"]) for chapter in post_of(chunk)["chapters"]]
    assert (found, len(chunk.warnings)) == (spans, warnings)


def test_a_last_chapter_without_an_end_needs_a_duration(tmp_path: Path) -> None:
    chapters = [{"start_time": 0, "title": "Intro"}, {"start_time": 59, "title": "My Eyes", "end_time": None}]
    assert post_of(read(tmp_path, video(chapters=chapters)))["chapters"] == [
        {"start_s": 0.0, "end_s": 59.0, "title": "Intro"}
    ]


def test_comments_become_rows(tmp_path: Path) -> None:
    comments = [
        comment(1, months_ago=9, author_is_uploader=True, is_pinned=True),
        comment(2, months_ago=24, like_count=None),
        {**comment(3), "id": "Ugw2.9abc", "parent": "Ugw2"},
        comment(4, months_ago=1),
    ]
    chunk = read(tmp_path, video(comments=comments))
    rows = chunk.comments.table.to_pylist()
    assert rows[0] == rows[0] | {
        "comment_id": "youtube:Ugw1",
        "post_id": f"youtube:{ID}",
        "platform": "youtube",
        "native_id": "Ugw1",
        "text": "existential dread intensifies",
        "posted_at": datetime.fromtimestamp(1721304000 - 9 * SECONDS_A_MONTH, UTC),
        "retrieved_at": datetime(2024, 7, 18, 12, tzinfo=UTC),
        "deleted": False,
        "removed": False,
        "author_name": "@somebody",
        "source": f"{ID}.info.json",
        "line": None,
    }
    told = [(row["parent_id"], row["rank"], row["score"], row["by_poster"]) for row in rows]
    assert told == [
        (None, 0, 21000, True),
        (None, 1, None, False),
        ("youtube:Ugw2", None, 21000, False),
        (None, 2, 21000, False),
    ]
    assert_conserves([chunk], files=1)


@pytest.mark.parametrize(
    ("ages", "ranks"),
    [
        ([1], [0]),
        ([24, 1, 12], [0, 1, 2]),  # an older one above a newer one: not by time
        ([1, 12, 24], [None, None, None]),  # newest first, as yt-dlp sorts unless told otherwise
        ([12, 12, 12], [None, None, None]),  # could be either
    ],
)
def test_only_youtubes_own_order_is_a_rank(tmp_path: Path, ages: Sequence[int], ranks: list[int | None]) -> None:
    comments = [comment(number, months_ago=age) for number, age in enumerate(ages)]
    table = read(tmp_path, video(comments=comments)).comments.table
    assert table.column("rank").to_pylist() == ranks


@pytest.mark.parametrize(
    ("likes", "has_ranks"),
    [
        ([1000, 700, 650, 300, 120, 90, 5], True),
        ([1000, 990, 20, 400, 300, 200, 100, 90, 80, 12, 5], True),
        ([5, 90, 120, 300, 650, 700, 1000], False),  # newest first: old comments had time to be liked
        ([7, 120, 3, 90, 41, 300, 8, 77], False),
        ([0, 0, 0, 0, 0, 0, 0], False),
        ([9, 5, 2], False),  # too few to tell
    ],
)
def test_likes_tell_the_order_of_comments_of_one_age(tmp_path: Path, likes: Sequence[int], has_ranks: bool) -> None:
    comments = [comment(number, like_count=count) for number, count in enumerate(likes)]
    table = read(tmp_path, video(comments=comments)).comments.table
    assert table.column("rank").to_pylist() == (list(range(len(likes))) if has_ranks else [None] * len(likes))


@pytest.mark.parametrize(("order", "ranks"), [("top", [0, 1]), ("new", [None, None])])
def test_the_order_that_our_fetch_asked_for_is_known(tmp_path: Path, order: str, ranks: list[int | None]) -> None:
    record = archived(video(comments=[comment(1), comment(2)]), order)
    table = read(tmp_path, json.loads(record)).comments.table
    assert table.column("rank").to_pylist() == ranks


def test_marks_of_a_comment_are_read(tmp_path: Path) -> None:
    marked = comment(1, is_pinned=True, is_favorited=True, author_is_verified=True, _time_text="2 years ago (edited)")
    odd = comment(2, is_favorited="yes", _time_text=7, like_count=1.0)
    reply = comment(3, id="Ugw1.abc", parent=None)
    rows = read(tmp_path, video(comments=[marked, odd, reply])).comments.table.to_pylist()
    names = ("stickied", "hearted", "author_verified", "edited", "parent_id")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (True, True, True, True, None),
        (False, None, None, None, None),
        (False, None, None, None, "youtube:Ugw1"),
    ]


def test_a_pinned_comment_and_rounded_times_do_not_pass_for_youtubes_order(tmp_path: Path) -> None:
    rounded = [
        comment(1, timestamp=1_721_260_800),
        comment(2, timestamp=1_721_300_000),
    ]  # 23 h, then 1 day ago
    newest_first = [comment(0, months_ago=30, is_pinned=True), *rounded, comment(3, months_ago=2)]
    table = read(tmp_path, video(comments=newest_first)).comments.table
    assert table.column("rank").to_pylist() == [None] * 4


def test_a_broken_comment_is_rejected_and_its_video_stays(tmp_path: Path) -> None:
    without_id = {"text": "no id", "parent": "root"}
    comments = [comment(1), without_id, "nice", comment(4, like_count="12"), comment(5, text=["a"]), None]
    chunk = read(tmp_path, video(comments=comments))
    assert post_of(chunk)["post_id"] == f"youtube:{ID}"
    assert chunk.comments.table.column("native_id").to_pylist() == ["Ugw1"]
    rejects = chunk.comments.rejects.to_pylist()
    assert [(row["reason"], row["record_id"], row["detail"]) for row in rejects] == [
        ("missing_field", None, "a comment has no id"),
        ("wrong_type", None, "a comment is a text, not an object"),
        ("wrong_type", "youtube:Ugw4", "like_count is a text, not a whole number"),
        ("wrong_type", "youtube:Ugw5", "text is a list, not a text"),
        ("wrong_type", None, "a comment is null, not an object"),
    ]
    assert {(row["stage"], row["rule"], row["record_table"]) for row in rejects} == {("ingest", "read", "comment")}
    assert json.loads(rejects[0]["payload"]) == without_id
    assert_conserves([chunk], files=1)


def test_comments_that_are_no_list_are_one_reject(tmp_path: Path) -> None:
    chunk = read(tmp_path, video(comments={"0": comment(1)}))
    [reject] = chunk.comments.rejects.to_pylist()
    assert (reject["reason"], reject["detail"]) == ("wrong_type", "comments is an object, not a list")
    assert (chunk.posts.table.num_rows, chunk.comments.rows_in) == (1, 1)


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        (b"", "not_json", "it is empty"),
        (b'{"id": "xaQJbozY_Is"', "not_json", "Expecting"),
        (b'{"id": "xaQJ\0ozY_Is"}', "not_json", "Invalid control character"),
        (b'{"a": ' + b"[" * 100_000, "not_json", "nested too deeply"),
        (b'{"id": "xaQJ\xffozY_Is"}', "not_utf8", "invalid start byte at byte 12"),
        (b"[]", "not_an_object", "a list"),
        (b"null", "not_an_object", "null"),
        ({"title": "x"}, "missing_field", "there is no id"),
        ({"id": None}, "missing_field", "there is no id"),
        ({"id": 12}, "wrong_type", "id is 12, not a text"),
        ({"id": "short"}, "wrong_type", "id is 'short', which is none of YouTube's"),
        ({"id": "xaQJbozY Is"}, "wrong_type", "which is none of YouTube's"),
        ({"id": "PLFs4vir_WsTySi", "_type": "playlist"}, "wrong_type", "_type is 'playlist'"),
        (video(extractor_key="Vimeo"), "wrong_type", "another site"),
        (video(like_count="12"), "wrong_type", "like_count is a text, not a whole number"),
        (video(view_count=2**63), "wrong_type", "view_count is 9223372036854775808, not a whole number"),
        (video(view_count=1.5), "wrong_type", "view_count is 1.5"),
        (video(view_count=True), "wrong_type", "view_count is true or false"),
        (video(tags="a"), "wrong_type", "tags is a text, not a list of texts"),
        (video(tags=["a", 1]), "wrong_type", "an item of tags is 1, not a text"),
        (video(title={}), "wrong_type", "title is an object, not a text"),
        (video(duration="9:53"), "wrong_type", "duration is not a number"),
        (video(timestamp=1e300), "wrong_type", "timestamp is 1e+300"),
        (video(epoch=float("nan")), "wrong_type", "epoch is nan"),
        (video(upload_date="20211340"), "wrong_type", "upload_date is '20211340', not a day"),
        (video(is_live="yes"), "wrong_type", "is_live is a text"),
    ],
)
def test_a_record_that_cannot_be_read_is_rejected(tmp_path: Path, content: Any, reason: str, detail: str) -> None:
    chunk = read(tmp_path, content)
    reject = reject_of(chunk)
    assert (reject["stage"], reject["rule"], reject["record_table"]) == ("ingest", "read", "post")
    assert (reject["reason"], reject["source"], reject["line"]) == (reason, f"{ID}.info.json", None)
    assert detail in reject["detail"]
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert (reject["payload"] or "") == raw[:PAYLOAD_BYTES].decode(errors="replace")
    assert_conserves([chunk], files=1)


def test_a_reject_names_the_record_where_it_can(tmp_path: Path) -> None:
    assert reject_of(read(tmp_path, video(like_count="12")))["record_id"] == f"youtube:{ID}"
    assert reject_of(read(tmp_path, {"id": "short"}))["record_id"] is None


def test_lone_surrogates_become_the_replacement_character(tmp_path: Path) -> None:
    content = json.dumps(video(title="a\ud800b \U0001f995", comments=[comment(1, text="\udfffc")])).encode()
    chunk = read(tmp_path, content)
    assert post_of(chunk)["title"] == "a\ufffdb \U0001f995"
    assert chunk.comments.table.column("text").to_pylist() == ["\ufffdc"]


def test_numbers_that_are_no_json_cost_only_what_holds_them(tmp_path: Path) -> None:
    post = post_of(read(tmp_path, b'{"id": "xaQJbozY_Is", "like_count": 5, "abr": NaN, "heatmap": [NaN]}'))
    assert (post["likes"], post["replay_absent"]) == (5, "malformed")


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    assert post_of(read(tmp_path, b"\xef\xbb\xbf" + json.dumps(video()).encode()))["native_id"] == ID


def test_compressed_and_truncated(tmp_path: Path) -> None:
    packed = gzip.compress(json.dumps(video(description="calendar " * 1000)).encode())
    whole = write(tmp_path, packed, "whole.info.json.gz")
    half = write(tmp_path, packed[: len(packed) // 2], "half.info.json.gz")
    missing = InputFile(str(tmp_path / "missing.info.json"), 0, "missing.info.json")
    [chunk] = read_videos(only=YOUTUBE, files=[half, whole, missing])
    assert chunk.posts.table.column("source").to_pylist() == ["whole.info.json.gz"]
    found = {row["source"]: row["reason"] for row in chunk.posts.rejects.to_pylist()}
    assert found == {"half.info.json.gz": "truncated_file", "missing.info.json": "unreadable_file"}
    assert_conserves([chunk], files=3)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    content = json.dumps(video()).encode()
    packed = gzip.compress(content + b" " * 100_000)
    plain = write(tmp_path, content + b" " * 1000, "plain.info.json")
    bomb = write(tmp_path, packed, "bomb.info.json.gz")
    fits = write(tmp_path, content, "fits.info.json")
    [chunk] = read_videos(only=YOUTUBE, files=[plain, bomb, fits], max_bytes=len(content))
    assert chunk.posts.table.column("source").to_pylist() == ["fits.info.json"]
    for reject in chunk.posts.rejects.to_pylist():
        assert reject["reason"] == "unreadable_file"
        assert reject["detail"] == f"it holds more than the {len(content):,} bytes that are read"


def test_the_payload_of_a_reject_is_cut(tmp_path: Path) -> None:
    assert len(reject_of(read(tmp_path, b"[" + b"x" * 200_000))["payload"]) == PAYLOAD_BYTES


def test_several_records_of_a_video_are_several_rows(tmp_path: Path) -> None:
    days = [write(tmp_path, video(view_count=views), f"{ID}.{views}.info.json") for views in (3, 1, 2)]
    [chunk] = read_videos(only=YOUTUBE, files=days)
    assert chunk.posts.table.column("views").to_pylist() == [3, 1, 2]


def test_chunks_end_with_whole_files(tmp_path: Path) -> None:
    comments = [comment(number) for number in range(4)]
    files = [write(tmp_path, video(comments=comments), f"{number}.info.json") for number in range(5)]
    by_video = list(read_videos(only=YOUTUBE, files=files, videos_per_chunk=2))
    by_comment = list(read_videos(only=YOUTUBE, files=files, comments_per_chunk=10))
    assert [chunk.posts.rows_in for chunk in by_video] == [2, 2, 1]
    assert [chunk.comments.rows_in for chunk in by_comment] == [12, 8]
    assert list(read_videos(only=YOUTUBE, files=[])) == []
    assert_conserves(by_comment, files=5)


def test_media_and_subtitles_beside_the_record(tmp_path: Path) -> None:
    captions = {"subtitles": {"en": []}, "automatic_captions": {"en": [], "de": []}}
    record = write(tmp_path, video(ext="webm", **captions), f"kurz/{ID}.info.json")
    folder = tmp_path / "kurz"
    (folder / f"{ID}.webm").touch()
    (folder / f"{ID}.en.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")
    (folder / f"{ID}.de.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n")
    [chunk] = read_videos(only=YOUTUBE, files=[record], siblings=group_siblings(map(str, folder.iterdir())))
    post = post_of(chunk)
    assert post["media_file"] == f"kurz/{ID}.webm"
    assert post["speech"] == [{"start_s": 1.0, "end_s": 2.0, "text": "Hello"}]
    assert post["speech_source"] == "manual"
    assert chunk.warnings == []


def test_broken_subtitles_warn_and_the_next_ones_are_read(tmp_path: Path) -> None:
    record = write(tmp_path, video(subtitles={"en": []}, automatic_captions={"en-orig": []}))
    (tmp_path / f"{ID}.en.vtt").write_text("<html>429</html>")
    siblings = group_siblings(map(str, tmp_path.iterdir()))
    [alone] = read_videos(only=YOUTUBE, files=[record], siblings=siblings)
    assert (post_of(alone)["speech"], post_of(alone)["speech_source"]) == ([], None)
    [warning] = alone.warnings
    assert warning == f"{ID}.info.json: cannot read the subtitles {ID}.en.vtt: a WebVTT file begins with WEBVTT"
    (tmp_path / f"{ID}.en-orig.vtt").write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n")
    [both] = read_videos(only=YOUTUBE, files=[record], siblings=group_siblings(map(str, tmp_path.iterdir())))
    assert (post_of(both)["speech_source"], len(both.warnings)) == ("automatic", 1)
    assert_conserves([alone, both], files=2)


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
_FIELD_NAMES = st.sampled_from(
    [*video(), "heatmap", "chapters", "comments", "comment_count", "tags", "upload_date", "duration"]
)
_COMMENTS = st.dictionaries(st.sampled_from(sorted(comment(1))), _VALUES, max_size=2).map(
    lambda given: comment(1) | given
)
_VIDEOS = st.builds(
    lambda fields, comments: video(comments=comments) | fields,
    st.dictionaries(_FIELD_NAMES, _VALUES, max_size=3),
    st.lists(_VALUES | _COMMENTS, max_size=4),
)


@settings(deadline=None)
@given(st.lists(_VALUES | _VIDEOS, max_size=5), st.integers(1, 4))
def test_any_json_conserves(records: list[Any], videos_per_chunk: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = [write(Path(folder), record, f"{number}.info.json") for number, record in enumerate(records)]
        assert_conserves(read_videos(only=YOUTUBE, files=files, videos_per_chunk=videos_per_chunk), files=len(records))


@pytest.mark.shared
def test_real_records_keep_what_they_hold(shared_data: Path) -> None:
    paths = sorted((shared_data / "youtube" / "info").iterdir())
    sources = {path.name: json.loads(path.read_bytes()) for path in paths}
    files = [InputFile(str(path), path.stat().st_size, path.name) for path in paths]
    chunks = list(read_videos(only=YOUTUBE, files=files, videos_per_chunk=100))
    assert_conserves(chunks, files=277)
    posts = [post for chunk in chunks for post in chunk.posts.table.to_pylist()]
    assert [post["source"] for post in posts] == [path.name for path in paths]
    assert [warning for chunk in chunks for warning in chunk.warnings] == []
    graphs = 0
    for post in posts:
        source = sources[post["source"]]
        graph = [(part["start_s"], part["end_s"], part["value"]) for part in post["replay"]]
        given = source["heatmap"] or []
        assert graph == [(part["start_time"], part["end_time"], part["value"]) for part in given]
        assert len(graph) in (0, 100)
        assert post["replay_absent"] == (None if graph else "not_in_record")
        assert (post["likes"], post["views"]) == (source.get("like_count"), source["view_count"])
        assert (post["title"], post["duration_s"]) == (source["title"], source.get("duration"))
        assert post["num_comments"] is None
        assert post["live"] == (source["live_status"] == "is_live")
        assert len(post["chapters"]) == len(source.get("chapters") or [])
        graphs += bool(graph)
    assert graphs == 130


@pytest.mark.shared
def test_real_comments_keep_their_number_likes_and_order(shared_data: Path) -> None:
    paths = sorted((shared_data / "youtube" / "info").iterdir())
    [chunk] = read_videos(only=YOUTUBE, files=[InputFile(str(path), path.stat().st_size, path.name) for path in paths])
    found = [
        (row["source"], row["native_id"], row["score"], row["text"], row["rank"], row["author_name"])
        for row in chunk.comments.table.to_pylist()
    ]
    expected = [
        (path.name, item["id"], item["like_count"], item["text"], rank, item["author"])
        for path in paths
        for rank, item in enumerate(json.loads(path.read_bytes()).get("comments") or [])
    ]
    assert len(found) == 519
    assert found == expected


def test_a_record_of_old_youtube_dl_lies_beside_the_file_whose_whole_name_it_has() -> None:
    listing = ["yt/Talk-AAAAAAAAAA1.mp4", "yt/Talk-AAAAAAAAAA1.mp4.info.json"]
    siblings = group_siblings(listing)
    assert siblings == {"yt/Talk-AAAAAAAAAA1.mp4.info.json": ["yt/Talk-AAAAAAAAAA1.mp4"]}
    assert media_file(listing[1], siblings[listing[1]], "mp4") == "Talk-AAAAAAAAAA1.mp4"
