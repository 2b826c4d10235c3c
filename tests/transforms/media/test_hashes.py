"""Perceptual hashes equal imagehash's, also of turned pictures, and see through turns and bars."""

import io

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from transforms.media.hashes import is_certain, look_at, phash, phash_turned, ring_hash, without_bars


def picture(seed: int, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """Blobs of several sizes: what a photograph is to a hash."""
    rng = np.random.default_rng(seed)
    layers = [
        Image.fromarray(rng.integers(0, 256, (side, side), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
        for side in (3, 6, 12, 24)
    ]
    mixed = sum(np.asarray(layer, dtype=float) * weight for layer, weight in zip(layers, (5, 4, 3, 2), strict=True))
    return Image.fromarray((mixed / 14).astype(np.uint8))


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


@given(st.integers(0, 200), st.tuples(st.integers(1, 400), st.integers(1, 400)))
@settings(max_examples=30, deadline=None)
def test_the_hash_is_imagehashs(seed: int, size: tuple[int, int]) -> None:
    image = picture(seed, size)
    assert phash(look_at(image)) == str(imagehash.phash(image))


def test_the_hashes_of_turns_are_those_of_turned_pictures() -> None:
    image = picture(4, (256, 256))
    turned = [one.rotate(90 * turns) for one in (image, ImageOps.mirror(image)) for turns in range(4)]
    assert phash_turned(look_at(image)) == [str(imagehash.phash(one)) for one in turned]


@pytest.mark.parametrize("angle", [3, 20, 77, 180, 251])
def test_the_ring_hash_stays_when_a_picture_is_turned(angle: int) -> None:
    image = picture(5, (400, 400))
    assert bits_apart(ring_hash(image), ring_hash(image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=0))) <= 3


def test_the_ring_hash_tells_pictures_apart() -> None:
    hashes = [ring_hash(picture(seed)) for seed in range(40)]
    apart = [bits_apart(one, other) for place, one in enumerate(hashes) for other in hashes[:place]]
    assert min(apart) > 8


@pytest.mark.parametrize("colour", [0, 128, 255])
@pytest.mark.parametrize("border", [(0, 40, 0, 40), (50, 0, 30, 0), (0, 0, 0, 24)])
def test_bars_are_taken_off(border: tuple[int, int, int, int], colour: int) -> None:
    image = picture(6, (320, 200))
    inside = without_bars(ImageOps.expand(image, border, fill=colour))
    assert inside is not None
    assert abs(inside.width - image.width) <= 8
    assert abs(inside.height - image.height) <= 8
    assert bits_apart(phash(look_at(inside)), phash(look_at(image))) <= 8


def test_a_picture_without_bars_and_one_without_anything_stay_as_they_are() -> None:
    assert without_bars(picture(7)) is None
    assert without_bars(Image.new("L", (90, 60), 17)) is None


def test_a_certain_hash_of_a_reduced_jpeg_is_that_of_the_whole() -> None:
    certain = 0
    for seed in range(60):
        sink = io.BytesIO()
        picture(seed, (1024, 768)).save(sink, "JPEG", quality=60 + seed % 35)
        whole = look_at(Image.open(io.BytesIO(sink.getvalue())).convert("L"))
        reduced = Image.open(io.BytesIO(sink.getvalue()))
        reduced.draft(None, (128, 96))
        look = look_at(reduced.convert("L"))
        assert reduced.size == (128, 96)
        if is_certain(look):
            certain += 1
            assert phash(look) == phash(whole)
    assert certain > 30


def test_detail_is_the_spread_of_luma() -> None:
    assert look_at(Image.new("L", (64, 64), 200)).detail == 0.0
    assert look_at(picture(1)).detail > 10
