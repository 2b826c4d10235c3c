"""Scaling to 32 x 32 gives Pillow's values, whatever the picture and its size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from transforms.media.lanczos import LONGEST, SIDE, Plane, halves, scaled, scaled_across, scaled_down

SIZES = st.tuples(st.integers(1, 700), st.integers(1, 700))


def pillows(luma: Plane, size: tuple[int, int] = (SIDE, SIDE)) -> Plane:
    return np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.LANCZOS))


def noise(seed: int, size: tuple[int, int], *, hard: bool) -> Plane:
    """Noise of all levels; or of black and white alone, where the filter overshoots most."""
    samples = np.random.default_rng(seed).integers(0, 256, size[::-1], dtype=np.uint8)
    return (samples >> 7) * np.uint8(255) if hard else samples


@given(st.integers(0, 1000), SIZES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_values_are_pillows(seed: int, size: tuple[int, int], hard: bool) -> None:
    luma = noise(seed, size, hard=hard)
    assert np.array_equal(scaled(luma), pillows(luma))


@pytest.mark.parametrize("size", [(3, 301), (3, 300), (1, 2000), (2000, 1), (LONGEST + 1, 90), (90, LONGEST)])
def test_extreme_shapes_are_pillows_too(size: tuple[int, int]) -> None:
    luma = noise(1, size, hard=True)
    assert np.array_equal(scaled(luma), pillows(luma))


@pytest.mark.parametrize("size", [(1920, 1080), (853, 480), (1080, 1920)])
def test_a_view_into_a_larger_picture_is_scaled_as_its_copy(size: tuple[int, int]) -> None:
    padded = noise(2, (size[0] + 64, size[1] + 2), hard=False)
    view = padded[1:-1, 16:-48]
    assert np.array_equal(scaled(view), pillows(np.ascontiguousarray(view)))


@given(st.integers(0, 1000), SIZES, st.data())
@settings(max_examples=40, deadline=None)
def test_lines_that_were_scaled_across_serve_every_part_of_full_width(
    seed: int, size: tuple[int, int], data: st.DataObject
) -> None:
    luma = noise(seed, size, hard=False)
    top = data.draw(st.integers(0, size[1] - 1))
    bottom = data.draw(st.integers(top + 1, min(size[1], top + 100 * size[0])))
    assert np.array_equal(scaled_down(scaled_across(luma)[top:bottom]), pillows(luma[top:bottom]))


@pytest.mark.parametrize("length", [1, 31, 32, 33, 640, 1921, 4096, LONGEST])
def test_sums_of_either_half_of_the_weights_fit_24_bits(length: int) -> None:
    for half in halves(length):
        assert 255 * np.abs(half).sum(axis=0).max() < 1 << 24
