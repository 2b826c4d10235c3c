"""Highlights of a video out of its replay graph: a score for each second, shots, and a summary of the best of them.

After Mr. HiSum (Sul et al., NeurIPS 2023): scores are the replay graph by the second; a summary holds the shots with
the highest scores in at most 15 % of the seconds, by the 0/1 knapsack.
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

    The value of a shot is the mean of its scores, its weight its seconds. Of equal choices that with earlier shots is
    taken.
    """
    room = int(len(scores) * SUMMARY_SHARE)
    lengths = shots[:, 1] - shots[:, 0]
    # Best value of the shots from each one on, by the room that is left. From the last, so that earlier ones are taken.
    best = np.zeros((len(shots) + 1, room + 1))
    for place in range(len(shots) - 1, -1, -1):
        length, value = int(lengths[place]), float(scores[shots[place, 0] : shots[place, 1]].mean(dtype=np.float64))
        best[place] = best[place + 1]
        if length <= room:
            best[place, length:] = np.maximum(best[place, length:], value + best[place + 1, : room + 1 - length])
    chosen = np.zeros(len(scores), dtype=np.float32)
    for place, (start, end) in enumerate(shots.tolist()):
        length = end - start
        value = float(scores[start:end].mean(dtype=np.float64))
        if length <= room and value > 0 and best[place, room] == value + best[place + 1, room - length]:
            chosen[start:end] = 1
            room -= length
    return chosen
