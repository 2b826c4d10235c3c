"""A hash out of block means is the whole picture's wherever it is called certain, whatever the picture."""

import io
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from blift.connectors.media.images import read_image
from blift.connectors.media.limits import Limits
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.measure import measure
from blift.transforms.media.hashes import look_at, phash
from blift.transforms.media.reduced import certainty, cut_off, is_certain, look_at_means
from tests.transforms.media.test_hashes import picture

Paint = Callable[[int, tuple[int, int]], Image.Image]


def shapes(seed: int, size: tuple[int, int]) -> Image.Image:
    """Rectangles and discs: hard edges, few colours."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, tuple(rng.integers(0, 256, 3).tolist()))
    draw = ImageDraw.Draw(image)
    for place in range(12):
        (left, right), (top, bottom) = (sorted(rng.integers(0, side, 2).tolist()) for side in size)
        shape = draw.rectangle if place % 2 else draw.ellipse
        shape((left, top, right, bottom), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def text(seed: int, size: tuple[int, int]) -> Image.Image:
    """Dark lines of letters on white."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", size, "white")
    for top in range(0, size[1], 36):
        words = "".join(rng.choice(list("abcdefgh ijklmnop "), 90))
        ImageDraw.Draw(image).text((8, top), words, fill="black", font_size=28)
    return image


def as_jpeg(image: Image.Image, quality: int, **options: object) -> bytes:
    sink = io.BytesIO()
    image.save(sink, "JPEG", quality=quality, **options)
    return sink.getvalue()


@pytest.mark.parametrize(("paint", "least"), [(picture, 16), (shapes, 8), (text, 0)])
def test_a_certain_hash_of_a_reduced_jpeg_is_that_of_the_whole(tmp_path: Path, paint: Paint, least: int) -> None:
    certain = 0
    for seed in range(30):
        size = (1280 + 37 * seed, 1501 - 31 * seed)
        exif = Image.Exif()
        exif[0x0112] = 1 + seed % 8
        path = tmp_path / "picture.jpg"
        path.write_bytes(as_jpeg(paint(seed, size), 30 + 2 * seed, exif=exif))
        still = read_image(str(path), path.stat().st_size, Limits())
        if still.block == 1:
            continue
        look = look_at_means(np.asarray(still.luma), still.block, still.margins)
        if is_certain(look, still.rgb):
            certain += 1
            assert phash(look) == str(imagehash.phash(ImageOps.exif_transpose(Image.open(path)))), seed
    assert certain >= least


@pytest.mark.parametrize("first", [(853, 775), (1281, 1003)])
def test_a_jpeg_of_any_size_has_the_hash_of_the_whole(tmp_path: Path, first: tuple[int, int]) -> None:
    differs = []
    for seed in range(12):
        image = (picture, shapes, text)[seed % 3](seed, (first[0] + seed, first[1] + 3 * seed))
        path = tmp_path / f"{seed}.jpg"
        path.write_bytes(as_jpeg(image, 80))
        if measure(str(path), MeasureConfig()).row["phash"] != str(imagehash.phash(Image.open(path))):
            differs.append(image.size)
    assert differs == []


_MARGIN = st.integers(0, 3)


@given(st.integers(0, 50), st.tuples(st.integers(81, 120), st.integers(81, 120)), st.tuples(*[_MARGIN] * 4))
@settings(max_examples=30, deadline=None)
def test_means_give_what_the_whole_of_a_smooth_picture_gives(
    seed: int, blocks: tuple[int, int], margins: tuple[int, int, int, int]
) -> None:
    left, top, right, bottom = margins
    blown = np.asarray(picture(seed, (4 * blocks[0], 4 * blocks[1])))
    means = np.asarray(Image.fromarray(blown).reduce(4))
    whole = Image.fromarray(blown[top : 4 * blocks[1] - bottom, left : 4 * blocks[0] - right])
    off = look_at_means(means, 4, margins).luma.astype(int) - look_at(whole).luma
    assert np.abs(off).max() <= 1
    assert np.abs(off).mean() < 0.3


def test_a_picture_whose_coefficients_are_all_equal_is_not_certain() -> None:
    plain = np.full((80, 80, 3), 90, dtype=np.uint8)
    assert certainty(look_at_means(plain[..., 0], 4, (0, 0, 0, 0)), plain) == 0.0


def test_what_may_be_cut_off_is_the_contrast_near_the_ends_of_the_range() -> None:
    halves = np.full((40, 40, 3), 200, dtype=np.uint8)
    assert cut_off(halves) == 0.0
    halves[:, 20:] = 100
    assert cut_off(halves) == 0.0  # overshoots by 10, and has room for 55
    halves[:, :20] = 255
    assert cut_off(halves) == pytest.approx(155 / 10 * 2 / 40)
    halves[:, 20:] = 0
    assert cut_off(halves) == pytest.approx(255 / 10 * 2 / 40 * 2)
