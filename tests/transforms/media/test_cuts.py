"""Cuts are those of PySceneDetect's filter, and scenes tile the frames, each with a keyframe near its middle."""

import weakref
from collections.abc import Collection
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scenedetect import FrameTimecode
from scenedetect.detector import FlashFilter

from blift.transforms.media.cuts import CutFilter, SceneCutter, Stretch


@given(st.lists(st.booleans(), max_size=120), st.integers(0, 12))
def test_cuts_are_those_of_the_flash_filter(changes: list[bool], shortest: int) -> None:
    theirs, ours = FlashFilter(FlashFilter.Mode.MERGE, shortest), CutFilter(shortest)
    for number, changed in enumerate(changes):
        expected = [cut.frame_num for cut in theirs.filter(FrameTimecode(number, 25.0), changed)]
        found = ours.feed(number, changed=changed)
        assert ([] if found is None else [found]) == expected


def scenes(changes: list[bool], shortest: int) -> list[Stretch[int]]:
    cutter: SceneCutter[int] = SceneCutter(shortest)
    found = [scene for number, changed in enumerate(changes) for scene in cutter.feed(number, changed=changed)]
    return [*found, *cutter.end()]


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.integers(0, 20))
def test_scenes_tile_the_frames_and_hold_their_keyframes(changes: list[bool], shortest: int) -> None:
    found = scenes(changes, shortest)
    assert [scene.first for scene in found] == [0, *(scene.stop for scene in found[:-1])]
    assert found[-1].stop == len(changes)
    for scene in found:
        assert scene.first <= scene.keyframe_number < scene.stop
        assert scene.keyframe == scene.keyframe_number


@given(st.integers(1, 5000))
def test_the_keyframe_of_a_long_scene_is_near_its_middle(length: int) -> None:
    (scene,) = scenes([False] * length, 15)
    assert abs(scene.keyframe_number - length // 2) <= length / 8 + 1


@given(st.lists(st.integers(0, 900), max_size=6), st.integers(1, 900), st.integers(0, 40))
def test_keyframes_are_near_the_middle_of_any_scene(cuts: list[int], length: int, shortest: int) -> None:
    for scene in scenes([number in cuts for number in range(length)], shortest):
        frames = scene.stop - scene.first
        assert abs(scene.keyframe_number - (scene.first + scene.stop) // 2) <= frames / 8 + 1


@given(st.integers(1, 20), st.lists(st.integers(1, 25), min_size=2, max_size=12), st.integers(1, 60))
def test_keyframes_are_near_the_middle_after_a_burst_of_changes(shortest: int, gaps: list[int], rest: int) -> None:
    changes = list(accumulate(gaps))
    for scene in scenes([number in changes for number in range(changes[-1] + rest)], shortest):
        frames = scene.stop - scene.first
        assert abs(scene.keyframe_number - (scene.first + scene.stop) // 2) <= frames / 8 + 1


@given(st.integers(1, 12))
def test_the_keyframe_of_a_short_scene_is_its_middle(length: int) -> None:
    (scene,) = scenes([False] * length, 15)
    assert abs(scene.keyframe_number - length // 2) <= 1


def test_a_single_picture_is_a_scene_whether_or_not_it_changed() -> None:
    assert scenes([False], 15) == [Stretch(0, 1, 0, 0)]
    assert scenes([True], 15) == [Stretch(0, 1, 0, 0)]
    assert scenes([True], 0) == [Stretch(0, 1, 0, 0)]


def test_a_cut_on_the_second_picture_leaves_a_scene_of_one() -> None:
    assert scenes([False, True, False], 1) == [Stretch(0, 1, 0, 0), Stretch(1, 3, 2, 2)]
    assert scenes([False, True, False], 15) == [Stretch(0, 3, 1, 1)]


def test_without_a_shortest_length_every_change_cuts() -> None:
    assert [scene.first for scene in scenes([True] * 9, 0)] == list(range(9))


def test_a_burst_of_changes_is_one_cut_at_its_last_change() -> None:
    changes = [number in (20, 40, 43, 46, 49) for number in range(100)]
    assert [scene.first for scene in scenes(changes, 6)] == [0, 20, 40, 49]
    assert [scene.first for scene in scenes(changes, 8)] == [0, 20, 40]


def test_no_picture_is_no_scene() -> None:
    assert scenes([], 15) == []


class _Picture:
    """Something that can be counted while it is held."""


@pytest.mark.parametrize("cuts", [{}, {700}, {3, 100, 103, 108, 1500}, set(range(0, 2000, 40))])
def test_few_pictures_are_held_however_long_the_scene(cuts: Collection[int]) -> None:
    cutter: SceneCutter[_Picture] = SceneCutter(15)
    alive: weakref.WeakSet[_Picture] = weakref.WeakSet()
    for number in range(2000):
        picture = _Picture()
        alive.add(picture)
        list(cutter.feed(picture, changed=number in cuts))
        del picture
        assert len(alive) <= 25
