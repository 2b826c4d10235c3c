"""Whether two pictures are one: what people make of a picture is, other pictures of the same make are not."""

import io
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from benchmarks.media_variants import (
    IMAGE_VARIANTS,
    chart,
    meme,
    picture,
    plain_picture,
    smooth_picture,
    text_screenshot,
)
from blift.transforms.media.agreement import like_picture, same_picture
from blift.transforms.media.sketches import Sketch, sketch_of

Maker = Callable[[int], Image.Image]


def seen(image: Image.Image, quality: int = 80) -> Sketch:
    """The picture as its JPEG shows it."""
    sink = io.BytesIO()
    image.convert("RGB").save(sink, "JPEG", quality=quality)
    return Sketch(sketch_of(np.asarray(Image.open(sink).convert("L"))))


def _dawn(sky: int, ground: int, disc: int) -> Image.Image:
    """A plain scene: a sky, a ground, and a disc."""
    image = Image.new("L", (320, 180), sky)
    image.paste(ground, (0, 120, 320, 180))
    image.paste(disc, (60, 40, 110, 90), Image.new("L", (50, 50), 255))
    return image


def test_pictures_resemble_each_other_behind_a_logo_and_plain_ones_of_other_levels_do_not() -> None:
    marked = picture(3)
    marked.paste("white", (380, 20, 460, 80))
    assert like_picture(seen(picture(3)), seen(marked))
    assert like_picture(seen(_dawn(60, 110, 200)), seen(_dawn(60, 110, 200), 40))
    assert not like_picture(seen(picture(3)), seen(picture(4)))
    assert not like_picture(seen(_dawn(60, 110, 200)), seen(_dawn(150, 90, 40)))


@pytest.mark.parametrize("maker", [picture, smooth_picture, text_screenshot])
@pytest.mark.parametrize("variant", IMAGE_VARIANTS)
def test_what_people_make_of_a_picture_is_that_picture(variant: str, maker: Maker) -> None:
    if maker is text_screenshot and variant in ("15°, same canvas", "45°, cut inside", "screenshot frame"):
        pytest.skip("words are cut off, or there are more beside them than in it: kept apart")
    original = maker(3)
    quality = 30 if "quality" in variant else 80
    assert same_picture(seen(original, 90), seen(IMAGE_VARIANTS[variant](original), quality))


def test_the_order_of_two_pictures_does_not_matter() -> None:
    original, framed = seen(picture(5)), seen(IMAGE_VARIANTS["screenshot frame"](picture(5)))
    assert (same_picture(original, framed), same_picture(framed, original)) == (True, True)


@pytest.mark.parametrize(
    "strangers",
    [
        [text_screenshot(seed) for seed in range(8)],
        [meme(1, seed) for seed in range(5)],
        [chart(0, seed) for seed in range(5)],
        [chart(1, seed) for seed in range(5)],
        [plain_picture(seed) for seed in range(8)],
        [picture(seed) for seed in range(4)],
    ],
    ids=["text", "memes over one template", "line charts of one layout", "bar charts", "plain", "pictures"],
)
def test_other_pictures_of_the_same_make_are_others(strangers: list[Image.Image]) -> None:
    sketches = [seen(stranger) for stranger in strangers]
    assert [pair for pair in combinations(range(len(sketches)), 2) if same_picture(*(sketches[n] for n in pair))] == []


def test_one_changed_line_of_a_long_screenshot_makes_another_picture() -> None:
    original = next(image for image in map(text_screenshot, range(40)) if image.height > 1200)
    changed = original.copy()
    line = original.crop((0, 400, original.width, 460))
    assert np.asarray(line).std() > 20
    changed.paste(line.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (0, 400))
    assert not same_picture(seen(original), seen(changed))


def test_a_collage_is_none_of_its_pictures() -> None:
    collage = Image.new("RGB", (960, 360))
    for place in range(2):
        collage.paste(picture(place), (480 * place, 0))
    assert not same_picture(seen(picture(0)), seen(collage))


def test_plain_pictures_are_not_told_to_be_one() -> None:
    assert not same_picture(seen(Image.new("L", (300, 200), 9)), seen(Image.new("L", (300, 200), 9)))


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (7, 9)])
def test_pictures_of_odd_sizes_are_compared(size: tuple[int, int]) -> None:
    odd = seen(Image.effect_noise(size, 90))
    assert not same_picture(odd, seen(picture(1)))
    assert same_picture(odd, odd) in (True, False)
