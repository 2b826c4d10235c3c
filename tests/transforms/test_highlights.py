"""Scores by the second, shots, and the summary that a 0/1 knapsack chooses."""

from itertools import product

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


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=9),
    st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.7, 1.0]), min_size=45, max_size=45),
)
def test_no_other_choice_of_shots_has_a_higher_value(lengths: list[int], values: list[float]) -> None:
    ends = np.cumsum(lengths)
    shots = np.stack([ends - lengths, ends], axis=1).astype(np.int32)
    scores = np.array(values[: ends[-1]], dtype=np.float32)
    found = summary_of(scores, shots)
    means = [float(scores[start:end].mean(dtype=np.float64)) for start, end in shots]
    room = int(len(scores) * 0.15)
    assert found.sum() <= room
    taken = [found[start] for start, _ in shots]
    assert all(set(found[start:end]) == {found[start]} for start, end in shots)
    best = max(
        sum(mean for mean, chosen in zip(means, choice, strict=True) if chosen)
        for choice in product((0, 1), repeat=len(lengths))
        if sum(length for length, chosen in zip(lengths, choice, strict=True) if chosen) <= room
    )
    assert np.isclose(sum(mean for mean, chosen in zip(means, taken, strict=True) if chosen), best)
