"""Reactions by the second: equal to the comments and messages that they were counted from."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.reactions import Lags, with_marks, with_reactions

_KEY = "youtube:aaaaaaaaaaa"
_REACTION = pl.Struct({"source": pl.String, "second": pl.Int64, "count": pl.Int64})
_SAMPLES = {
    "media_key": pl.String,
    "duration_s": pl.Float64,
    "replay": pl.List(pl.Struct({"start_s": pl.Float64, "end_s": pl.Float64, "value": pl.Float64})),
    "reactions": pl.List(_REACTION),
    "section_start_s": pl.Float64,
    "off_record": pl.Boolean,
}
_POSTS = {"post_id": pl.String, "duration_s": pl.Float64}
_COMMENTS = {"media_key": pl.String, "post_id": pl.String, "marks": pl.List(pl.Int64)}


def sample(**changes: Any) -> dict[str, Any]:
    row = {"media_key": _KEY, "duration_s": 100.0, "replay": [], "reactions": [], "section_start_s": None}
    return row | {"off_record": False} | changes


def written(source: str, *seconds: int) -> list[dict[str, Any]]:
    return [{"source": source, "second": at, "count": count} for at, count in sorted(Counter(seconds).items())]


def reactions(
    row: dict[str, Any], *marks: list[int], lags: Lags | None = None, stated_s: float | None = None
) -> list[tuple[str, int, int]]:
    comments = [{"media_key": _KEY, "post_id": "p", "marks": each} for each in marks]
    (found,) = with_reactions(
        pl.DataFrame([row], schema=_SAMPLES),
        pl.DataFrame([{"post_id": "p", "duration_s": stated_s}], schema=_POSTS),
        pl.DataFrame(comments, schema=_COMMENTS),
        lags or Lags(),
    )["reactions"].to_list()
    return [(each["source"], each["second"], each["count"]) for each in found]


def test_comments_count_by_the_second_that_they_name_within_the_video() -> None:
    assert reactions(sample(), [5, 70], [70], [101], [100]) == [
        ("comment", 5, 1),
        ("comment", 70, 2),
        ("comment", 100, 1),
    ]


def test_a_video_of_unknown_length_has_none_unless_its_replay_graph_ends() -> None:
    assert reactions(sample(duration_s=None), [5]) == []
    graph = [{"start_s": 0.0, "end_s": 50.0, "value": 1.0}]
    assert reactions(sample(duration_s=None, replay=graph), [5], [60]) == [("comment", 5, 1)]


def test_nothing_is_laid_over_media_of_another_length() -> None:
    assert reactions(sample(off_record=True, reactions=written("live_chat", 20)), [5]) == []
    assert reactions(sample(), [5], stated_s=600.0) == []
    assert reactions(sample(), [5], stated_s=100.4) == [("comment", 5, 1)]


def test_messages_are_moved_back_by_the_lag_of_their_source() -> None:
    chat = written("live_chat", 9, 10, 30, 30, 108, 111) + written("danmaku", 4, 5)
    assert reactions(sample(reactions=chat), [30]) == [
        ("comment", 30, 1),
        ("danmaku", 0, 1),
        ("live_chat", 0, 1),
        ("live_chat", 20, 2),
        ("live_chat", 98, 1),
    ]
    assert reactions(sample(reactions=chat), lags=Lags(live_chat=0.5, danmaku=600.0))[:2] == [
        ("live_chat", 8, 1),
        ("live_chat", 9, 1),
    ]


def test_moments_of_a_section_are_those_of_the_whole_video() -> None:
    assert reactions(sample(section_start_s=60.0, duration_s=30.0), [65], [30], [95]) == [("comment", 5, 1)]


@given(
    st.lists(st.lists(st.integers(0, 130), max_size=4, unique=True), max_size=8),
    st.lists(st.integers(0, 130), max_size=20),
    st.sampled_from([0.0, 2.0, 7.5]),
)
def test_reactions_are_equal_to_their_sources(marks: list[list[int]], chat: list[int], lag: float) -> None:
    found = reactions(sample(reactions=written("danmaku", *chat)), *marks, lags=Lags(comment=lag, danmaku=lag))
    said = [at for each in marks for at in each]
    expected = [
        (source, second, count)
        for source, seconds in (("comment", said), ("danmaku", chat))
        for second, count in sorted(Counter(int(at - lag) for at in seconds if 0 <= at - lag <= 100).items())
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("2:31 wow", [151]),
        ("https://youtu.be/aaaaaaaaaaa?t=151", [151]),
        ("https://www.youtube.com/watch?v=aaaaaaaaaaa&amp;t=2m31s", [151]),
        ("https://youtu.be/bbbbbbbbbbb?t=151", []),
        ("like at 4:30 in https://youtu.be/bbbbbbbbbbb", []),
        ("https://example.org/?t=151", []),
        ("https://reddit.com/browse?sort=top&t=day", []),
        (None, []),
    ],
)
def test_links_count_by_where_they_lead(text: str | None, marks: list[int]) -> None:
    comments = pl.DataFrame({"post_id": ["p"], "text": [text]}, schema={"post_id": pl.String, "text": pl.String})
    posts = pl.DataFrame({"post_id": ["p"], "media_key": [_KEY]})
    assert with_marks(comments, posts)["marks"].to_list() == [marks]


def test_no_comments_have_no_marks() -> None:
    comments = pl.DataFrame(schema={"post_id": pl.String, "text": pl.String})
    assert with_marks(comments, pl.DataFrame(schema={"post_id": pl.String, "media_key": pl.String})).height == 0
