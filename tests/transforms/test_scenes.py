"""Scenes before cuts are known: bounds, replay values and speech of each, and the laws of merging short segments."""

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.schemas.sample import SceneSource
from blift.transforms.scenes import (
    Bounds,
    Segments,
    add_scenes,
    merge_short_segments,
    scene_bounds,
    scene_replay,
    scene_speech,
)

_GRAPHS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 100)), min_size=1, max_size=30)


def graph(*parts: tuple[float, float, float]) -> Segments:
    """Segments of (start, end, value)."""
    starts, ends, values = (np.array([part[side] for part in parts], dtype=np.float64) for side in range(3))
    return Segments(starts, ends, values)


def consecutive(parts: list[tuple[int, int]]) -> Segments:
    """Segments without gaps, of lengths in tenths of a second and values in hundredths."""
    edges = np.cumsum([0, *(length for length, _ in parts)]) / 10
    return Segments(edges[:-1], edges[1:], np.array([value for _, value in parts]) / 100)


def rows(segments: Segments) -> list[tuple[float, float, float]]:
    return list(zip(*(column.tolist() for column in segments), strict=True))


def test_segments_that_are_long_enough_stay_as_they_are() -> None:
    long = graph((0, 2, 0.1), (2, 4, 0.2))
    assert merge_short_segments(long, 1.0) is long


def test_a_segment_of_exactly_the_limit_is_not_longer_than_it() -> None:
    assert rows(merge_short_segments(graph((0, 1, 0.1), (1, 2, 0.3)), 1.0)) == [(0, 2, 0.3)]


def test_neighbours_merge_from_the_left_and_the_rest_joins_the_last() -> None:
    short = graph((0, 0.5, 0.1), (0.5, 1.25, 0.9), (1.25, 3, 0.2), (3, 3.5, 0.8))
    assert rows(merge_short_segments(short, 1.0)) == [(0, 1.25, 0.9), (1.25, 3.5, 0.8)]


def test_where_nothing_is_left_over_the_last_stays_by_itself() -> None:
    short = graph((0, 0.5, 0.1), (0.5, 1.25, 0.9), (1.25, 3, 0.2))
    assert rows(merge_short_segments(short, 1.0)) == [(0, 1.25, 0.9), (1.25, 3, 0.2)]


def test_a_graph_shorter_than_the_limit_becomes_one_segment() -> None:
    assert rows(merge_short_segments(graph((0, 0.25, 0.4), (0.25, 0.5, 0.7)), 1.0)) == [(0, 0.5, 0.7)]


def test_an_empty_graph_stays_empty() -> None:
    assert rows(merge_short_segments(graph(), 1.0)) == []


@given(_GRAPHS, st.sampled_from([0.5, 1.0, 2.0]))
def test_merged_segments_cover_the_same_span_and_are_long_enough_with_the_highest_value_kept(
    parts: list[tuple[int, int]], limit: float
) -> None:
    before = consecutive(parts)
    after = merge_short_segments(before, limit)
    assert (after.start_s[0], after.end_s[-1]) == (before.start_s[0], before.end_s[-1])
    assert (after.start_s[1:] == after.end_s[:-1]).all()
    if before.end_s[-1] - before.start_s[0] > limit:
        assert (after.end_s - after.start_s > limit).all()
    else:
        assert len(after.value) == 1
    for start, end, value in rows(after):
        assert value == max(was for begin, stop, was in rows(before) if start <= begin and stop <= end)


@given(_GRAPHS, st.sampled_from([0.5, 1.0, 2.0]))
def test_merging_twice_is_merging_once(parts: list[tuple[int, int]], limit: float) -> None:
    once = merge_short_segments(consecutive(parts), limit)
    assert rows(merge_short_segments(once, limit)) == rows(once)


@pytest.mark.parametrize("kind", ["image", "gif", "gallery"])
def test_an_image_is_one_scene_without_length(kind: str) -> None:
    assert scene_bounds(kind, 9.0, [], 10, 1.0) == [Bounds(0.0, 0.0, SceneSource.IMAGE)]


def test_chapters_are_the_scenes_of_a_video_that_has_them() -> None:
    chapters = [(0.0, 4.0, "Intro"), (4.0, 4.0, "Empty"), (4.0, 10.0, None)]
    assert scene_bounds("video", 10.0, chapters, 3, 1.0) == [
        Bounds(0.0, 4.0, SceneSource.CHAPTER, "Intro"),
        Bounds(4.0, 10.0, SceneSource.CHAPTER, None),
    ]


def test_a_video_without_chapters_has_equal_segments() -> None:
    found = scene_bounds("video", 10.0, [], 4, 1.0)
    assert [(scene.start_s, scene.end_s) for scene in found] == [(0, 2.5), (2.5, 5), (5, 7.5), (7.5, 10)]
    assert {scene.source for scene in found} == {SceneSource.SEGMENT}


@pytest.mark.parametrize(("duration_s", "count"), [(10.0, 9), (10.5, 10), (2.0, 1), (1.0, 1), (0.4, 1)])
def test_equal_segments_are_as_many_as_can_be_longer_than_the_limit(duration_s: float, count: int) -> None:
    assert len(scene_bounds("video", duration_s, [], 100, 1.0)) == count


@pytest.mark.parametrize("duration_s", [None, 0.0])
def test_a_video_without_chapters_and_duration_has_no_scenes(duration_s: float | None) -> None:
    assert scene_bounds("video", duration_s, [], 4, 1.0) == []


@given(st.integers(1, 6000), st.integers(1, 20), st.sampled_from([0.5, 1.0, 2.0]))
def test_equal_segments_cover_the_video_and_are_longer_than_the_limit(tenths: int, most: int, limit: float) -> None:
    duration_s = tenths / 10
    found = scene_bounds("video", duration_s, [], most, limit)
    assert 1 <= len(found) <= most
    assert (found[0].start_s, found[-1].end_s) == (0.0, duration_s)
    assert all(one.end_s == other.start_s for one, other in pairwise(found))
    assert len(found) == 1 or all(scene.end_s - scene.start_s > limit for scene in found)


def test_a_scene_has_the_highest_replay_value_of_the_segments_that_it_overlaps() -> None:
    scenes = [Bounds(start, end, SceneSource.SEGMENT) for start, end in ((0, 2), (2, 5), (5, 9), (20, 30))]
    segments = graph((0, 2, 0.1), (2, 4, 0.9), (4, 6, 0.3), (6, 8, 0.5))
    assert scene_replay(scenes, segments) == [0.1, 0.9, 0.5, None]


def test_segments_that_only_touch_a_scene_do_not_count() -> None:
    touching = graph((0, 2, 1.0), (2, 4, 0.25), (4, 6, 0.9))
    assert scene_replay([Bounds(2, 4, SceneSource.SEGMENT)], touching) == [0.25]
    assert scene_replay([Bounds(2, 4, SceneSource.SEGMENT)], graph((0, 2, 1.0), (4, 6, 0.9))) == [None]


@given(_GRAPHS, st.lists(st.tuples(st.integers(0, 500), st.integers(1, 100)), max_size=5))
def test_a_scene_and_a_segment_overlap_where_each_begins_before_the_other_ends(
    parts: list[tuple[int, int]], places: list[tuple[int, int]]
) -> None:
    segments = consecutive(parts)
    scenes = [Bounds(start / 10, (start + length) / 10, SceneSource.DETECTED) for start, length in places]
    assert scene_replay(scenes, segments) == [
        max(
            (value for start, end, value in rows(segments) if start < scene.end_s and scene.start_s < end), default=None
        )
        for scene in scenes
    ]


def test_without_a_graph_no_scene_has_a_replay_value() -> None:
    assert scene_replay([Bounds(0, 2, SceneSource.SEGMENT)], graph()) == [None]


def test_an_image_has_no_replay_value_at_the_edge_of_a_graph() -> None:
    assert scene_replay([Bounds(0, 0, SceneSource.IMAGE)], graph((0, 2, 1.0))) == [None]


def test_words_belong_to_the_scene_that_they_begin_in() -> None:
    scenes = [Bounds(0, 2, SceneSource.CHAPTER), Bounds(3, 5, SceneSource.CHAPTER), Bounds(5, 9, SceneSource.CHAPTER)]
    speech = [(0.0, "one"), (1.9, "two"), (2.5, "between"), (3.0, "three"), (9.0, "after")]
    assert scene_speech(scenes, speech) == ["one two", "three", None]


def sample(**changes: Any) -> dict[str, Any]:
    return {
        "media_kind": "video",
        "duration_s": None,
        "chapters": [],
        "replay": [],
        "speech": [],
        "measured": [],
    } | changes


def scenes_of(*samples: dict[str, Any], most: int = 4) -> list[list[dict[str, Any]]]:
    fields = [SCHEMAS["post"].field(name) for name in samples[0] if name != "measured"]
    measured = SCHEMAS["media"].field("scenes").with_name("measured")
    timeline = pa.Table.from_pylist(list(samples), pa.schema([*fields, measured]))
    found: list[list[dict[str, Any]]] = add_scenes(timeline, most, 1.0).to_pylist()
    return found


def test_every_sample_of_a_table_gets_its_own_scenes() -> None:
    replayed = sample(
        replay=[{"start_s": 0.0, "end_s": 4.0, "value": 0.25}, {"start_s": 4.0, "end_s": 8.0, "value": 1.0}],
        speech=[{"start_s": 5.0, "end_s": 6.0, "text": "hello"}],
    )
    still = sample(media_kind="image")
    video, image, unknown = scenes_of(replayed, still, sample(), most=2)
    assert [(scene["end_s"], scene["replay"], scene["speech"]) for scene in video] == [
        (4.0, 0.25, None),
        (8.0, 1.0, "hello"),
    ]
    assert [(scene["source"], scene["replay"]) for scene in image] == [("image", None)]
    assert unknown == []


def test_a_stated_duration_counts_more_than_the_replay_graph() -> None:
    (scenes,) = scenes_of(sample(duration_s=10.0, replay=[{"start_s": 0.0, "end_s": 8.0, "value": 1.0}]), most=1)
    assert [(scene["start_s"], scene["end_s"]) for scene in scenes] == [(0.0, 10.0)]


_SEEN = {
    "keyframe": "keyframes/a.jpg",
    "caption": "A red wall.",
    "tags": ["wall"],
    "foreground_colours": ["red"],
    "background_colours": ["grey", "white"],
    "tone": "warm",
    "screen_text": "EXIT",
}


def cut(start_s: float, end_s: float) -> dict[str, Any]:
    """A scene that was cut, with all that was seen of it."""
    return {"start_s": start_s, "end_s": end_s, "first_frame": 0, "frames": 9, "keyframe_s": None, **_SEEN}


def test_scenes_that_were_cut_go_before_chapters_and_keep_what_was_seen_of_them() -> None:
    chapters = [{"start_s": 2.0, "end_s": 5.0, "title": "one"}, {"start_s": 5.0, "end_s": 9.0, "title": "two"}]
    video = sample(measured=[cut(0.0, 2.0), cut(2.0, 5.5), cut(5.5, 9.0)], chapters=chapters, duration_s=9.0)
    (scenes,) = scenes_of(video)
    assert [(scene["start_s"], scene["end_s"], scene["title"]) for scene in scenes] == [
        (0.0, 2.0, None),
        (2.0, 5.5, "one"),
        (5.5, 9.0, "two"),
    ]
    assert {scene["source"] for scene in scenes} == {"detected"}
    assert all({name: scene[name] for name in _SEEN} == _SEEN for scene in scenes)


def test_an_image_that_was_decoded_is_one_scene_with_what_was_seen_of_it() -> None:
    (scenes,) = scenes_of(sample(media_kind="image", measured=[cut(0.0, 0.0)]))
    assert [(scene["source"], scene["caption"]) for scene in scenes] == [("image", "A red wall.")]


def test_nothing_is_seen_of_what_was_not_decoded() -> None:
    (scenes,) = scenes_of(sample(media_kind="image"))
    nothing = {name: [] if isinstance(value, list) else None for name, value in _SEEN.items()}
    assert [{name: scene[name] for name in _SEEN} for scene in scenes] == [nothing]


def replay(*values: float) -> list[dict[str, float]]:
    """A graph of segments of two seconds each."""
    return [{"start_s": 2.0 * place, "end_s": 2.0 * (place + 1), "value": value} for place, value in enumerate(values)]


def test_every_sample_has_its_own_graph_and_lasts_as_long_as_that_where_nothing_else_is_known() -> None:
    samples = [sample(replay=replay(0.1, 0.9, 0.2)), sample(replay=None), sample(replay=replay(0.4, 0.3, 0.5, 0.0))]
    found = scenes_of(*samples, most=1)
    assert [[(scene["end_s"], scene["replay"]) for scene in scenes] for scenes in found] == [
        [(6.0, 0.9)],
        [],
        [(8.0, 0.5)],
    ]


def test_words_before_the_first_scene_belong_to_none() -> None:
    assert scene_speech([Bounds(2.0, 4.0, SceneSource.DETECTED)], [(1.0, "early"), (4.0, "late")]) == [None]
