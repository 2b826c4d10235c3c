"""Cuts are those of PySceneDetect's filter, and scenes tile the frames, each with a keyframe near its middle."""

import gc
import weakref

from hypothesis import given
from hypothesis import strategies as st
from scenedetect import FrameTimecode
from scenedetect.detector import FlashFilter

from transforms.media.cuts import CutFilter, SceneCutter, Stretch


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


def test_no_picture_is_no_scene() -> None:
    assert scenes([], 15) == []


class _Picture:
    """Something that can be counted while it is held."""


def test_few_pictures_are_held_however_long_the_scene() -> None:
    cutter: SceneCutter[_Picture] = SceneCutter(15)
    alive: weakref.WeakSet[_Picture] = weakref.WeakSet()
    for number in range(2000):
        picture = _Picture()
        alive.add(picture)
        list(cutter.feed(picture, changed=number == 700))
        del picture
        gc.collect(0)
        assert len(alive) <= 9
