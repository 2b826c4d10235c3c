"""Highlights of a video out of its replay graph: a score for each second, shots, and a summary of the best of them.

After Mr. HiSum (Sul et al., NeurIPS 2023, and ``model/utils/generate_summary.py`` of its repository): scores are the
replay graph by the second; a summary holds the shots with the highest scores in at most 15 % of the seconds, by the 0/1
knapsack.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

#: Most of a video that its summary holds, as in the evaluation of Mr. HiSum.
SUMMARY_SHARE = 0.15


def scores_by_second(replay: Sequence[Mapping[str, Any]], seconds: int) -> np.ndarray:
    """The replay value at the start of each second, float32, 0..1; between and after segments that of the last one.

    Args:
        replay: segments with ``start_s`` and ``value``, in order, at least one.
    """
    starts = np.array([segment["start_s"] for segment in replay])
    values = np.array([segment["value"] for segment in replay], dtype=np.float32)
    return values[np.maximum(np.searchsorted(starts, np.arange(seconds), side="right") - 1, 0)]


def change_points(scenes: Sequence[Mapping[str, Any]], seconds: int) -> np.ndarray:
    """Shots as rows of the first second and the one after the last, int32: together all seconds, each once.

    Args:
        scenes: with ``start_s``, in order. Their starts are rounded; a scene that has no second of its own has no shot.
    """
    starts = np.unique(np.clip([0, *(round(scene["start_s"]) for scene in scenes)], 0, seconds - 1))
    return np.stack([starts, np.append(starts[1:], seconds)], axis=1).astype(np.int32)


def summary_of(scores: np.ndarray, shots: np.ndarray) -> np.ndarray:
    """1 for each second of the summary, 0 for the others, float32.

    Computed as Mr. HiSum's ``generate_summary`` computes the summary of a model from the scores that it predicts, so
    that a model whose scores are exactly these has an F1 of 100. The weight of a shot is its seconds. Its value is the
    mean of the scores from its first second to the one after its last: Mr. HiSum's ``change_points`` end with the
    second after the shot, and its mean (from code for TVSum, whose shots end with their last frame) includes that one.
    Of equal choices, that with earlier shots is taken.
    """
    room = int(len(scores) * SUMMARY_SHARE)
    lengths = [int(end - start) for start, end in shots]
    values = [float(scores[start : end + 1].mean()) for start, end in shots]
    # Best value of the first shots, by their number and by the room that they have.
    best = np.zeros((len(shots) + 1, room + 1))
    for place, (length, value) in enumerate(zip(lengths, values, strict=True)):
        best[place + 1] = best[place]
        if length <= room:
            best[place + 1, length:] = np.maximum(best[place, length:], value + best[place, : room + 1 - length])
    best[:, 0] = 0.0
    chosen = np.zeros(len(scores), dtype=np.float32)
    for place in range(len(shots), 0, -1):
        if best[place, room] != best[place - 1, room]:
            chosen[shots[place - 1, 0] : shots[place - 1, 1]] = 1
            room -= lengths[place - 1]
    return chosen
