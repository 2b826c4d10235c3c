"""The score of change equals that of PySceneDetect's content detector, compiled and by OpenCV alone."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scenedetect import FrameTimecode
from scenedetect.detectors import ContentDetector

from blift.transforms.media import change
from blift.transforms.media.change import ByOpenCV, ChangeScore, Compiled, Weights

needs_compiled = pytest.mark.skipif(change.compiled is None, reason="no C compiler was there when this was installed")

_Rng = np.random.Generator
_SIZES = st.tuples(st.integers(1, 97), st.integers(1, 141))
_WEIGHTS = st.tuples(*[st.sampled_from([0.0, 0.5, 1.0, 3.0])] * 4).filter(any)


def _coarse(rng: _Rng, height: int, width: int) -> np.ndarray:
    blocks = rng.integers(0, 256, (height // 7 + 1, width // 7 + 1, 3))
    return np.kron(blocks, np.ones((7, 7, 1), dtype=np.int64))[:height, :width]


def _smooth(rng: _Rng, height: int, width: int) -> np.ndarray:
    down, across = np.linspace(0, 1, height)[:, None, None], np.linspace(0, 1, width)[None, :, None]
    return (down * rng.integers(0, 128, 3) + across * rng.integers(0, 128, 3)).astype(np.int64)


def _blurred(rng: _Rng, height: int, width: int) -> np.ndarray:
    """Slopes of every steepness: some lie just at Canny's thresholds."""
    sharp = _coarse(rng, height, width) // 3
    slopes: np.ndarray = np.mean(
        [np.roll(sharp, (down, across), (0, 1)) for down in range(6) for across in range(6)], axis=0
    )
    return slopes


#: Pictures by how they look; Canny's thresholds follow the median, so dark and plain ones are cases of their own.
_LOOKS: dict[str, Callable[[_Rng, int, int], np.ndarray]] = {
    "noise": lambda rng, height, width: rng.integers(0, 256, (height, width, 3)),
    "coarse": _coarse,
    "smooth": _smooth,
    "blurred": _blurred,
    "dark": lambda rng, height, width: rng.integers(0, 3, (height, width, 3)),
    "black": lambda _, height, width: np.zeros((height, width, 3)),
    "nearly white": lambda rng, height, width: rng.integers(250, 256, (height, width, 3)),
    "two greys": lambda rng, height, width: np.repeat(rng.integers(7, 9, (height, width, 1)), 3, axis=2),
}


def pictures(seed: int, looks: list[str], height: int, width: int) -> list[np.ndarray]:
    """BGR pictures, the last one twice."""
    rng = np.random.default_rng(seed)
    found = [np.ascontiguousarray(_LOOKS[look](rng, height, width), dtype=np.uint8) for look in looks]
    return [*found, found[-1]]


def scores(found: list[np.ndarray], weights: Weights) -> list[float]:
    ours = ChangeScore(weights)
    return [ours.score(picture) for picture in found]


def scores_of_pyscenedetect(found: list[np.ndarray], weights: ContentDetector.Components) -> list[float]:
    theirs = ContentDetector(weights=weights)
    return [
        float(theirs._calculate_frame_score(FrameTimecode(number, 24.0), picture))
        for number, picture in enumerate(found)
    ]


@pytest.fixture(params=["compiled", "by OpenCV"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores come of either program."""
    if request.param == "by OpenCV":
        monkeypatch.setattr(change, "compiled", None)
    elif change.compiled is None:
        pytest.skip("no C compiler was there when this was installed")


@needs_compiled
@settings(max_examples=200, deadline=None)
@given(st.integers(0, 999), st.lists(st.sampled_from(sorted(_LOOKS)), min_size=1, max_size=4), _SIZES)
def test_differences_are_the_same_whole_numbers_compiled_and_by_opencv(
    seed: int, looks: list[str], size: tuple[int, int]
) -> None:
    found, compiled, by_opencv = pictures(seed, looks, *size), Compiled(), ByOpenCV()
    assert [compiled.differences(one) for one in found] == [by_opencv.differences(one) for one in found]


@needs_compiled
@pytest.mark.parametrize("blue", [range(64), range(64, 128), range(128, 192), range(192, 256)])
def test_every_colour_has_the_hue_saturation_and_value_of_opencv(blue: range) -> None:
    green, red = np.divmod(np.arange(1 << 16, dtype=np.int64), 256)
    blues = np.repeat(np.array(blue, dtype=np.int64), 1 << 16)
    colours = np.stack([blues, np.tile(green, 64), np.tile(red, 64)], axis=1).astype(np.uint8).reshape(2048, 2048, 3)
    hsv, edges = np.empty((3, 2048, 2048), np.uint8), np.empty((2048, 32), np.uint64)
    change.compiled.look(colours, 2048, 2048, 2, hsv, edges, np.zeros_like(hsv), np.zeros_like(edges))
    assert np.array_equal(np.moveaxis(hsv, 0, 2), cv2.cvtColor(colours, cv2.COLOR_BGR2HSV))


@needs_compiled
@pytest.mark.parametrize(
    ("width", "height", "radius", "says"),
    [
        (8, 7, 2, "189 bytes, where 168 are needed"),
        (0, 9, 2, "a picture of 0 x 9, a radius of 2"),
        (9, 1 << 20, 2, "a picture of 9 x 1048576, a radius of 2"),
        (9, 7, 64, "a picture of 9 x 7, a radius of 64"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(width: int, height: int, radius: int, says: str) -> None:
    picture, hsv, edges = np.zeros((7, 9, 3), np.uint8), np.zeros((3, 7, 9), np.uint8), np.zeros((7, 1), np.uint64)
    with pytest.raises(ValueError, match=says):
        change.compiled.look(picture, width, height, radius, hsv, edges, hsv.copy(), edges.copy())


@needs_compiled
def test_planes_that_may_not_be_written_or_are_too_small_are_refused() -> None:
    picture, hsv, edges = np.zeros((7, 9, 3), np.uint8), np.zeros((3, 7, 9), np.uint8), np.zeros((7, 1), np.uint64)
    with pytest.raises(BufferError):
        change.compiled.look(picture, 9, 7, 2, bytes(hsv), edges, hsv, edges)
    with pytest.raises(ValueError, match="48 bytes, where 56 are needed"):
        change.compiled.look(picture, 9, 7, 2, hsv, edges[1:], hsv.copy(), edges.copy())
    with pytest.raises(ValueError, match="126 bytes, where 189 are needed"):
        change.compiled.look(picture, 9, 7, 2, hsv, edges, hsv[1:].copy(), edges.copy())


@pytest.mark.usefixtures("way")
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 99), st.lists(st.sampled_from(sorted(_LOOKS)), min_size=1, max_size=5), _SIZES, _WEIGHTS)
def test_scores_are_those_of_pyscenedetect_whatever_the_weights(
    seed: int, looks: list[str], size: tuple[int, int], weights: tuple[float, float, float, float]
) -> None:
    found = pictures(seed, looks, *size)
    expected = scores_of_pyscenedetect(found, ContentDetector.Components(*weights))
    assert scores(found, Weights(*weights)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [(47, 63), (240, 427), (361, 641)])
def test_scores_of_pictures_large_enough_for_a_wider_kernel_are_those_of_pyscenedetect(size: tuple[int, int]) -> None:
    found = pictures(5, ["coarse", "noise", "blurred", "smooth", "coarse"], *size)
    expected = scores_of_pyscenedetect(found, ContentDetector.Components(1, 1, 1, 1))
    assert min(expected[1:-1]) > 10
    assert scores(found, Weights()) == pytest.approx(expected, abs=1e-9)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 255)))
def test_the_median_is_that_of_numpy(plane: np.ndarray) -> None:
    assert change._median(plane) == np.median(plane)


@pytest.mark.usefixtures("way")
def test_without_edges_the_score_is_that_of_the_default_weights() -> None:
    found = pictures(3, ["coarse", "dark", "noise"], 48, 64)
    expected = scores_of_pyscenedetect(found, ContentDetector.DEFAULT_COMPONENT_WEIGHTS)
    assert scores(found, Weights(edges=0.0)) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 9), st.sampled_from(sorted(_LOOKS)), _SIZES)
def test_the_first_picture_and_an_equal_one_score_nothing(seed: int, look: str, size: tuple[int, int]) -> None:
    assert scores(pictures(seed, [look], *size), Weights()) == [0.0, 0.0]
