"""Scaling to 32 x 32 gives Pillow's values, whatever the picture and its size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blift.transforms.media import lanczos
from blift.transforms.media.lanczos import LONGEST, SIDE, Plane, scaled, scaled_across, scaled_down

SIZES = st.tuples(st.integers(1, 700), st.integers(1, 700))
needs_compiled = pytest.mark.skipif(lanczos.compiled is None, reason="no C compiler was there when this was installed")


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


@needs_compiled
@given(st.integers(0, 1000), SIZES, st.booleans())
@settings(max_examples=100, deadline=None)
def test_lines_scaled_across_are_pillows(seed: int, size: tuple[int, int], hard: bool) -> None:
    luma = noise(seed, size, hard=hard)
    assert np.array_equal(scaled_across(luma), pillows(luma, (SIDE, size[1])))


def test_without_a_compiler_values_are_pillows_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanczos, "compiled", None)
    luma = noise(3, (321, 123), hard=True)
    assert np.array_equal(scaled(luma), pillows(luma))


@pytest.mark.parametrize(
    "size", [(3, 301), (3, 300), (1, 2000), (2000, 1), (8192, 90), (90, 8192), (LONGEST, 3), (LONGEST + 1, 2)]
)
def test_extreme_shapes_are_pillows_too(size: tuple[int, int]) -> None:
    luma = noise(1, size, hard=True)
    assert np.array_equal(scaled(luma), pillows(luma))


@pytest.mark.parametrize("size", [(1920, 1080), (853, 480), (1080, 1920)])
def test_a_view_into_a_larger_picture_is_scaled_as_its_copy(size: tuple[int, int]) -> None:
    padded = noise(2, (size[0] + 64, size[1] + 2), hard=False)
    view = padded[1:-1, 16:-48]
    assert np.array_equal(scaled(view), pillows(np.ascontiguousarray(view)))


@needs_compiled
@given(st.integers(0, 1000), SIZES, st.data())
@settings(max_examples=40, deadline=None)
def test_lines_that_were_scaled_across_serve_every_part_of_full_width(
    seed: int, size: tuple[int, int], data: st.DataObject
) -> None:
    luma = noise(seed, size, hard=False)
    top = data.draw(st.integers(0, size[1] - 1))
    bottom = data.draw(st.integers(top + 1, min(size[1], top + 100 * size[0])))
    assert np.array_equal(scaled_down(scaled_across(luma)[top:bottom]), pillows(luma[top:bottom]))


@pytest.mark.parametrize("length", [1, 7, 31, 32, 33, 64, 641, 8192, LONGEST])
def test_windows_hold_every_weight_and_their_sums_fit_32_bits(length: int) -> None:
    first, windows = lanczos._windows(length)
    assert windows.shape[2] % 16 == 0
    found = np.zeros((SIDE, length + windows.shape[2]), np.int64)
    for place in range(SIDE):
        lower, upper = windows[place].astype(np.int64)
        found[place, first[place] : first[place] + len(lower)] = lower + upper * 256
        assert 255 * max(np.abs(lower).sum(), 256 * np.abs(upper).sum()) < 1 << 31
    assert np.array_equal(found[:, :length].T, lanczos._weights(length))
    assert not found[:, length:].any()


@needs_compiled
@pytest.mark.parametrize("wrong", ["luma", "first", "beyond", "weights", "scaled"])
def test_shapes_that_do_not_fit_are_refused(wrong: str) -> None:
    first, weights = lanczos._windows(90)
    luma, across = noise(1, (90, 5), hard=False), np.empty((5, SIDE), np.uint8)
    if wrong == "luma":
        luma = luma.T
    elif wrong == "first":
        first = first[1:]
    elif wrong == "beyond":
        first = first + np.int32(60)
    elif wrong == "weights":
        weights = weights[1:]
    else:
        across = across[1:]
    with pytest.raises(ValueError, match="do not fit"):
        lanczos.compiled.across(luma, first, weights, across)
