"""What a video's record lays along its timeline: the replay graph and the uploader's chapters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from blift.connectors.yt_dlp.decode import LONGEST_S, Fields, is_number
from blift.connectors.yt_dlp.subtitles import SpeechTuple
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


#: YouTube states whole seconds; replay graphs and chapters end up to a second later, or so much of the length.
_LATER_S, _LATER = 1.5, 0.01


class Window(NamedTuple):
    """The part of a video that its media is, seconds from the start of the video; the end is null where unknown."""

    start_s: float
    end_s: float | None

    @property
    def duration_s(self) -> float | None:
        """Its length."""
        return None if self.end_s is None else self.end_s - self.start_s

    @property
    def last_s(self) -> float:
        """The latest moment at which a timeline of this media may end."""
        return LONGEST_S if self.end_s is None else self.end_s + max(_LATER_S, _LATER * (self.end_s - self.start_s))


def window(info: Fields, duration_s: float | None) -> tuple[Window, str | None]:
    """The part of the video that was downloaded, and what is wrong with it where nobody can tell which.

    yt-dlp notes `section_start` and `section_end` of a download of a section; other timelines are those of the whole.
    """
    start, end = info.get("section_start"), info.get("section_end")
    if start is None and end is None:
        return Window(0.0, duration_s), None
    first, last = (0 if start is None else start), (duration_s if end is None else end)
    if is_number(first) and is_number(last) and 0 <= first < last <= LONGEST_S:
        return Window(float(first), float(last)), None
    return Window(0.0, None), "the section that was downloaded has no start and end in seconds"


def cut_graph(graph: ReplayGraph, part: Window) -> ReplayGraph:
    """The replay graph of a part of the video, in seconds from its start; segments that it cuts keep their values."""
    if not part.start_s:
        return graph
    end_s = LONGEST_S if part.end_s is None else part.end_s
    inside = graph[(graph[:, 1] > part.start_s) & (graph[:, 0] < end_s)].copy()
    inside[:, :2] = np.clip(inside[:, :2], part.start_s, end_s) - part.start_s
    return inside


def cut_speech(speech: Sequence[SpeechTuple], part: Window) -> list[SpeechTuple]:
    """What is said in a part of the video, in seconds from its start; all of it lasts, and ends with the part."""
    end_s = LONGEST_S if part.end_s is None else part.end_s
    cut = [(max(start, part.start_s), min(end, end_s), words) for start, end, words in speech]
    return [(start - part.start_s, end - part.start_s, words) for start, end, words in cut if end > start]


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


def chapters(given: Any, part: Window) -> tuple[list[ChapterTuple], str | None]:
    """The uploader's chapters in a part of the video, and what is wrong with them where that is why there are none.

    Times are seconds from the start of the part. A chapter without an end ends where the next one begins; the last one
    ends with the video. Where the duration is not known, a last chapter without an end is left out. One without length
    is left out, too.
    """
    if given is None or given == []:
        return [], None
    if not isinstance(given, list) or not all(isinstance(chapter, dict) for chapter in given):
        return [], "chapters are no list of objects"
    starts = [chapter.get("start_time") for chapter in given]
    found: list[ChapterTuple] = []
    before = 0.0
    for chapter, start, following in zip(given, starts, [*starts[1:], part.end_s], strict=True):
        stated = chapter.get("end_time")
        end = following if stated is None else stated
        if end is None and chapter is given[-1]:
            break
        if not (is_number(start) and is_number(end) and 0 <= start <= end <= LONGEST_S):
            return [], "a chapter has no start and end in seconds"
        if start < before - _SAME_MOMENT_S:
            return [], "chapters overlap"
        if not part.start_s and end > part.last_s:
            return [], f"a chapter ends at {end:g} s, and the video at {part.end_s:g} s"
        before = float(end)
        found.append((float(start), float(end), _title(chapter.get("title"))))
    return _cut_chapters(found, part), None


def _cut_chapters(found: Sequence[ChapterTuple], part: Window) -> list[ChapterTuple]:
    end_s = LONGEST_S if part.end_s is None else part.end_s
    cut = [(max(start, part.start_s), min(end, end_s), title) for start, end, title in found]
    return [(start - part.start_s, end - part.start_s, title) for start, end, title in cut if end > start]


def _title(given: Any) -> str | None:
    if not isinstance(given, str) or not given.strip() or _UNTITLED.fullmatch(given):
        return None
    return given
