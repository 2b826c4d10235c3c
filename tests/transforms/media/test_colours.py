"""Colours are named as people name them: what stands out, the rest, and the tone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from blift.transforms.media import colours as naming
from blift.transforms.media.colours import PALETTE, colours


def plain(colour: tuple[int, int, int], height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), colour, dtype=np.uint8)


@pytest.mark.parametrize("name", list(PALETTE))
def test_every_colour_of_the_palette_has_its_own_name(name: str) -> None:
    found = colours(plain(PALETTE[name]))
    assert {*found.foreground, *found.background} == {name}


@pytest.mark.parametrize(
    ("left", "right"),
    [("red", "blue"), ("black", "white"), ("orange", "navy"), ("tan", "dark green"), ("lime", "grey")],
)
@pytest.mark.parametrize("size", [(60, 80), (61, 83), (700, 900), (2, 2)])
def test_a_picture_of_two_halves_has_both_colours(left: str, right: str, size: tuple[int, int]) -> None:
    picture = plain(PALETTE[left], *size)
    picture[:, size[1] // 2 :] = PALETTE[right]
    found = colours(picture)
    assert {*found.foreground, *found.background} >= {left, right}


@given(arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_any_picture_has_a_tone_and_names_of_the_palette_each_once(picture: np.ndarray) -> None:
    found = colours(picture)
    assert found.tone in {"warm", "cool", "neutral", "dark", "bright"}
    for part in (found.foreground, found.background):
        assert len(part) == len(set(part)) <= 3
        assert set(part) <= set(PALETTE)


@pytest.mark.parametrize(
    ("background", "object_"), [("light blue", "red"), ("dark green", "white"), ("grey", "yellow")]
)
def test_a_small_object_stands_out_wherever_it_is(background: str, object_: str) -> None:
    for top, left in ((5, 5), (100, 150), (170, 20)):
        picture = plain(PALETTE[background], 240, 320)
        picture[top : top + 50, left : left + 50] = PALETTE[object_]
        found = colours(picture)
        assert (found.foreground[0], found.background[0]) == (object_, background)
        assert object_ not in found.background


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


def test_a_model_can_say_that_nothing_or_everything_stands_out() -> None:
    picture = plain(PALETTE["teal"])
    assert colours(picture, np.zeros((3, 4), dtype=np.float32))[:2] == ([], ["teal"])
    assert colours(picture, np.ones((3, 4), dtype=np.float32))[:2] == (["teal"], [])


def test_at_most_three_colours_are_named_the_most_common_first() -> None:
    picture = plain(PALETTE["red"], 90, 90)
    for name, first in (("green", 40), ("blue", 60), ("white", 70), ("black", 80)):
        picture[first:] = PALETTE[name]
    nothing = np.zeros((1, 1), dtype=np.float32)
    assert colours(picture, nothing).background[:2] == ["red", "green"]
    assert len(colours(picture, nothing).background) == 3


def test_a_colour_of_less_than_a_tenth_is_not_named() -> None:
    picture = plain(PALETTE["red"], 90, 90)
    picture[:, :8], picture[:, 80:] = PALETTE["blue"], PALETTE["white"]
    assert colours(picture, np.zeros((1, 1), dtype=np.float32)).background == ["red", "white"]


def test_a_picture_of_one_pixel_has_a_colour() -> None:
    found = colours(plain(PALETTE["white"], 1, 1))
    assert [*found.foreground, *found.background] == ["white"]


def test_every_level_has_the_name_that_is_nearest_of_all() -> None:
    levels = np.moveaxis(np.indices((32, 32, 32), dtype=np.uint8), 0, -1) * np.uint8(8) + np.uint8(4)
    lab = naming._lab(levels.reshape(1, -1, 3))[0]
    distances = ((lab[:, None] - naming._PALETTE_LAB[None]) ** 2).sum(axis=2)
    assert np.array_equal(naming._nearest().ravel(), distances.argmin(axis=1))
