"""What is collected equals what archives hold: the form of a line, and the values of recorded objects."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.fetch.items import Item, RawRecord
from blift.connectors.files import InputFile
from blift.connectors.malformed import loads
from blift.connectors.reddit.answers import archived
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.config import CommentsWanted
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.posts import post_of
from blift.schemas.reasons import Absent
from tests.connectors.reddit.conftest import Ask, Made, drain
from tests.reddit_server import RedditServer, Site, made_up, recorded
from tests.reddit_server.made_up import post_id
from tests.reddit_server.recorded import escaped, is_plain, lines_of, unescaped

_TEXTS = st.text() | st.sampled_from(["&", "&amp;", "&lt;", "<b>&amp;amp;", "\ud800", "\\u0026", '"<"', "\u2028"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text("abc_", max_size=3), values, max_size=4),
    max_leaves=20,
)
_OBJECTS = st.dictionaries(st.text("abc_", max_size=3), _VALUES, max_size=5)


@given(data=_OBJECTS)
def test_a_line_is_the_object_with_its_strings_escaped(data: dict[str, Any]) -> None:
    line = archived(data)
    assert b"\n" not in line
    assert json.loads(line) == escaped(data)
    assert unescaped(json.loads(line)) == data
    assert list(json.loads(line)) == list(data)


def test_numbers_that_no_json_has_and_deep_nesting_do_not_hide_a_post() -> None:
    assert math.isnan(loads(archived({"score": math.nan}))["score"])
    deep: Any = "<deep>"
    for _ in range(300):
        deep = {"a": [deep]}
    assert b"&lt;deep&gt;" in archived(deep)


_FIELDS = st.fixed_dictionaries(
    {"id": st.just("a"), "title": st.just("t")},
    optional={
        "author": st.sampled_from(["somebody", "[deleted]", None]),
        "selftext": st.sampled_from(["", "text", "[deleted]", "[removed]", None]),
        "removed_by_category": st.sampled_from([None, "deleted", "author", "moderator", "reddit", "automod_filtered"]),
        "removed": st.sampled_from([None, True, False, "true"]),
        "banned_by": st.sampled_from([None, True, False, "AutoModerator", ""]),
    },
)


@given(data=_FIELDS)
def test_a_post_is_taken_back_by_the_same_signs_as_in_archives(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:
    post = post_of(data)
    row = read(tmp_path_factory.getbasetemp() / "one", read_submissions, [post.record.data]).to_pylist()[0]
    expected = Absent.DELETED if row["deleted"] else Absent.REMOVED if row["removed"] else None
    assert post.absent is expected


def read(path: Path, reader: Callable[..., Any], lines: Iterable[bytes]) -> pa.Table:
    """Lines as a table."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    chunks = list(reader(InputFile(str(path), path.stat().st_size, path.name)))
    assert sum(chunk.rejects.num_rows for chunk in chunks) == 0
    return pa.concat_tables([chunk.table for chunk in chunks])


def test_media_of_galleries_videos_and_crossposts_are_in_the_record(ask: Ask, tmp_path: Path) -> None:
    with RedditServer(made_up(20, plain=False)) as server:
        came = ask(server, [Item(RedditItem.SUBMISSION, post_id(number)) for number in range(20)])
    rows = {row["native_id"]: row for row in read(tmp_path / "a", read_submissions, lines(came.records)).to_pylist()}
    gallery, video, crosspost = (rows[post_id(number)] for number in (3, 5, 7))
    assert gallery["media_urls"] == [f"https://i.redd.it/{post_id(3)}g{number}.jpg" for number in range(2)]
    assert (video["url"], video["duration_s"], video["width"]) == (f"https://v.redd.it/{post_id(5)}v", 34.0, 1280)
    assert (crosspost["crosspost_of"], crosspost["url"]) == (
        f"reddit:{post_id(7)}x",
        f"https://v.redd.it/{post_id(7)}xv",
    )
    assert (crosspost["is_video"], crosspost["duration_s"]) == (True, 34.0)


def lines(records: Iterable[RawRecord]) -> list[bytes]:
    return [record.data for record in records]


#: Columns that say when and where a record was read, not what it is.
_OF_READING = ["retrieved_at", "source", "line"]
#: A column that the answer tells by its tree, which archives have not.
_OF_TREES = "depth"


#: Of a long recording, every eighth object is collected: a request each takes a minute for all.
_LONG, _STEP = 1_000, 8


def chosen(path: Path) -> list[dict[str, Any]]:
    """The recorded objects that are collected."""
    found = recorded(path)
    return found[:: _STEP if len(found) > _LONG else 1]


def rounds(path: Path) -> list[list[dict[str, Any]]]:
    """The chosen objects so that each round has one observation of an id at most."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for data in chosen(path):
        if isinstance(data.get("replies"), dict):  # the recording left out what stood there
            data["replies"] = ""
        found[data["id"]].append(data)
    most = max(map(len, found.values()))
    return [[of_id[number] for of_id in found.values() if number < len(of_id)] for number in range(most)]


def table(path: Path, reader: Callable[..., Any], found: Iterable[bytes]) -> pl.DataFrame:
    frame = pl.DataFrame(read(path, reader, found)).drop(_OF_READING).drop(_OF_TREES, strict=False)
    return frame.sort("native_id")


@pytest.mark.shared
@pytest.mark.parametrize("name", ["RS_recorded.zst", "RS_arctic.ndjson"])
def test_recorded_submissions_are_collected_with_their_values(
    shared_data: Path, fetcher: Made, tmp_path: Path, name: str
) -> None:
    observations = 0
    with RedditServer(Site()) as server:
        asking = fetcher(server)
        for held in rounds(shared_data / "reddit" / name):
            server.site = Site(held)
            came = drain(asking, [Item(RedditItem.SUBMISSION, data["id"]) for data in held])
            observations += len(held)
            same_values(tmp_path, read_submissions, came.records, held)
        assert server.violations == []
    assert observations == len(chosen(shared_data / "reddit" / name))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["RC_recorded.zst", "RC_arctic.ndjson"])
def test_recorded_comments_are_collected_with_their_values(
    shared_data: Path, fetcher: Made, tmp_path: Path, name: str
) -> None:
    observations = 0
    with RedditServer(Site()) as server:
        asking = fetcher(server, comments=CommentsWanted(per_post=10_000, more_requests=500))
        for held in rounds(shared_data / "reddit" / name):
            posts = sorted({data["link_id"].removeprefix("t3_") for data in held})
            server.site = Site([{"id": post, "name": f"t3_{post}"} for post in posts], held)
            came = drain(asking, [Item(RedditItem.COMMENTS, post) for post in posts])
            observations += len(held)
            same_values(tmp_path, read_comments, came.records, held)
        assert server.violations == []
    assert observations == len(chosen(shared_data / "reddit" / name))


def same_values(folder: Path, reader: Callable[..., Any], records: list[RawRecord], held: list[dict[str, Any]]) -> None:
    """Collected lines hold what the archive's lines hold, field by field, and read as the same rows."""
    collected = {record.key: json.loads(record.data) for record in records}
    assert len(collected) == len(records) == len(held)
    of_threads = {"depth": None, "replies": ""}  # of the answer's tree, not of the comment
    for data in held:
        assert collected[data["id"]].pop("retrieved_on") > 0
        assert {**collected[data["id"]], **of_threads} == {**escaped(data), **of_threads}
    expected = table(folder / "recorded", reader, [json.dumps(escaped(data)).encode() for data in held])
    assert table(folder / "collected", reader, lines(records)).equals(expected)


@pytest.mark.shared
def test_recorded_answers_that_came_escaped_are_escaped_throughout_and_as_lines_are(shared_data: Path) -> None:
    counted = 0
    for name, html in (("RS_recorded.zst", "selftext_html"), ("RC_recorded.zst", "body_html")):
        for data in map(json.loads, lines_of(shared_data / "reddit" / name)):
            if str(data.get(html)).startswith("&lt;"):  # only an escaped answer has this
                assert not is_plain(data)
                assert json.loads(archived(unescaped(data))) == data
                counted += 1
    assert counted == 337 + 1_240
