"""What holds of every row of a run folder: what a timeline says lies within its media, and lasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl

from blift.schemas.media import MediaForm
from blift.schemas.parts import MediaKind

#: Seconds by which sums of frame lengths miss the end; and by which timelines of a post may end later than the length
#: that its latest record states in whole seconds, or so much of it.
_ALMOST_S = 0.002
_LATER_S, _LATER = 3.5, 0.02
#: Kinds of media whose one scene has no length.
_STILL = [MediaKind.IMAGE.value, MediaKind.GIF.value, MediaKind.GALLERY.value]


class Timeline(NamedTuple):
    """A list of intervals.

    Attributes:
        column: that holds it.
        later_s: how much later than the media it may end, seconds.
        still: whether its intervals may have no length.
    """

    column: str
    later_s: pl.Expr = pl.lit(_ALMOST_S)
    still: pl.Expr = pl.lit(value=False)


_STATED = pl.max_horizontal(pl.lit(_LATER_S), _LATER * pl.col("duration_s"))
#: Timelines by table.
_TIMELINES: Mapping[str, tuple[Timeline, ...]] = {
    "post": (Timeline("replay", _STATED), Timeline("chapters", _STATED), Timeline("speech", _STATED)),
    "media": (
        Timeline("silences"),
        Timeline("speech"),
        Timeline("scenes", still=pl.col("form") == MediaForm.IMAGE.value),
    ),
    "sample": (
        Timeline("replay"),
        Timeline("speech"),
        Timeline("scenes", still=pl.col("media_kind").is_in(_STILL)),
    ),
}
_KEYS = {"post": "post_id", "media": "sha256", "sample": "sample_id"}


def broken_timelines(table: str, rows: pl.DataFrame) -> list[str]:
    """Sentences on rows whose timelines have an interval that does not last, or that lies outside the media.

    Args:
        table: the name of the rows' table; one without timelines has no such rows.
        rows: with all columns of the table.
    """
    problems = []
    for timeline in _TIMELINES.get(table, ()):
        spans = rows.select(
            key=_KEYS[table],
            end_s=pl.col("duration_s") + timeline.later_s,
            still=timeline.still,
            each=timeline.column,
        ).explode("each")
        start, end = (pl.col("each").struct.field(name) for name in ("start_s", "end_s"))
        lasts = (end > start) | (pl.col("still") & (end == start))
        wrong = spans.filter(pl.col("each").is_not_null()).filter(
            ~(lasts & (start >= 0) & (end <= pl.col("end_s")).fill_null(value=True))
        )
        problems += [
            f"{table} {key}: {timeline.column} has an interval that does not lie within the media, or does not last"
            for key in wrong["key"].unique(maintain_order=True).to_list()
        ]
    return problems


def pictures_of_videos(samples: pl.DataFrame, pictures: pl.Series) -> list[str]:
    """Sentences on samples of videos whose file is one of some still pictures, by their digests."""
    video = pl.col("media_kind") == MediaKind.VIDEO.value
    wrong = samples.filter(video & pl.col("sha256").is_in(pictures.implode()))
    return [f"sample {name}: a still picture is the file of a video" for name in wrong["sample_id"].to_list()]
