"""Which videos are one by their samples: most of both must match at one shift."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from blift.schemas.media import FramePart
from blift.transforms.media.films import film_of, in_common
from blift.transforms.media.looks import MIRROR, TURNS, DuplicateOptions, turned_hashes
from blift.transforms.media.same import evidence_of, same_media
from tests.transforms.media.test_agreement import picture, seen

_OPTIONS = DuplicateOptions()
_HASHES = [int(number) for number in np.random.default_rng(3).integers(0, 1 << 63, 200, dtype=np.uint64)]


def row(hashes: Sequence[int], *, step_s: float = 0.5, first_s: float = 0.0, **changes: Any) -> dict[str, Any]:
    """A video with one sample for each hash."""
    glimpses = [{"time_s": first_s + place * step_s, "whole": one, "inside": None} for place, one in enumerate(hashes)]
    found = {"form": "video", "duration_s": first_s + len(hashes) * step_s, "loudness_lufs": None}
    return found | {"glimpses": glimpses, "part_hashes": []} | changes


def pictures_in_common(one: dict[str, Any], other: dict[str, Any], options: DuplicateOptions = _OPTIONS) -> int | None:
    found = in_common(film_of(one, options), film_of(other, options), options)
    backwards = in_common(film_of(other, options), film_of(one, options), options)
    assert (found is None) == (backwards is None)
    return found and found.pictures


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (_HASHES[:24], _HASHES[:24], True),
        (_HASHES[:24], _HASHES[5:24], True),  # the start cut off
        (_HASHES[:24], _HASHES[:15], True),  # the end cut off by 40 %
        (_HASHES[:24], _HASHES[:10], False),  # less than half of it: a part
        (_HASHES[:24], _HASHES[:12] + _HASHES[50:62], False),  # an intro in common
        (_HASHES[:12], _HASHES[100:160] + _HASHES[:12] + _HASHES[160:190], False),  # a compilation
        (_HASHES[:24], _HASHES[40:64], False),
        (_HASHES[:24], _HASHES[:24][::-1], False),
    ],
)
def test_videos_are_one_where_most_of_both_matches(one: list[int], other: list[int], *, same: bool) -> None:
    assert pictures_in_common(row(one), row(other)) == (3 if same else None)


def test_clocks_may_tick_apart_and_a_mirrored_video_is_found_where_asked() -> None:
    mirrored = row([one ^ int(MIRROR) for one in _HASHES[:20]], first_s=0.2)
    assert pictures_in_common(row(_HASHES[:20]), mirrored) == 3
    assert pictures_in_common(row(_HASHES[:20]), mirrored, replace(_OPTIONS, turned=False)) is None


def test_a_part_that_stays_is_enough_and_is_found_mirrored() -> None:
    parts = [
        {"time_s": 0.5 * place, "part": "left", "phash": f"{one:016x}", "phash_unboxed": None}
        for place, one in enumerate(_HASHES[100:120])
    ]
    flipped = [
        part | {"part": FramePart.RIGHT.value, "phash": f"{int(part['phash'], 16) ^ int(MIRROR):016x}"}
        for part in parts
    ]
    marked = row(_HASHES[:20], part_hashes=parts)
    assert pictures_in_common(marked, row(_HASHES[20:40], part_hashes=parts)) is not None
    assert pictures_in_common(marked, row(_HASHES[20:40], part_hashes=flipped)) is not None


def test_a_large_logo_in_both_makes_no_video_of_two() -> None:
    logo = [
        {"time_s": 0.5 * place, "part": "left", "phash": f"{_HASHES[150] ^ place % 4:016x}", "phash_unboxed": None}
        for place in range(20)
    ]
    assert pictures_in_common(row(_HASHES[:20], part_hashes=logo), row(_HASHES[20:40], part_hashes=logo)) is None


def test_frames_that_are_alike_at_another_shift_than_the_rest_do_not_count() -> None:
    intro, rest = _HASHES[:24], _HASHES[50:74]
    one = row(intro + rest, step_s=1 / 12)
    late = row([*intro, _HASHES[80], _HASHES[81], *rest[:-2]], step_s=1 / 12)
    assert pictures_in_common(one, one) == 3
    assert pictures_in_common(one, late) is None


@pytest.mark.parametrize(("turns", "mirrored"), TURNS)
def test_a_turned_video_is_the_video(turns: int, mirrored: bool) -> None:
    turned = turned_hashes(np.array(_HASHES[:20], np.uint64), turns, mirrored=mirrored)
    assert pictures_in_common(row(_HASHES[:20]), row(turned.tolist())) == 3


def test_a_start_cut_off_between_samples_leaves_what_is_between_them() -> None:
    camera = [_HASHES[place // 12] ^ ((1 << 5 * (place % 12)) - 1) for place in range(240)]
    assert pictures_in_common(row(camera, step_s=1 / 12), row(camera[5:], step_s=1 / 12)) == 3


def test_videos_that_show_nothing_have_nothing_in_common() -> None:
    assert pictures_in_common(row([], duration_s=4.0), row([], duration_s=4.0)) is None


def still(picture_seed: int, **changes: Any) -> tuple[dict[str, Any], list[tuple[float, Any]]]:
    return row(_HASHES[:1] * 20, **changes), [(0.0, seen(picture(picture_seed)).luma)]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (still(1), still(1), True),
        (still(1), still(2), False),  # hashes that are equal by chance
        (still(1, loudness_lufs=-20.0), still(1), True),
        (still(1, loudness_lufs=-20.0), still(1, loudness_lufs=-20.3), True),
        (still(1, loudness_lufs=-20.0), still(1, loudness_lufs=-12.0), False),  # two songs with one cover
        (still(1, loudness_lufs=-20.0), (row(_HASHES[:1] * 14, loudness_lufs=-20.0), still(1)[1]), False),
    ],
)
def test_still_videos_are_one_where_picture_and_sound_are(one: Any, other: Any, *, same: bool) -> None:
    assert same_media(evidence_of(*one, _OPTIONS), evidence_of(*other, _OPTIONS), _OPTIONS) is same


def test_an_image_is_no_video() -> None:
    image = {"form": "image", "loudness_lufs": None}
    drawn = [(0.0, seen(picture(1)).luma)]
    shown = evidence_of(image, drawn, _OPTIONS)
    assert not same_media(shown, evidence_of(*still(1), _OPTIONS), _OPTIONS)
    assert same_media(shown, evidence_of(image, drawn, _OPTIONS), _OPTIONS)


#: Fourteen bits of 64: more than whole frames may differ by.
_FOURTEEN = 0x0303_0303_0303_0101


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ((1, 2, 3, 4), (1, 2, 3, 4), True),
        ((1, 2, 3, 4), (1, 2, 3, 9), False),  # one of them is another picture
        ((1, 2), (1, 2), False),  # too few to be sure
    ],
)
def test_videos_that_match_only_roughly_are_one_where_all_their_sketches_are_alike(
    ours: tuple[int, ...], theirs: tuple[int, ...], *, same: bool
) -> None:
    drawn, other = (
        [(0.5 * place, seen(picture(seed)).luma) for place, seed in enumerate(seeds)] for seeds in (ours, theirs)
    )
    whole, changed = row(_HASHES[:24]), row([own ^ _FOURTEEN for own in _HASHES[:24]])
    assert pictures_in_common(whole, changed) is None
    found = same_media(evidence_of(whole, drawn, _OPTIONS), evidence_of(changed, other, _OPTIONS), _OPTIONS)
    assert found is same


def test_a_picture_that_stands_still_is_shown_when_a_cut_video_begins() -> None:
    drawn = [(0.0, seen(picture(1)).luma)]
    whole, cut = row([_HASHES[0]] * 20), row([_HASHES[0]] * 15)
    shows = evidence_of(whole, drawn, _OPTIONS)
    assert same_media(shows, evidence_of(cut, drawn, _OPTIONS), _OPTIONS)
    other = [(0.0, seen(picture(2)).luma)]
    assert not same_media(shows, evidence_of(cut, other, _OPTIONS), _OPTIONS)
