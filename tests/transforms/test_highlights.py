"""Scores by the second, shots, and the summary that Mr. HiSum's 0/1 knapsack chooses."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.highlights import change_points, scores_by_second, summary_of


def test_each_second_has_the_value_of_its_segment() -> None:
    replay = [{"start_s": 0.0, "value": 0.5}, {"start_s": 2.5, "value": 1.0}, {"start_s": 4.0, "value": 0.25}]
    assert scores_by_second(replay, 7).tolist() == [0.5, 0.5, 0.5, 1.0, 0.25, 0.25, 0.25]
    late = [{"start_s": 1.5, "value": 0.5}]
    assert scores_by_second(late, 3).tolist() == [0.5, 0.5, 0.5]


def test_shots_are_all_seconds_each_once() -> None:
    scenes = [{"start_s": start} for start in (0.0, 0.3, 3.6, 4.2, 9.9, 12.0)]
    assert change_points(scenes, 10).tolist() == [[0, 4], [4, 9], [9, 10]]
    assert change_points([], 3).tolist() == [[0, 3]]
    assert change_points([{"start_s": 0.9}], 1).tolist() == [[0, 1]]


def _summary_of_mr_hisum(scores: np.ndarray, shots: np.ndarray) -> list[float]:
    """The method of ``generate_summary.py`` and ``knapsack_implementation.py`` of Mr. HiSum, written anew."""
    seconds = [int(end - start) for start, end in shots]
    values = [float(scores[start : end + 1].mean()) for start, end in shots]
    room = math.floor(len(scores) * 0.15)
    best = [[0.0] * (room + 1) for _ in range(len(shots) + 1)]
    for shot in range(1, len(shots) + 1):
        for left in range(1, room + 1):
            best[shot][left] = best[shot - 1][left]
            if seconds[shot - 1] <= left:
                with_shot = values[shot - 1] + best[shot - 1][left - seconds[shot - 1]]
                best[shot][left] = max(with_shot, best[shot - 1][left])
    picked, left = set(), room
    for shot in range(len(shots), 0, -1):
        if best[shot][left] != best[shot - 1][left]:
            picked.add(shot - 1)
            left -= seconds[shot - 1]
    return [float(shot in picked) for shot, length in enumerate(seconds) for _ in range(length)]


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=30),
    st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]), min_size=150, max_size=150),
)
def test_the_summary_is_that_of_mr_hisum(lengths: list[int], values: list[float]) -> None:
    ends = np.cumsum(lengths)
    shots = np.stack([ends - lengths, ends], axis=1).astype(np.int32)
    scores = np.array(values[: ends[-1]], dtype=np.float32)
    found = summary_of(scores, shots)
    assert found.tolist() == _summary_of_mr_hisum(scores, shots)
    assert found.sum() <= int(len(scores) * 0.15)
    assert all(set(found[start:end]) == {found[start]} for start, end in shots)


def test_the_mean_of_a_shot_includes_the_second_after_it() -> None:
    """Shots of two seconds: the second before the peak makes the first of them the better one."""
    scores = np.zeros(20, dtype=np.float32)
    scores[6], scores[8] = 0.6, 1.0
    shots = np.array([[0, 6], [6, 8], [8, 10], [10, 20]], dtype=np.int32)
    assert np.flatnonzero(summary_of(scores, shots)).tolist() == [6, 7]
