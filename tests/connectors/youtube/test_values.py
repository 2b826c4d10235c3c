"""Any JSON value in any field of an info.json is rejected with a reason, or read as exactly what it is."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.files import InputFile
from blift.connectors.yt_dlp.archive import read_videos
from blift.schemas.platform import YOUTUBE
from tests.json_values import EDGES, json_texts, same_number, value_of

ID = "xaQJbozY_Is"

#: Fields of an info.json, and the columns that hold their values as they are.
_COLUMNS = {
    "title": "title", "description": "text", "language": "language", "width": "width", "height": "height",
    "duration": "duration_s", "channel_id": "channel_id", "channel": "channel_name",
    "channel_follower_count": "channel_subscribers", "timestamp": "posted_at", "epoch": "retrieved_at",
    "like_count": "likes", "view_count": "views", "comment_count": "num_comments", "tags": "tags",
    "categories": "categories", "availability": "availability", "uploader": "author_name",
}  # fmt: skip
_COMMENT_COLUMNS = {
    "text": "text", "like_count": "score", "timestamp": "posted_at", "author": "author_name",
    "author_is_uploader": "by_poster",
}  # fmt: skip
_OTHERS = ["age_limit", "live_status", "is_live", "uploader_id", "upload_date", "release_timestamp"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("videos")


def object_of(texts: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{json.dumps(name)}: {text}" for name, text in texts.items()) + "}"


class Found(NamedTuple):
    """What a file gave: its post, its comments, and the reasons of rejects."""

    post: dict[str, Any] | None
    comments: list[dict[str, Any]]
    reasons: list[str]


def read(folder: Path, videos: Sequence[Mapping[str, str]]) -> list[Found]:
    """What each file of such fields gives; every record and comment becomes a row or a reject."""
    files = []
    for number, texts in enumerate(videos):
        path = folder / f"{number}.info.json"
        path.write_text(object_of({"id": f'"{ID}"', **texts}))
        files.append(InputFile(str(path), path.stat().st_size, path.name))
    (chunk,) = read_videos(files, only=YOUTUBE)
    assert chunk.posts.rows_in == len(files) == chunk.posts.table.num_rows + chunk.posts.rejects.num_rows
    assert chunk.comments.rows_in == chunk.comments.table.num_rows + chunk.comments.rejects.num_rows
    posts = {row["source"]: row for row in chunk.posts.table.to_pylist()}
    comments, reasons = defaultdict(list), defaultdict(list)
    for row in chunk.comments.table.to_pylist():
        comments[row["source"]].append(row)
    for row in [*chunk.posts.rejects.to_pylist(), *chunk.comments.rejects.to_pylist()]:
        assert row["detail"]
        reasons[row["source"]].append(row["reason"])
    return [Found(posts.get(file.name), comments[file.name], reasons[file.name]) for file in files]


def is_right(column: str, found: Any, text: str) -> bool:
    value = value_of(text)
    if found in (None, []):
        is_nothing = value is None or value == [] or (isinstance(value, str) and not value.strip())
        return is_nothing or (column == "duration_s" and value == 0)
    if isinstance(found, datetime):
        return abs(found.timestamp() - value) < 1e-4
    if column == "language":
        return str(value).lower().startswith(found)
    if isinstance(found, str | bool | list):
        return type(found) is type(value) and bool(found == value)
    return same_number(found, value)


def assert_posts_are_rejected_or_right(folder: Path, videos: Sequence[Mapping[str, str]]) -> None:
    for texts, found in zip(videos, read(folder, videos), strict=True):
        if found.post is None:
            assert found.reasons in (["wrong_type"], ["not_json"])
            continue
        for name in texts.keys() & _COLUMNS.keys():
            assert is_right(_COLUMNS[name], found.post[_COLUMNS[name]], texts[name]), (name, texts[name][:50])


def test_a_field_with_a_value_at_an_edge_is_rejected_or_exactly_what_it_says(folder: Path) -> None:
    for name in [*_COLUMNS, *_OTHERS]:
        assert_posts_are_rejected_or_right(folder, [{name: text} for text in EDGES])


_VIDEOS = st.dictionaries(st.sampled_from([*_COLUMNS, *_OTHERS]), json_texts, min_size=1, max_size=2)


@given(videos=st.lists(_VIDEOS, min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_field_is_rejected_or_exactly_what_it_says(folder: Path, videos: list[dict[str, str]]) -> None:
    assert_posts_are_rejected_or_right(folder, videos)


_COMMENTS = st.dictionaries(
    st.sampled_from([*_COMMENT_COLUMNS, "id", "parent", "is_pinned"]), json_texts, min_size=1, max_size=2
)


@given(comments=st.lists(_COMMENTS, min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_comment_is_rejected_or_exactly_what_it_says(folder: Path, comments: list[dict[str, str]]) -> None:
    videos = [{"comments": "[" + object_of({"id": '"c"', **texts}) + "]"} for texts in comments]
    for texts, found in zip(comments, read(folder, videos), strict=True):
        assert len(found.comments) + len(found.reasons) == 1
        assert found.post is not None or found.reasons == ["not_json"]
        for row in found.comments:
            for name in texts.keys() & _COMMENT_COLUMNS.keys():
                assert is_right(_COMMENT_COLUMNS[name], row[_COMMENT_COLUMNS[name]], texts[name]), name


_MARKS = ["start_time", "end_time", "value", "title"]


_MARK = st.dictionaries(st.sampled_from(_MARKS), json_texts, max_size=1)


@pytest.mark.parametrize(("field", "column"), [("heatmap", "replay"), ("chapters", "chapters")])
@given(videos=st.lists(st.lists(_MARK, min_size=1, max_size=3), min_size=1, max_size=20))
@settings(max_examples=50)
def test_a_timeline_is_absent_or_exactly_what_it_says(
    folder: Path, field: str, column: str, videos: list[list[dict[str, str]]]
) -> None:
    lines = [
        [
            {"start_time": str(place), "end_time": str(place + 1), "value": "0.5", "title": '"t"'} | mark
            for place, mark in enumerate(marks)
        ]
        for marks in videos
    ]
    texts = [{field: f"[{', '.join(map(object_of, line))}]", "duration": "9"} for line in lines]
    for line, (post, _, reasons) in zip(lines, read(folder, texts), strict=True):
        parts = [] if post is None else post[column]
        assert post is not None or reasons == ["not_json"]
        lasting = [mark for mark in line if column == "replay" or mark["start_time"] != mark["end_time"]]
        assert parts == [] or len(parts) == len(lasting)
        for part, mark in zip(parts, lasting, strict=False):
            for name, text in (("start_s", "start_time"), ("end_s", "end_time"), ("value", "value")):
                value = value_of(mark[text])
                follows = field == "chapters" and name == "end_s" and value is None
                assert name not in part or follows or same_number(part[name], value)


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("1" + "0" * 400, None),
        ("9007199254740993", None),
        ("-1", None),
        ("1e400", None),
        ("NaN", None),
        ("true", None),
        ("1000000001", None),
        ("1000000000", 1e9),
        ("0.1", 0.1),
        ("593", 593.0),
    ],
)
def test_a_duration_is_rejected_or_kept(folder: Path, duration: str, expected: float | None) -> None:
    [(post, _, reasons)] = read(folder, [{"duration": duration}])
    assert (post and post["duration_s"], reasons) == (expected, ["wrong_type"] if expected is None else [])


@pytest.mark.parametrize("name", ["width", "height"])
@pytest.mark.parametrize("size", ["-1", "2147483648", "1e300", "1.5", "true", "NaN"])
def test_a_size_that_no_picture_has_is_of_the_wrong_type(folder: Path, name: str, size: str) -> None:
    assert read(folder, [{name: size}]) == [Found(None, [], ["wrong_type"])]


def test_the_file_of_the_fault_campaign(shared_data: Path) -> None:
    path = shared_data / "cases" / "faults" / "11-duration-overflow" / "x [abcdefghijk].info.json"
    (chunk,) = read_videos([InputFile(str(path), path.stat().st_size, path.name)], only=YOUTUBE)
    assert chunk.posts.rejects.column("reason").to_pylist() == ["wrong_type"]
