"""Scenes of a media item: cuts, else chapters, else equal segments, with their replay and speech."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, repeat
from math import ceil
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from blift.schemas.arrow import with_empty_lists
from blift.schemas.parts import MediaKind
from blift.schemas.registry import SCHEMAS
from blift.schemas.sample import SceneSource

_SCENES = SCHEMAS["sample"].field("scenes")
_IMAGES = frozenset({MediaKind.IMAGE.value, MediaKind.GIF.value, MediaKind.GALLERY.value})

#: What the decoded media says of a scene.
SEEN = ("keyframe", "caption", "tags", "foreground_colours", "background_colours", "tone", "screen_text")
_UNSEEN: dict[str, Any] = dict.fromkeys(SEEN)

#: A chapter's start and end in seconds, and its title.
ChapterRow = tuple[float, float, str | None]


class Segments(NamedTuple):
    """Consecutive segments of a replay graph: start and end in seconds, value 0..1, each of shape (segments,)."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    value: NDArray[np.float64]


class Bounds(NamedTuple):
    """Where a scene begins and ends, in seconds, who says so, and its title where it has one."""

    start_s: float
    end_s: float
    source: SceneSource
    title: str | None = None


def merge_short_segments(segments: Segments, longer_than_s: float) -> Segments:
    """Neighbours merged, from the left, until each is longer than ``longer_than_s``; the highest value is kept.

    What is left over at the end joins the last. (Paper, appendix: "for short videos ... longer than 1 second".)
    """
    if not len(segments.value) or (segments.end_s - segments.start_s > longer_than_s).all():
        return segments
    firsts: list[int] = []
    begin = -np.inf
    for place, (start, end) in enumerate(zip(segments.start_s.tolist(), segments.end_s.tolist(), strict=True)):
        if begin == -np.inf:
            firsts.append(place)
            begin = start
        if end - begin > longer_than_s:
            begin = -np.inf
    if begin != -np.inf and len(firsts) > 1:
        firsts.pop()
    lasts = [*(first - 1 for first in firsts[1:]), len(segments.value) - 1]
    return Segments(segments.start_s[firsts], segments.end_s[lasts], np.maximum.reduceat(segments.value, firsts))


def scene_bounds(
    kind: str, duration_s: float | None, chapters: Sequence[ChapterRow], most: int, longer_than_s: float
) -> list[Bounds]:
    """The scenes of one media item, in order.

    An image is one scene without length. A video has those that its chapters name, else up to ``most`` equal ones,
    each longer than ``longer_than_s``; without chapters and duration it has none.
    """
    if kind in _IMAGES:
        return [Bounds(0.0, 0.0, SceneSource.IMAGE)]
    if chapters:
        return [Bounds(start, end, SceneSource.CHAPTER, title) for start, end, title in chapters if end > start]
    if not duration_s:
        return []
    count = max(1, min(most, ceil(duration_s / longer_than_s) - 1))
    edges = [duration_s * (place / count) for place in range(count + 1)]
    return [Bounds(start, end, SceneSource.SEGMENT) for start, end in pairwise(edges)]


def measured_bounds(kind: str, measured: Sequence[Mapping[str, Any]], chapters: Sequence[ChapterRow]) -> list[Bounds]:
    """The scenes that were cut, in order; each with the title of the chapter in which it starts."""
    source = SceneSource.IMAGE if kind in _IMAGES else SceneSource.DETECTED
    starts = [start for start, _, _ in chapters]
    found = []
    for scene in measured:
        place = bisect_right(starts, scene["start_s"]) - 1
        title = chapters[place][2] if place >= 0 else None
        found.append(Bounds(scene["start_s"], scene["end_s"], source, title))
    return found


def scene_replay(scenes: Sequence[Bounds], segments: Segments) -> list[float | None]:
    """For each scene the highest value of the segments that it overlaps; None where it overlaps none."""
    starts, ends, values = (column.tolist() for column in segments)
    found: list[float | None] = []
    for scene in scenes:
        first, stop = bisect_right(ends, scene.start_s), bisect_left(starts, scene.end_s)
        found.append(max(values[first:stop], default=None))
    return found


def scene_speech(scenes: Sequence[Bounds], speech: Sequence[tuple[float, str]]) -> list[str | None]:
    """For each scene the words that begin in it. ``speech``: start in seconds and words, in order."""
    words: list[list[str]] = [[] for _ in scenes]
    starts = [scene.start_s for scene in scenes]
    for start_s, text in speech:
        place = bisect_right(starts, start_s) - 1
        if place >= 0 and start_s < scenes[place].end_s:
            words[place].append(text)
    return [" ".join(spoken) or None for spoken in words]


def add_scenes(timeline: pa.Table, most: int, longer_than_s: float) -> pa.Array:
    """The column ``scenes`` of the sample table.

    Args:
        timeline: ``media_kind``, ``duration_s``, ``chapters``, ``replay`` and ``speech`` of samples, and ``measured``,
            the scenes that were cut. A video whose duration nobody states lasts as long as its replay graph.
        most: equal segments at most, where there are no chapters.
        longer_than_s: replay segments are merged until they are longer than this, and scenes are, too.
    """
    scenes = [_scenes(row, most, longer_than_s) for row in _rows(timeline)]
    return with_empty_lists(pa.array(scenes, type=_SCENES.type), _SCENES)


def _rows(timeline: pa.Table) -> Iterator[Mapping[str, Any]]:
    """Rows with the replay graph as arrays: a dictionary for every segment would cost more than all the rest."""
    graphs = timeline.column("replay").combine_chunks()
    flat, offsets = graphs.flatten(), np.cumsum([0, *graphs.value_lengths().fill_null(0).to_pylist()])
    columns = [flat.field(name).to_numpy() for name in Segments._fields] if len(flat) else [np.empty(0)] * 3
    for place, row in enumerate(timeline.drop_columns(["replay"]).to_pylist()):
        part = slice(offsets[place], offsets[place + 1])
        yield row | {"replay": Segments(*(column[part] for column in columns))}


def _scenes(row: Mapping[str, Any], most: int, longer_than_s: float) -> list[dict[str, Any]]:
    graph = row["replay"]
    duration_s = row["duration_s"] or (float(graph.end_s[-1]) if len(graph.end_s) else None)
    chapters = [(chapter["start_s"], chapter["end_s"], chapter["title"]) for chapter in row["chapters"]]
    measured = row["measured"]
    bounds = (
        measured_bounds(row["media_kind"], measured, chapters)
        if measured
        else scene_bounds(row["media_kind"], duration_s, chapters, most, longer_than_s)
    )
    replay = scene_replay(bounds, merge_short_segments(graph, longer_than_s))
    speech = scene_speech(bounds, [(spoken["start_s"], spoken["text"]) for spoken in row["speech"]])
    return [
        {
            "start_s": scene.start_s,
            "end_s": scene.end_s,
            "source": scene.source.value,
            "title": scene.title,
            **{name: seen[name] for name in SEEN},
            "speech": words,
            "replay": value,
        }
        for scene, value, words, seen in zip(
            bounds, replay, speech, measured or repeat(_UNSEEN, len(bounds)), strict=True
        )
    ]
