"""What of a file is compared: hashes that tell something, who asks, and one sample for a picture that stands still."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import ceil
from typing import Any

import cv2
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.media import FramePart
from blift.transforms.media.hashes import glimpse
from blift.transforms.media.looks import (
    LOOKS,
    MEDIA_COLUMNS,
    TURNS,
    DuplicateOptions,
    Kind,
    kinds,
    looks,
    turned_hashes,
)
from tests.transforms.media.test_pairs import _HASHES, hexed, image, seen_through, table_of, video

_OPTIONS = DuplicateOptions(per_s=1.0, min_detail=4.0, still=3)
_PLAIN = replace(_OPTIONS, turned=False)

Look = tuple[str, int, bool, int]


def found(*rows: dict[str, Any], options: DuplicateOptions = _OPTIONS) -> dict[Kind, list[Look]]:
    """File, hash, whether it asks, and place of every look, by kind."""
    table = looks(table_of(list(rows)), options)
    assert table.schema == LOOKS
    columns = ["sha256", "hash", "asks", "place"]
    return {kind: some.select(columns).sort(columns).rows() for kind, some in kinds(pl.DataFrame(table))}


def samples(hashes: Sequence[int]) -> list[tuple[int, int]]:
    """Place and hash of the samples that are kept of a video."""
    by_kind = found(video("v", hashes), options=_PLAIN)
    return [(place, own) for _, own, _, place in sorted(by_kind.get(Kind.VIDEO, []), key=lambda look: look[3])]


def test_an_image_asks_by_its_own_hash_and_is_only_found_by_those_of_its_turns() -> None:
    own, *turns = _HASHES[:8]
    by_kind = found(image("a", own, turns, ring_hash=hexed(_HASHES[9])))
    assert by_kind[Kind.IMAGE] == sorted([("a", own, True, 0), *(("a", turn, False, 0) for turn in turns)])
    assert by_kind[Kind.RING] == [("a", _HASHES[9], True, 0)]


def test_what_is_inside_bars_asks_too_and_its_turns_are_found() -> None:
    own, inside, turned = _HASHES[:3]
    by_kind = found(image("a", own, phash_unboxed=[hexed(inside), hexed(turned)]))
    assert by_kind[Kind.IMAGE] == sorted([("a", own, True, 0), ("a", inside, True, 0), ("a", turned, False, 0)])


def test_without_turns_an_image_has_its_own_hashes_alone() -> None:
    own, inside, *turns = _HASHES[:9]
    by_kind = found(image("a", own, turns, phash_unboxed=[hexed(inside), hexed(turns[0])]), options=_PLAIN)
    assert by_kind == {Kind.IMAGE: sorted([("a", own, True, 0), ("a", inside, True, 0)])}


def test_the_equal_turns_of_a_symmetrical_image_are_one_look() -> None:
    own = _HASHES[0]
    assert found(image("a", own, [own] * 7))[Kind.IMAGE] == [("a", own, False, 0), ("a", own, True, 0)]


def test_an_image_without_a_ring_hash_has_none_to_compare() -> None:
    assert set(found(image("a", _HASHES[0], ring_hash=None))) == {Kind.IMAGE}


def test_images_of_little_detail_are_left_out() -> None:
    rows = [image("plain", _HASHES[0], detail=3.99), image("enough", _HASHES[1], detail=4.0)]
    by_kind = found(*rows)
    assert {sha256 for some in by_kind.values() for sha256, *_ in some} == {"enough"}


def test_hashes_with_their_highest_bit_set_are_read_unsigned() -> None:
    top = (1 << 64) - 1
    assert found(image("a", top), options=_PLAIN)[Kind.IMAGE] == [("a", top, True, 0)]


def test_images_and_what_moves_are_not_compared_with_one_another() -> None:
    by_kind = found(image("a", _HASHES[0]), video("b", _HASHES[:1]), {**video("c", _HASHES[:1]), "form": "animation"})
    assert {kind: {sha256 for sha256, *_ in some} for kind, some in by_kind.items()} == {
        Kind.IMAGE: {"a"},
        Kind.RING: {"a"},
        Kind.VIDEO: {"b", "c"},
    }


def test_the_first_glimpse_of_each_place_asks_and_the_others_are_found_as_its_picture() -> None:
    options = replace(_PLAIN, per_s=2.0)
    row = video("v", _HASHES[:5])
    for seen, time_s in zip(row["glimpses"], (0.0, 0.52, 0.98, 1.0, 7.49), strict=True):
        seen["time_s"] = time_s
    looked = pl.DataFrame(looks(table_of([row]), options)).select("place", "hash", "asks", "picture", "pictures")
    assert looked.sort("place", "asks", descending=[False, True]).rows() == [
        (0, _HASHES[0], True, 0, 4),
        (1, _HASHES[1], True, 1, 4),
        (1, _HASHES[2], False, 1, 4),
        (2, _HASHES[3], True, 2, 4),
        (14, _HASHES[4], True, 14, 4),
    ]


def test_turned_hashes_are_those_of_turned_pictures_but_for_a_few_bits() -> None:
    rng, differ = np.random.default_rng(7), []
    for _ in range(20):
        small = cv2.GaussianBlur(rng.integers(0, 255, (64, 64), dtype=np.uint8), (0, 0), 2)
        small = cv2.normalize(small, None, 0, 255, cv2.NORM_MINMAX)
        own = glimpse(small)
        assert own
        for turns, mirrored in ((0, True), *TURNS):
            turned = glimpse(np.ascontiguousarray(np.rot90(small[:, ::-1] if mirrored else small, turns)))
            (told,) = turned_hashes(np.array([own.whole], np.uint64), turns, mirrored=mirrored).tolist()
            assert turned
            differ.append((told ^ turned.whole).bit_count())
    assert (max(differ), sum(differ) / len(differ) < 4) == (12, True)


def test_a_turned_video_is_looked_for_by_a_few_samples_of_its_own() -> None:
    table = pl.DataFrame(looks(table_of([video("v", _HASHES[:40])]), _OPTIONS))
    turns = table.filter(pl.col("lens") > 4)
    assert turns.group_by("lens").len().sort("lens").rows() == [(lens, 16) for lens in range(5, 11)]
    assert (turns["asks"].any(), set(turns["pictures"])) == (False, {16})


def test_a_picture_that_stands_still_is_one_sample() -> None:
    one, other = _HASHES[0], _HASHES[1]
    assert samples([one, one ^ 0b111, one, other, other, one]) == [(0, one), (3, other), (5, one)]


def test_slow_change_is_measured_from_the_last_sample_that_was_kept() -> None:
    fade = [(1 << bits) - 1 for bits in range(12)]
    assert samples(fade) == [(0, fade[0]), (4, fade[4]), (8, fade[8])]


@given(st.lists(st.integers(0, 63).map(lambda bit: 1 << bit) | st.sampled_from(_HASHES[:3]), max_size=20))
def test_neighbouring_samples_differ_and_the_first_is_kept(hashes: list[int]) -> None:
    kept = samples(hashes)
    assert kept[:1] == [(0, own) for own in hashes[:1]]
    assert all((one ^ other).bit_count() > _OPTIONS.still for (_, one), (_, other) in pairwise(kept))
    assert all(hashes[place] == own for place, own in kept)


def test_still_pictures_of_one_video_do_not_hide_the_same_picture_in_the_next() -> None:
    rows = [video("a", _HASHES[:1] * 5), video("b", _HASHES[:1] * 5)]
    assert found(*rows, options=_PLAIN) == {Kind.VIDEO: [("a", _HASHES[0], True, 0), ("b", _HASHES[0], True, 0)]}


def test_a_picture_that_comes_again_is_one_picture_and_as_near_as_samples_must_be() -> None:
    card = _HASHES[0]
    hashes = [card, _HASHES[1], card ^ 0xFF, _HASHES[2], card ^ 0x1FF]
    rows = [video("v", hashes), video("w", hashes[1:])]
    table = pl.DataFrame(looks(table_of(rows), replace(_PLAIN, video_distance=8)))
    assert table.filter(pl.col("sha256") == "v")["picture"].to_list() == [0, 1, 0, 3, 4]
    assert table.filter(pl.col("sha256") == "w")["picture"].to_list() == [0, 1, 2, 1]


def test_a_sample_with_bars_has_two_looks_at_one_place() -> None:
    row = video("v", [_HASHES[0]])
    row["glimpses"][0]["inside"] = _HASHES[1]
    assert found(row, options=_PLAIN) == {Kind.VIDEO: sorted([("v", _HASHES[0], True, 0), ("v", _HASHES[1], True, 0)])}


def test_samples_ask_as_they_are_and_are_found_mirrored() -> None:
    own = _HASHES[0]
    mirrored = own ^ 0x5555_5555_5555_5555
    table = pl.DataFrame(looks(table_of([video("v", [own])]), _OPTIONS)).filter(pl.col("lens") == 0)
    assert table.select("hash", "asks").rows() == [(own, True), (mirrored, False)]


def test_hashes_of_a_whole_picture_come_with_its_ring_hash_and_what_is_inside_bars_with_none() -> None:
    own, turn, inside, ring = _HASHES[:4]
    row = image("a", own, [turn], phash_unboxed=[hexed(inside)], ring_hash=hexed(ring))
    table = pl.DataFrame(looks(table_of([row]), _OPTIONS)).filter(pl.col("kind") == Kind.IMAGE)
    assert dict(table.select("hash", "ring").iter_rows()) == {own: ring, turn: ring, inside: None}


def pictures(row: dict[str, Any]) -> dict[int, int]:
    """How many pictures a video counts as showing, by lens."""
    table = pl.DataFrame(looks(table_of([row]), _PLAIN))
    return dict(table.select("lens", "pictures").unique().iter_rows())


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_whole_frames_count_two_thirds_of_the_most_pictures_at_least_and_parts_half(
    whole: int, left: int, lower: int
) -> None:
    row = video("v", _HASHES[:whole])
    for part, shown in ((FramePart.LEFT, left), (FramePart.LOWER, lower)):
        row = seen_through(row, part, _HASHES[:shown])
    most = max(whole, left, lower)
    expected = {0: max(whole, ceil(most * 2 / 3)), 1: max(left, ceil(most / 2)), 4: max(lower, ceil(most / 2))}
    assert pictures(row) == {lens: expected[lens] for lens, shown in ((0, whole), (1, left), (4, lower)) if shown}


def test_no_files_and_those_without_hashes_have_no_looks() -> None:
    empty = table_of([image("a", 1)]).clear()
    assert empty.columns == MEDIA_COLUMNS
    assert looks(empty, _OPTIONS).equals(LOOKS.empty_table())
    assert found(video("v", [])) == {}
