"""What a video's record lays along its timeline: the replay graph and the uploader's chapters."""

from __future__ import annotations

import re
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blift.connectors.yt_dlp.decode import LONGEST_S, is_number
from blift.schemas.reasons import ReplayAbsent

#: One row a segment: start_s, end_s and value of a blift.schemas.platform.ReplaySegment.
ReplayGraph = NDArray[np.float64]
#: start_s, end_s and title of a blift.schemas.platform.Chapter.
ChapterTuple = tuple[float, float, str | None]

#: YouTube counts in whole milliseconds, and yt-dlp divides by 1000. Less than half of one is rounding; more
#: is a gap or an overlap.
_SAME_MOMENT_S = 0.0005

_NO_GRAPH: ReplayGraph = np.empty((0, 3))

#: yt-dlp's name for what stands before the first chapter that the uploader named.
_UNTITLED = re.compile(r"<Untitled Chapter \d+>")


def replay_graph(heatmap: Any) -> tuple[ReplayGraph, ReplayAbsent | None]:
    """The segments of yt-dlp's ``heatmap``, shape (segments, 3), exactly as given, or why there are none.

    YouTube gives 100 segments that follow one another without a gap, with values in 0..1. A graph with a gap,
    an overlap, a segment without length, or a value outside 0..1 is damaged: none of it is kept. How many
    segments there are is not checked, for YouTube promises no number.
    """
    if heatmap is None or heatmap == []:
        return _NO_GRAPH, ReplayAbsent.NOT_IN_RECORD
    if not isinstance(heatmap, list) or set(map(type, heatmap)) != {dict}:
        return _NO_GRAPH, ReplayAbsent.MALFORMED
    given = [(marker.get("start_time"), marker.get("end_time"), marker.get("value")) for marker in heatmap]
    if not set(map(type, chain.from_iterable(given))) <= {int, float}:
        return _NO_GRAPH, ReplayAbsent.MALFORMED
    try:
        graph = np.array(given, np.float64)
    except OverflowError:  # an integer beyond the largest float
        return _NO_GRAPH, ReplayAbsent.MALFORMED
    start, end, value = graph.T
    sound = (start >= 0) & (start < end) & (end <= LONGEST_S) & (value >= 0) & (value <= 1)  # NaN is not
    if not sound.all() or np.abs(start[1:] - end[:-1]).max(initial=0) >= _SAME_MOMENT_S:
        return _NO_GRAPH, ReplayAbsent.MALFORMED
    return graph, None


def chapters(given: Any, duration_s: float | None) -> tuple[list[ChapterTuple], str | None]:
    """The uploader's chapters, and what is wrong with them where that is why there are none.

    A chapter without an end ends where the next one begins; the last one ends with the video. Where
    the duration is not known, a last chapter without an end is left out.
    """
    if given is None or given == []:
        return [], None
    if not isinstance(given, list) or not all(isinstance(chapter, dict) for chapter in given):
        return [], "chapters are no list of objects"
    starts = [chapter.get("start_time") for chapter in given]
    found: list[ChapterTuple] = []
    for chapter, start, following in zip(given, starts, [*starts[1:], duration_s], strict=True):
        stated = chapter.get("end_time")
        end = following if stated is None else stated
        if end is None and chapter is given[-1]:
            return found, None
        if not (is_number(start) and is_number(end) and 0 <= start <= end <= LONGEST_S):
            return [], "a chapter has no start and end in seconds"
        found.append((float(start), float(end), _title(chapter.get("title"))))
    return found, None


def _title(given: Any) -> str | None:
    if not isinstance(given, str) or not given.strip() or _UNTITLED.fullmatch(given):
        return None
    return given
