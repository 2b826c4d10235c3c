"""Perceptual hashes equal imagehash's, also of turned pictures, and see through turns and bars."""

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from blift.schemas.media import FramePart
from blift.transforms.media.hashes import (
    inside_bars,
    look_at,
    looks_at,
    part_hashes,
    phash,
    phash_turned,
    ring_hash,
    without_bars,
)
from blift.transforms.media.looks import DuplicateOptions


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Blobs of several sizes: what a photograph is to a hash."""
    rng = np.random.default_rng(seed)
    layers = [
        Image.fromarray(rng.integers(0, 256, (side, side), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        for side in (3, 6, 12, 24)
    ]
    mixed = np.average([np.asarray(layer, dtype=float) for layer in layers], axis=0, weights=(5, 4, 3, 2))
    return Image.fromarray(mixed.astype(np.uint8))


def parts_of(image: Image.Image) -> dict[FramePart, str]:
    return part_hashes(np.asarray(image))


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@given(st.integers(0, 200), st.tuples(st.integers(1, 400), st.integers(1, 400)))
@settings(max_examples=30, deadline=None)
def test_the_hash_is_imagehashs(seed: int, size: tuple[int, int]) -> None:
    image = picture(seed, size)
    assert phash(look_at(image)) == str(imagehash.phash(image))


def of_turned_images(image: Image.Image) -> list[str]:
    turned = [one.rotate(90 * turns, expand=True) for one in (image, ImageOps.mirror(image)) for turns in range(4)]
    return [str(imagehash.phash(one)) for one in turned]


@given(st.integers(0, 200))
@settings(max_examples=20)
def test_the_hashes_of_turns_are_those_of_turned_pictures(seed: int) -> None:
    image = picture(seed, (32, 32))  # what the hash scales to, so that nothing is rounded
    assert phash_turned(look_at(image)) == of_turned_images(image)


@given(st.integers(0, 200), st.sampled_from([(1, 1), (1, 32), (32, 1), (2, 2)]))
@settings(max_examples=20)
def test_so_they_are_where_coefficients_are_nothing_but_rounding(seed: int, grain: tuple[int, int]) -> None:
    """Plain, striped and mirrored pictures: the sign of what should be 0 decides bits."""
    height, width = grain
    part = np.random.default_rng(seed).integers(0, 256, (-(-height // 2), -(-width // 2)), dtype=np.uint8)
    whole = np.block([[part, part[:, ::-1]], [part[::-1], part[::-1, ::-1]]])[:height, :width]
    image = Image.fromarray(np.tile(whole, (32 // height, 32 // width)))
    expected = of_turned_images(image)
    assert phash_turned(look_at(image)) == expected
    assert phash(look_at(image)) == expected[0]


@given(st.integers(0, 200), st.tuples(st.integers(40, 400), st.integers(40, 400)))
@settings(max_examples=20)
def test_the_hashes_of_turns_of_any_size_are_near_those_of_turned_pictures(seed: int, size: tuple[int, int]) -> None:
    """Pillow scales across before it scales down, so a turned picture may round otherwise."""
    image = picture(seed, size)
    found = phash_turned(look_at(image))
    apart = [bits_apart(one, other) for one, other in zip(found, of_turned_images(image), strict=True)]
    assert found[0] == phash(look_at(image))
    assert max(apart) <= 4
    assert sum(bits > 2 for bits in apart) <= 1


@pytest.mark.parametrize("filling", [0, 255])
def test_the_ring_hash_stays_when_a_picture_is_turned_by_any_angle(filling: int) -> None:
    apart = []
    for seed in range(8):
        image = picture(seed, (400, 400))
        own = ring_hash(image)
        for angle in range(3 + seed, 360, 23):
            turned = image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=filling)
            apart.append(bits_apart(own, ring_hash(turned)))
    assert max(apart) <= DuplicateOptions().ring_distance
    assert sum(bits <= 3 for bits in apart) > 0.95 * len(apart)


@pytest.mark.parametrize("size", [(400, 400), (401, 401), (500, 300), (301, 517)])
def test_the_ring_hash_stays_when_a_picture_is_mirrored_or_turned_by_right_angles(size: tuple[int, int]) -> None:
    for seed in range(6):
        image = picture(seed, size)
        turned = [image.rotate(90 * turns, expand=True) for turns in (1, 2, 3)]
        for other in (ImageOps.mirror(image), ImageOps.flip(image), *turned):
            assert bits_apart(ring_hash(image), ring_hash(other)) <= 3


def test_the_ring_hash_sees_the_disc_alone() -> None:
    image = picture(9, (400, 400))
    for filling in (0, 128, 255):
        framed = Image.new("L", image.size, filling)
        mask = Image.new("L", image.size, 0)
        ImageDraw.Draw(mask).ellipse((0, 0, 399, 399), fill=255)
        framed.paste(image, mask=mask)
        assert bits_apart(ring_hash(image), ring_hash(framed)) == 0


def test_the_ring_hash_tells_pictures_apart() -> None:
    hashes = [ring_hash(picture(seed)) for seed in range(40)]
    apart = [bits_apart(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(apart) > 8


#: Bars in pixels, the shorter ones well above the share of a side from which on something is a bar.
_BAR = st.integers(20, 110)


@given(
    st.integers(0, 500),
    st.tuples(st.integers(90, 600), st.integers(90, 600)),
    _BAR,
    _BAR | st.just(0),
    st.booleans(),
    st.sampled_from([0, 16, 255]),
)
@settings(max_examples=60)
def test_bars_are_taken_off_with_at_most_the_lines_where_they_mix_with_the_picture(
    seed: int, size: tuple[int, int], before: int, after: int, across: bool, colour: int
) -> None:
    image = picture(seed, size)
    boxed = ImageOps.expand(image, (before, 0, after, 0) if across else (0, before, 0, after), fill=colour)
    inside = without_bars(boxed)
    assert inside is not None
    step = max(1.0, max(boxed.size) / 192)  # of the small picture in which bars are looked for
    kept, whole = (inside.width, image.width) if across else (inside.height, image.height)
    assert 0 <= whole - kept <= 2 * 2 * step
    plain = np.asarray(inside).std(axis=0 if across else 1) == 0.0
    assert not plain[[0, -1]].any()


@pytest.mark.parametrize("bars", [(40, 30, 40, 30), (0, 60, 0, 0)])
def test_bars_on_all_sides_and_on_one_alone_are_taken_off(bars: tuple[int, int, int, int]) -> None:
    image = picture(6, (160, 100))
    inside = without_bars(ImageOps.expand(image, bars, fill=0))
    assert inside is not None
    assert 0 <= image.width - inside.width <= 6
    assert 0 <= image.height - inside.height <= 6


def test_a_letterboxed_picture_has_the_hash_of_its_inside() -> None:
    for seed in range(20):
        image = picture(seed, (640, 360))
        inside = without_bars(ImageOps.expand(image, (0, 60), fill=0))
        assert inside is not None
        assert bits_apart(phash(look_at(inside)), phash(look_at(image))) <= 6


@given(st.integers(0, 500), st.tuples(st.integers(60, 600), st.integers(60, 600)))
@settings(max_examples=40)
def test_a_picture_without_bars_stays_as_it_is(seed: int, size: tuple[int, int]) -> None:
    assert without_bars(picture(seed, size)) is None


@pytest.mark.parametrize("colour", [0, 17, 128, 255])
@pytest.mark.parametrize("size", [(90, 60), (1, 1), (1000, 3), (640, 480)])
def test_a_plain_picture_stays_as_it_is(size: tuple[int, int], colour: int) -> None:
    assert without_bars(Image.new("L", size, colour)) is None


def test_bars_that_leave_little_of_a_picture_are_none() -> None:
    assert without_bars(ImageOps.expand(picture(6, (200, 40)), (0, 80), fill=0)) is None


def test_detail_is_the_spread_of_luma() -> None:
    halves = Image.new("L", (64, 64), 0)
    halves.paste(255, (32, 0, 64, 64))
    assert look_at(Image.new("L", (64, 64), 200)).detail == 0.0
    assert look_at(halves).detail == pytest.approx(127.5, abs=5)
    assert look_at(picture(1)).detail > 10


@given(
    st.integers(0, 200),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.integers(160, 400), st.integers(160, 400)),
)
@settings(max_examples=30, deadline=None)
def test_a_logo_in_a_corner_leaves_the_opposite_parts_as_they_are(
    seed: int, corner: tuple[int, int], size: tuple[int, int]
) -> None:
    image = picture(seed, size)
    width, height = size[0] // 4, size[1] // 4
    left = 0 if corner[0] % 2 else size[0] - width
    top = 0 if corner[1] % 2 else size[1] - height
    marked = image.copy()
    ImageDraw.Draw(marked).rectangle((left, top, left + width, top + height), fill=255)
    before, after = parts_of(image), parts_of(marked)
    untouched = [FramePart.RIGHT if left == 0 else FramePart.LEFT, FramePart.LOWER if top == 0 else FramePart.UPPER]
    assert [after[part] for part in untouched] == [before[part] for part in untouched]


@given(st.integers(0, 200))
@settings(max_examples=20, deadline=None)
def test_parts_are_near_those_of_the_picture_at_another_size(seed: int) -> None:
    image = picture(seed, (640, 480))
    before, after = parts_of(image), parts_of(image.resize((320, 240), Image.Resampling.LANCZOS))
    assert max(bits_apart(before[part], after[part]) for part in FramePart) <= 4


@given(st.integers(0, 200))
@settings(max_examples=20, deadline=None)
def test_the_left_part_of_a_mirrored_picture_is_the_right_one_with_every_second_bit_turned(seed: int) -> None:
    image = picture(seed, (320, 320))
    before, after = parts_of(image), parts_of(ImageOps.mirror(image))
    assert bits_apart(f"{int(before[FramePart.RIGHT], 16) ^ 0x5555_5555_5555_5555:016x}", after[FramePart.LEFT]) <= 10


def test_a_plain_part_has_no_hash() -> None:
    image = picture(1, (320, 320))
    image.paste(90, (0, 0, 200, 320))
    assert set(parts_of(image)) == {FramePart.RIGHT, FramePart.UPPER, FramePart.LOWER}
    assert parts_of(Image.new("L", (64, 64), 90)) == {}


@pytest.mark.parametrize("bars", [(0, 0, 0, 0), (0, 60, 0, 45), (80, 0, 90, 0), (40, 30, 40, 30)])
def test_a_frame_and_what_is_inside_its_bars_are_seen_as_two_pictures_are(bars: tuple[int, int, int, int]) -> None:
    image = ImageOps.expand(picture(8, (500, 300)), bars, fill=16)
    box = inside_bars(np.asarray(image))
    assert (box is not None) == any(bars)
    whole, inside = looks_at(np.asarray(image), box)
    assert whole.detail == float(whole.luma.std())
    assert np.array_equal(whole.luma, look_at(image).luma)
    if box is not None:
        assert inside is not None
        assert np.array_equal(inside.luma, look_at(image.crop(box)).luma)
        assert part_hashes(np.asarray(image), box) == parts_of(image.crop(box))
