"""Colours are named as people name them: what stands out, the rest, and the tone."""

import numpy as np
import pytest

from transforms.media.colours import PALETTE, colours


def plain(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype=np.uint8)


@pytest.mark.parametrize("name", list(PALETTE))
def test_every_colour_of_the_palette_has_its_own_name(name: str) -> None:
    found = colours(plain(PALETTE[name]))
    assert {*found.foreground, *found.background} == {name}


def test_an_object_stands_out_of_its_background() -> None:
    picture = plain(PALETTE["blue"])
    picture[20:40, 30:50] = PALETTE["yellow"]
    found = colours(picture)
    assert (found.foreground[0], found.background[0]) == ("yellow", "blue")


def test_a_model_can_say_what_stands_out() -> None:
    picture = plain(PALETTE["blue"])
    picture[20:40, 30:50] = PALETTE["yellow"]
    left = np.zeros((6, 8), dtype=np.float32)
    left[:, :2] = 1.0
    found = colours(picture, left)
    assert found.foreground == ["blue"]
    assert found.background == ["blue", "yellow"]


@pytest.mark.parametrize(
    ("colour", "tone"),
    [
        ((20, 20, 24), "dark"),
        ((250, 250, 245), "bright"),
        ((128, 128, 128), "neutral"),
        ((190, 110, 60), "warm"),
        ((60, 120, 190), "cool"),
    ],
)
def test_the_tone_is_that_of_the_whole(colour: tuple[int, int, int], tone: str) -> None:
    assert colours(plain(colour)).tone == tone


def test_at_most_three_colours_are_named_the_most_common_first() -> None:
    picture = plain(PALETTE["red"], 100, 100)
    for place, name in enumerate(("green", "blue", "white", "black"), start=1):
        picture[: 50 - 10 * place] = PALETTE[name]
    assert all(len(part) <= 3 for part in colours(picture)[:2])


def test_a_picture_of_one_pixel_has_a_colour() -> None:
    found = colours(plain(PALETTE["white"], 1, 1))
    assert [*found.foreground, *found.background] == ["white"]
