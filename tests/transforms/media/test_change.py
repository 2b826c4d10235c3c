"""The score of change equals that of PySceneDetect's content detector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenedetect import FrameTimecode
from scenedetect.detectors import ContentDetector

from transforms.media.change import ChangeScore, Weights


def pictures(seed: int, width: int, height: int, darkest: int, brightest: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(4):
        coarse = rng.integers(darkest, brightest, (max(1, height // 7), max(1, width // 7), 3))
        big = np.kron(coarse, np.ones((8, 8, 1), dtype=np.int64))[:height, :width]
        found.append(np.ascontiguousarray(np.resize(big, (height, width, 3)), dtype=np.uint8))
    return [*found, found[-1]]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 99), st.integers(8, 140), st.integers(8, 90), st.sampled_from([(0, 6), (0, 256), (120, 140), (7, 8)])
)
def test_scores_are_those_of_pyscenedetect(seed: int, width: int, height: int, span: tuple[int, int]) -> None:
    detector = ContentDetector(weights=ContentDetector.Components(1, 1, 1, 1))
    ours = ChangeScore(Weights())
    for number, picture in enumerate(pictures(seed, width, height, *span)):
        expected = detector._calculate_frame_score(FrameTimecode(number, 24.0), picture)
        assert ours.score(picture) == pytest.approx(expected, abs=1e-9)


def test_without_edges_the_score_is_that_of_the_default_weights() -> None:
    detector, ours = ContentDetector(), ChangeScore(Weights(edges=0.0))
    for number, picture in enumerate(pictures(3, 64, 48, 0, 256)):
        expected = detector._calculate_frame_score(FrameTimecode(number, 24.0), picture)
        assert ours.score(picture) == pytest.approx(expected, abs=1e-9)


def test_the_first_picture_and_an_equal_one_score_nothing() -> None:
    score, picture = ChangeScore(Weights()), pictures(1, 32, 32, 0, 256)[0]
    assert (score.score(picture), score.score(picture)) == (0.0, 0.0)
