"""Which images and videos belong together, out of their hashes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.media.store import KEPT
from blift.schemas.media import FramePart
from blift.transforms.media.clusters import connected
from blift.transforms.media.looks import TURNS, DuplicateOptions, Kind, kinds, looks, turned_hashes
from blift.transforms.media.pairs import (
    LINKS,
    MATCHES,
    image_links,
    longest_chain,
    mark_links,
    mark_matches,
    video_links,
    video_matches,
)

_OPTIONS = DuplicateOptions(distance=8, ring_distance=3, per_s=1.0)
_RNG = np.random.default_rng(11)
_HASHES = [int(number) for number in _RNG.integers(0, 1 << 63, 400, dtype=np.uint64)]


def hexed(number: int) -> str:
    return f"{number:016x}"


def flipped(number: int, bits: int, seed: int = 0) -> int:
    places = np.random.default_rng([seed, number & 0xFFFF]).choice(64, bits, replace=False)
    return number ^ sum(1 << int(place) for place in places)


def image(sha256: str, own: int, turned: Sequence[int] = (), **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "sha256": sha256,
        "form": "image",
        "phash": hexed(own),
        "phash_turned": [hexed(own), *map(hexed, turned)],
    }
    row |= {"phash_unboxed": [], "ring_hash": hexed(own ^ 0x5555), "detail": 40.0}
    row |= {"part_hashes": [], "marks": [], "glimpses": []}
    return row | changes


def video(sha256: str, hashes: Sequence[int], first_s: float = 0.0, step_s: float = 1.0) -> dict[str, Any]:
    glimpses = [{"time_s": first_s + place * step_s, "whole": own, "inside": None} for place, own in enumerate(hashes)]
    row: dict[str, Any] = {"sha256": sha256, "form": "video", "phash": None, "phash_turned": [], "phash_unboxed": []}
    return row | {"ring_hash": None, "detail": None, "part_hashes": [], "marks": [], "glimpses": glimpses}


def table_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = pa.schema([KEPT.field(name) for name in rows[0]])
    return pl.DataFrame(pa.Table.from_pylist(rows, schema))


def links_by_part(*rows: dict[str, Any], options: DuplicateOptions = _OPTIONS) -> list[tuple[str, str]]:
    """Links over all blocks, each as a sorted pair, as often as it is found."""
    media = table_of(list(rows))
    found: list[pl.DataFrame] = []
    matches: list[pl.DataFrame] = []
    marks: list[pl.DataFrame] = []
    for kind, some in kinds(pl.DataFrame(looks(media, options))):
        distance = options.distance_of(kind)
        places = range(distance + 1)
        if kind is Kind.MARK:
            marks += [pl.DataFrame(mark_matches(some, distance, place)) for place in places]
        elif kind.moves:
            matches += [pl.DataFrame(video_matches(some, distance, options.common, place).matches) for place in places]
        else:
            found += [pl.DataFrame(image_links(some, kind, options, place)) for place in places]
    if matches:
        found.append(pl.DataFrame(video_links(pl.concat(matches), options)))
    if marks:
        found.append(pl.DataFrame(mark_links(pl.concat(marks))))
    return [(min(pair), max(pair)) for part in found for pair in part.iter_rows()]


def links(*rows: dict[str, Any], options: DuplicateOptions = _OPTIONS) -> set[tuple[str, str]]:
    return set(links_by_part(*rows, options=options))


def test_images_within_the_distance_are_linked_and_others_are_not() -> None:
    near, far = flipped(_HASHES[0], 8), flipped(_HASHES[0], 9)
    ring = _HASHES[9]
    rows = [
        image(name, own, ring_hash=hexed(flipped(ring, 10, seed)))
        for seed, (name, own) in enumerate([("a", _HASHES[0]), ("b", near), ("c", far)])
    ]
    assert links(*rows) == {("a", "b")} | ({("b", "c")} if (near ^ far).bit_count() <= 8 else set())


@pytest.mark.parametrize("turned", [pytest.param(False, id="upright"), pytest.param(True, id="turned")])
@pytest.mark.parametrize(
    ("bits", "ring_bits", "linked"),
    [
        pytest.param(4, 64, True, id="so near that rings are not asked: a stretched copy has others"),
        pytest.param(5, 24, True, id="near, and the rings are alike"),
        pytest.param(5, 25, False, id="near by chance, as the rings tell"),
        pytest.param(8, 24, True, id="as far as hashes may be, and the rings are alike"),
        pytest.param(9, 24, False, id="too far, and rings that are alike are not enough"),
    ],
)
def test_hashes_that_are_not_very_near_need_ring_hashes_that_are_alike(
    bits: int, ring_bits: int, turned: bool, linked: bool
) -> None:
    own, ring = flipped(_HASHES[0], bits), _HASHES[9]
    one = image("a", _HASHES[0], ring_hash=hexed(ring))
    other_ring = hexed(flipped(ring, ring_bits))
    other = image("b", _HASHES[5], [own], ring_hash=other_ring) if turned else image("b", own, ring_hash=other_ring)
    assert links(one, other) == ({("a", "b")} if linked else set())


def test_what_is_inside_bars_has_no_ring_hash_and_is_believed_without() -> None:
    boxed = image("b", _HASHES[2], phash_unboxed=[hexed(flipped(_HASHES[1], 8))], ring_hash=hexed(_HASHES[3]))
    assert links(image("a", _HASHES[1]), boxed) == {("a", "b")}


def test_images_of_one_hash_and_different_rings_are_linked_with_what_only_one_of_them_confirms() -> None:
    """Of a, b and c, which have one hash, the rings of b alone are like those of d."""
    own, far = _HASHES[0], flipped(_HASHES[0], 7)
    rings = {"a": _HASHES[10], "b": _HASHES[11], "c": _HASHES[12]}
    rows = [image(name, own, ring_hash=hexed(ring)) for name, ring in rings.items()]
    assert links(*rows, image("d", far, ring_hash=hexed(_HASHES[11]))) == {("a", "b"), ("a", "c"), ("b", "d")}


def test_a_turned_image_is_found_by_its_hashes_and_strangers_that_share_a_turn_are_not_linked() -> None:
    own, turn = _HASHES[1], _HASHES[2]
    upright = image("a", own, [turn], ring_hash=hexed(_HASHES[3]))
    on_its_side = image("b", turn, [own], ring_hash=hexed(_HASHES[4]))
    other = image("c", _HASHES[5], [turn], ring_hash=hexed(_HASHES[6]))
    assert links(upright, on_its_side) == {("a", "b")}
    assert links(upright, other) == set()


def test_an_image_turned_by_any_angle_is_found_by_its_ring_hash() -> None:
    rows = [image("a", _HASHES[1], ring_hash=hexed(_HASHES[3]))]
    rows.append(image("b", _HASHES[2], ring_hash=hexed(flipped(_HASHES[3], 3))))
    rows.append(image("c", _HASHES[7], ring_hash=hexed(flipped(_HASHES[3], 20))))
    assert links(*rows) == {("a", "b")}
    assert links(*rows, options=replace(_OPTIONS, turned=False)) == set()


def test_a_letterboxed_image_is_found_by_what_is_inside_its_bars() -> None:
    plain, boxed = image("a", _HASHES[1]), image("b", _HASHES[2], phash_unboxed=[hexed(flipped(_HASHES[1], 2))])
    assert links(plain, boxed) == {("a", "b")}


def test_plain_images_have_no_telling_hash() -> None:
    assert links(image("a", 0, detail=1.0), image("b", 0, detail=1.0)) == set()


@pytest.mark.parametrize("count", [2, 3, 50])
def test_equal_hashes_make_as_few_links_as_connect_them(count: int) -> None:
    rows = [image(f"{place:03}", _HASHES[1], ring_hash=hexed(_HASHES[20 + place])) for place in range(count)]
    every = links_by_part(*rows)
    assert sorted(every) == [("000", f"{place:03}") for place in range(1, count)]


_FILM = _HASHES[100:140]


@pytest.mark.parametrize(
    "variant",
    [
        pytest.param([flipped(own, 5, seed) for seed, own in enumerate(_FILM)], id="recompressed"),
        pytest.param(_FILM[12:], id="start cut off"),
        pytest.param([own ^ 0x5555_5555_5555_5555 for own in _FILM], id="mirrored"),
        pytest.param(_FILM[:15], id="end cut off"),
        pytest.param([*_HASHES[300:310], *_FILM, *_HASHES[310:320]], id="inside a longer one"),
        pytest.param(
            [own if place % 4 else _HASHES[200 + place] for place, own in enumerate(_FILM)], id="a quarter other"
        ),
    ],
)
def test_variants_of_a_video_are_linked(variant: list[int]) -> None:
    assert links(video("a", _FILM), video("b", variant)) == {("a", "b")}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(_HASHES[200:240], id="another film"),
        pytest.param([*_FILM[:6], *_HASHES[200:234]], id="the same intro"),
        pytest.param(_FILM[::-1], id="the same frames backwards"),
    ],
)
def test_other_videos_are_not_linked(other: list[int]) -> None:
    assert links(video("a", _FILM), video("b", other)) == set()


@pytest.mark.parametrize("few", [[_FILM[0]] * 30, _FILM[:2]], ids=["a still one", "two pictures"])
def test_videos_of_few_pictures_are_brought_together_by_them(few: list[int]) -> None:
    assert links(video("a", few), video("b", few)) == {("a", "b")}
    assert links(video("a", few), video("b", _FILM)) == {("a", "b")}
    assert links(video("a", few), video("b", _HASHES[200:240])) == set()


def test_a_start_that_is_cut_off_between_samples_is_found_by_what_is_between_them() -> None:
    camera = [_HASHES[place // 12] ^ ((1 << 5 * (place % 12)) - 1) for place in range(240)]  # five bits a tick
    whole, cut = video("a", camera, step_s=1 / 12), video("b", camera[5:], step_s=1 / 12)
    assert links(whole, cut) == {("a", "b")}
    for row in (whole, cut):
        row["glimpses"] = row["glimpses"][::12]
    assert links(whole, cut) == set()


@pytest.mark.parametrize(("turns", "mirrored"), TURNS)
def test_a_video_is_found_in_all_its_turns(turns: int, mirrored: bool) -> None:
    turned = turned_hashes(np.array(_FILM, np.uint64), turns, mirrored=mirrored).tolist()
    rows = [video("a", _FILM), video("b", turned)]
    assert links(*rows) == {("a", "b")}
    assert links(*rows, options=replace(_OPTIONS, turned=False)) == set()


@pytest.mark.parametrize(("shared", "linked"), [(0, False), (1, False), (2, True), (20, True)])
def test_two_marks_in_common_bring_images_together(shared: int, linked: bool) -> None:
    ours, theirs = _HASHES[:40], [flipped(own, 6) for own in _HASHES[:shared]] + _HASHES[200 : 240 - shared]
    rows = [image("a", _HASHES[300], marks=ours), image("b", _HASHES[301], marks=theirs)]
    assert links(*rows) == ({("a", "b")} if linked else set())


def test_two_marks_of_one_image_that_are_like_one_of_another_are_one() -> None:
    ours = [_HASHES[0], _HASHES[0] ^ 1, *_HASHES[10:20]]
    rows = [image("a", _HASHES[300], marks=ours), image("b", _HASHES[301], marks=[_HASHES[0], *_HASHES[30:40]])]
    assert links(*rows) == set()


def test_marks_that_very_many_images_have_say_nothing() -> None:
    few, many = (
        [image(f"{place:02}", _HASHES[200 + place], marks=_HASHES[:2]) for place in range(count)] for count in (4, 53)
    )
    assert len(links(*few)) == 6
    assert links(*many) == set()


def test_a_letterboxed_video_is_found_by_what_is_inside_its_bars() -> None:
    boxed = video("b", _HASHES[200:240])
    for frame, own in zip(boxed["glimpses"], _FILM, strict=True):
        frame["inside"] = own
    assert links(video("a", _FILM), boxed) == {("a", "b")}


def test_clocks_may_tick_apart_by_one_sample() -> None:
    drifting = video("b", _FILM)
    for place, frame in enumerate(drifting["glimpses"]):
        frame["time_s"] = place + (1.0 if place > 20 else 0.0)
    assert links(video("a", _FILM), drifting, options=replace(_OPTIONS, share=0.9)) == {("a", "b")}


def test_a_frame_that_very_many_videos_share_is_not_compared_and_is_told() -> None:
    options = replace(_OPTIONS, common=5)
    rows = [video(f"{place}", [_FILM[0], _FILM[1], _FILM[2], _HASHES[200 + place]]) for place in range(8)]
    media = table_of(rows)
    ((_, some),) = kinds(pl.DataFrame(looks(media, options)))
    matches, common = video_matches(some, options.video_distance, options.common, 0)
    assert (matches.num_rows, common) == (0, 3)


@pytest.mark.parametrize("seed", range(12))
def test_the_same_frames_in_another_order_are_another_video(seed: int) -> None:
    shuffled = [int(own) for own in np.random.default_rng(seed).permutation(np.array(_FILM, dtype=np.uint64))]
    assert links(video("a", _FILM), video("b", shuffled)) == set()


@pytest.mark.parametrize("every", [2, 3, 7])
def test_samples_that_were_dropped_do_not_part_videos(every: int) -> None:
    thinned = video("b", _FILM)
    del thinned["glimpses"][::every]
    assert links(video("a", _FILM), thinned) == {("a", "b")}


@pytest.mark.parametrize("rate", [24 / 25, 23.976 / 24, 25 / 24])
def test_a_film_at_another_speed_is_linked_as_far_as_its_clock_stays_within_a_sample(rate: float) -> None:
    faster = video("b", _FILM)
    for place, frame in enumerate(faster["glimpses"]):
        frame["time_s"] = place * rate
    assert links(video("a", _FILM), faster, options=replace(_OPTIONS, share=0.9)) == {("a", "b")}


@pytest.mark.parametrize(("shared", "linked"), [(2, False), (23, False), (24, True), (40, True)])
def test_the_share_of_the_shorter_video_decides(shared: int, linked: bool) -> None:
    other = [*_FILM[:shared], *_HASHES[200 : 240 - shared]]
    options = replace(_OPTIONS, share=0.6)
    assert links(video("a", _FILM), video("b", other), options=options) == ({("a", "b")} if linked else set())


def test_videos_with_one_intro_are_not_linked_by_it_nor_over_the_intro_itself() -> None:
    films = [video(name, [*_FILM[:5], *_HASHES[first : first + 30]]) for name, first in (("a", 200), ("b", 240))]
    assert links(*films) == set()
    assert links(*films, video("intro", _FILM[:2])) == {("a", "intro"), ("b", "intro")}


@pytest.mark.parametrize("returns", [3, 20])
def test_a_single_picture_that_comes_again_and_again_does_not_link_videos(returns: int) -> None:
    shows = [
        [own for scene in range(returns) for own in (_FILM[0], _HASHES[first + scene])][:-1] for first in (200, 240)
    ]
    assert links(video("a", shows[0]), video("b", shows[1]), options=replace(_OPTIONS, share=0.5)) == set()


def test_a_title_card_between_scenes_does_not_part_variants() -> None:
    show = [own for scene in _FILM[:10] for own in (_HASHES[300], scene)]
    variant = [flipped(own, 4, seed) for seed, own in enumerate(show)]
    assert links(video("a", show), video("b", variant)) == {("a", "b")}
    assert links(video("a", show), video("b", show[5:])) == {("a", "b")}


@given(st.integers(3, 8).flatmap(lambda count: st.permutations(range(count))))
@settings(max_examples=25)
def test_a_short_clip_is_linked_in_its_order_and_not_with_its_frames_shuffled(order: list[int]) -> None:
    clip = _FILM[: len(order)]
    assert links(video("a", clip), video("b", clip)) == {("a", "b")}
    if longest_by_trying_all(list(enumerate(order))) < 0.75 * len(order):
        assert links(video("a", clip), video("b", [clip[place] for place in order])) == set()


_PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=9, unique=True)


def longest_by_trying_all(pairs: Sequence[tuple[int, int]]) -> int:
    best: dict[tuple[int, int], int] = {}
    for pair in sorted(pairs):
        best[pair] = 1 + max((best[other] for other in best if other[0] < pair[0] and other[1] < pair[1]), default=0)
    return max(best.values(), default=0)


@given(_PAIRS)
def test_the_longest_chain_grows_on_both_sides_and_none_is_longer(pairs: list[tuple[int, int]]) -> None:
    chain = [pairs[row] for row in longest_chain(pairs)]
    assert all(one[0] < other[0] and one[1] < other[1] for one, other in pairwise(chain))
    assert len(chain) == longest_by_trying_all(pairs)


def test_a_sample_counts_once_however_many_of_the_other_video_it_resembles() -> None:
    one, other = list(_HASHES[200:220]), list(_HASHES[240:260])
    one[6], one[16] = _FILM[:2]
    for place, own in ((5, 0), (7, 0), (15, 1), (17, 1)):
        other[place] = _FILM[own]
    options = replace(_OPTIONS, share=0.1)
    assert links(video("a", one), video("b", other), options=replace(options, min_matches=3)) == set()
    assert links(video("a", one), video("b", other), options=replace(options, min_matches=2)) == {("a", "b")}


def test_links_of_videos_do_not_depend_on_the_order_of_matches() -> None:
    rows = [video("a", _FILM), video("b", _FILM[5:]), video("c", _HASHES[200:240])]
    ((_, some),) = kinds(pl.DataFrame(looks(table_of(rows), replace(_OPTIONS, turned=False))))
    parts = [
        pl.DataFrame(video_matches(some, _OPTIONS.video_distance, _OPTIONS.common, place).matches) for place in range(9)
    ]
    matches = pl.concat([*parts, *parts])
    for seed in range(3):
        shuffled = matches.sample(fraction=1.0, shuffle=True, seed=seed)
        assert video_links(shuffled, _OPTIONS).to_pylist() == [{"left": "a", "right": "b"}]


def test_no_matches_make_no_links() -> None:
    assert video_links(pl.DataFrame(MATCHES.empty_table()), _OPTIONS).equals(LINKS.empty_table())


_NEAR = st.builds(
    lambda base, bits: base ^ sum(1 << bit for bit in bits),
    st.sampled_from(_HASHES[:4]),
    st.sets(st.integers(0, 63), max_size=5),
)
#: Unrelated rings, 25 bits and more from one another: those of one number are alike, and not near enough to link.
_RINGS = [_HASHES[50], *(own for own in _HASHES[51:] if (own ^ _HASHES[50]).bit_count() > 30)][:3]
_IMAGES = st.lists(st.tuples(_NEAR, st.lists(_NEAR, max_size=2), st.sampled_from(range(3))), min_size=2, max_size=8)


@settings(max_examples=14)
@given(_IMAGES, st.integers(0, 8))
def test_links_of_images_connect_what_comparing_all_with_all_connects(
    drawn: list[tuple[int, list[int], int]], distance: int
) -> None:
    options = replace(_OPTIONS, distance=distance, ring_distance=0)
    rings = [flipped(_RINGS[ring], 10, place) for place, (_, _, ring) in enumerate(drawn)]
    rows = [
        image(f"{place}", own, turns, ring_hash=hexed(ring))
        for place, ((own, turns, _), ring) in enumerate(zip(drawn, rings, strict=True))
    ]

    def near(one: int, other: int, hash_: int) -> bool:
        bits = (drawn[one][0] ^ hash_).bit_count()
        alike = (rings[one] ^ rings[other]).bit_count() <= options.ring_alike
        return bits <= distance and (bits <= options.sure or alike)

    pairs = {
        (f"{one}", f"{other}")
        for one in range(len(drawn))
        for other, (own_there, turns, _) in enumerate(drawn)
        if one != other
        and (rings[one] == rings[other] or any(near(one, other, hash_) for hash_ in (own_there, *turns)))
    }
    linked = links(*rows, options=options)
    assert linked <= pairs | {(right, left) for left, right in pairs}
    assert _components(linked) == _components(pairs)


def _components(pairs: set[tuple[str, str]]) -> dict[str, str]:
    table = pl.DataFrame(sorted(pairs), schema={"left": pl.String, "right": pl.String}, orient="row")
    return {row["sha256"]: row["component"] for row in connected(table).to_pylist()}


def seen_through(row: dict[str, Any], part: FramePart, hashes: Sequence[int]) -> dict[str, Any]:
    parts = [
        {"time_s": float(place), "part": part.value, "phash": hexed(own), "phash_unboxed": None}
        for place, own in enumerate(hashes)
    ]
    return row | {"part_hashes": [*row["part_hashes"], *parts]}


@pytest.mark.parametrize("part", FramePart)
def test_a_video_with_a_logo_is_found_by_a_part_that_the_logo_does_not_touch(part: FramePart) -> None:
    parts = _HASHES[300:340]
    plain = seen_through(video("a", _FILM), part, parts)
    marked = seen_through(video("b", _HASHES[200:240]), part, [flipped(own, 3) for own in parts])
    assert links(plain, marked) == {("a", "b")}
    assert links(plain, marked, options=replace(_OPTIONS, part_distance=2)) == set()


def test_a_mirrored_video_with_a_logo_is_found_by_the_other_side() -> None:
    parts = _HASHES[300:340]
    plain = seen_through(video("a", _FILM), FramePart.LEFT, parts)
    turned = seen_through(video("b", _HASHES[200:240]), FramePart.RIGHT, [own ^ 0x5555_5555_5555_5555 for own in parts])
    assert links(plain, turned) == {("a", "b")}
    assert links(plain, turned, options=replace(_OPTIONS, turned=False)) == set()


def test_parts_of_different_sides_do_not_add_up() -> None:
    """Each part shows too little of the other video, and all together enough."""
    rows = [video("a", _FILM), video("b", _HASHES[200:240])]
    for place, part in enumerate(FramePart):
        same = _HASHES[300 + 8 * place : 308 + 8 * place]
        rows[0] = seen_through(rows[0], part, [*same, *_HASHES[0:32]])
        rows[1] = seen_through(rows[1], part, [*same, *_HASHES[40:72]])
    assert links(*rows, options=replace(_OPTIONS, share=0.4)) == set()


def test_a_ticker_that_two_films_have_does_not_link_them() -> None:
    ticker = [flipped(_HASHES[9], 2, seed) for seed in range(40)]
    rows = [video("a", _FILM), video("b", _HASHES[200:240])]
    assert links(*(seen_through(row, FramePart.LOWER, ticker) for row in rows)) == set()


def test_a_logo_so_large_that_every_picture_is_like_every_other_does_not_link_films() -> None:
    """Pictures of a film are 10 bits apart, and come again 8 bits away from all pictures of the other film."""

    def film(first_bit: int) -> list[int]:
        pictures = [0b11111 << (first_bit + 5 * place) for place in range(6)]
        again = [0b01111 << (first_bit + 5 * place) for place in range(6)]
        return [_HASHES[9] ^ own for own in [*pictures, *again]]

    assert {(one ^ other).bit_count() for one in film(0)[6:] for other in film(30)[6:]} == {8}
    assert links(video("a", film(0)), video("b", film(30))) == set()


def _logo_films(part_pictures: int) -> list[dict[str, Any]]:
    """Two films behind one logo: whole frames show six pictures, of which three come in both; their left parts more."""
    rows = []
    for place, name in enumerate("ab"):
        first = 200 + 20 * place
        row = video(name, [*_FILM[:3], *_HASHES[first : first + 3]])
        rows.append(seen_through(row, FramePart.LEFT, _HASHES[300 + 30 * place :][:part_pictures]))
    return rows


@pytest.mark.parametrize(("part_pictures", "linked"), [(6, True), (10, True), (11, False), (20, False)])
def test_few_pictures_behind_a_logo_do_not_link_films_whose_parts_show_many(part_pictures: int, linked: bool) -> None:
    """Two thirds of 11 are 8 pictures, of which three are less than the share."""
    options = replace(_OPTIONS, share=0.4)
    assert links(*_logo_films(part_pictures), options=options) == ({("a", "b")} if linked else set())


def test_the_part_that_shows_many_pictures_links_variants_behind_a_logo() -> None:
    rows = [seen_through(row, FramePart.RIGHT, _HASHES[360:380]) for row in _logo_films(20)]
    assert links(*rows) == {("a", "b")}


def test_a_video_of_which_one_half_stands_still_is_linked_by_it() -> None:
    """The upper part shows half as many pictures as the lower one, which another ticker hides."""
    rows = []
    for name, first in (("a", 200), ("b", 220)):
        row = seen_through(video(name, []), FramePart.UPPER, _HASHES[300:308])
        rows.append(seen_through(row, FramePart.LOWER, _HASHES[first : first + 16]))
    assert links(*rows) == {("a", "b")}
