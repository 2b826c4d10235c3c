"""Halving gives means of all pixels, and keeps as many as are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.media.scaling import between, halved

_SIDES = st.tuples(st.integers(1, 300), st.integers(1, 300))


@given(st.integers(0, 99), _SIDES, st.tuples(st.integers(1, 90), st.integers(1, 90)), st.sampled_from([(), (3,)]))
def test_sides_are_halved_while_they_keep_what_is_asked_for(
    seed: int, shape: tuple[int, int], least: tuple[int, int], channels: tuple[int, ...]
) -> None:
    picture = np.random.default_rng(seed).integers(0, 256, (*shape, *channels), dtype=np.uint8)
    found = halved(picture, least)
    assert found.shape[2:] == picture.shape[2:]
    for own, side, fewest in zip(found.shape, shape, least, strict=False):
        assert own == side >> max(0, (side // fewest).bit_length() - 1)
        assert own < 2 * fewest


@pytest.mark.parametrize("shape", [(8, 64), (64, 8), (64, 64), (16, 128, 3)])
def test_a_halved_picture_is_the_mean_of_its_blocks(shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    found = halved(picture, (8, 8))
    down, across = shape[0] // found.shape[0], shape[1] // found.shape[1]
    blocks = picture.reshape(found.shape[0], down, found.shape[1], across, -1).mean(axis=(1, 3))
    halvings = max(down, across).bit_length() - 1
    assert np.abs(found.reshape(blocks.shape) - blocks).max() <= 0.5 * halvings + 0.01  # each rounds once


def test_a_picture_of_one_colour_stays_it() -> None:
    assert (between(halved(np.full((333, 77, 3), 9, np.uint8), (20, 20)), (20, 20)) == 9).all()
