"""The small picture of a frame's planes is the same compiled and by OpenCV, and never reads beyond them."""

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.media import yuv
from blift.connectors.media.frames import Plane
from blift.connectors.media.yuv import small_bgr

needs_compiled = pytest.mark.skipif(yuv.compiled is None, reason="no C compiler was there when this was installed")

#: Pixel formats by the bits that their samples have above 8.
_FORMATS = {"yuv420p": 0, "yuv422p": 0, "yuv444p": 0, "yuvj420p": 0, "yuv420p10le": 2, "yuv444p12le": 4}


def _frame(seed: int, size: tuple[int, int], pixels: str) -> av.VideoFrame:
    """Noise in every plane, the lines padded as FFmpeg pads them."""
    frame, rng = av.VideoFrame(*size, pixels), np.random.default_rng(seed)
    for plane in frame.planes:
        values = rng.integers(0, 1 << 8 + _FORMATS[pixels], plane.buffer_size // (2 if _FORMATS[pixels] else 1))
        plane.update(values.astype(np.uint16 if _FORMATS[pixels] else np.uint8).tobytes())
    return frame


def _by_opencv(frame: av.VideoFrame, size: tuple[int, int], colorspace: int, *, full_range: bool) -> Plane:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yuv, "compiled", None)
        return small_bgr(frame.planes, size, _FORMATS[frame.format.name], colorspace, full_range=full_range)


@needs_compiled
@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 999),
    st.tuples(st.integers(2, 300), st.integers(2, 300)),
    st.tuples(st.integers(1, 140), st.integers(1, 140)),
    st.sampled_from(sorted(_FORMATS)),
    st.sampled_from([0, 1, 2, 4, 5, 7, 9]),
    st.booleans(),
)
def test_small_pictures_are_the_same_compiled_and_by_opencv(
    seed: int, size: tuple[int, int], small: tuple[int, int], pixels: str, colorspace: int, full_range: bool
) -> None:
    frame = _frame(seed, size, pixels)
    found = small_bgr(frame.planes, small, _FORMATS[pixels], colorspace, full_range=full_range)
    assert np.array_equal(found, _by_opencv(frame, small, colorspace, full_range=full_range))


@pytest.mark.parametrize(("length", "wanted"), [(854, 122), (480, 69), (7, 3), (3, 7), (1, 1), (4096, 128)])
def test_picks_are_those_of_opencv_and_lie_within(length: int, wanted: int) -> None:
    picks = yuv.picked_of(length, wanted)
    assert len(picks) == wanted
    assert picks[0] == 0
    assert picks[-1] < length
    assert (np.diff(picks) >= 0).all()


@needs_compiled
@pytest.mark.parametrize(
    ("plane", "places"),
    [("plane 0", [64, 0]), ("plane 0", [-1, 0]), ("plane 0", [0, 48]), ("plane 1", [0, 0, 32, 0]), ("plane 2", [])],
)
def test_places_outside_of_a_plane_are_refused(plane: str, places: list[int]) -> None:
    """Of one pixel each, of luma and of chroma: its column and line."""
    padded = np.zeros((48, 64), np.uint8), np.zeros((24, 32), np.uint8)
    cut = padded[1] if places else padded[1][1:].copy()
    where = np.array([0, 0, 31, 23] if not places else [*places, 0, 0][:4], np.int32)
    bgr, factors = np.empty((1, 1, 3), np.uint8), yuv._factors(1, full_range=False)
    with pytest.raises(ValueError, match=f"{plane}: a place lies outside"):
        yuv.compiled.picked(bgr, 1, 1, 0, factors, where, padded[0], 64, padded[1], 32, cut, 32)


@needs_compiled
@pytest.mark.parametrize(
    ("width", "height", "shift", "says"),
    [(0, 1, 0, "a picture of 0 x 1"), (1, 1, 9, "9 bits above 8"), (2, 1, 0, "3 bytes, where 6 are needed")],
)
def test_sizes_that_do_not_fit_are_refused(width: int, height: int, shift: int, says: str) -> None:
    luma, bgr, factors = np.zeros((8, 8), np.uint8), np.empty((1, 1, 3), np.uint8), yuv._factors(1, full_range=False)
    with pytest.raises(ValueError, match=says):
        yuv.compiled.picked(bgr, width, height, shift, factors, np.zeros(4, np.int32), luma, 8, luma, 8, luma, 8)
