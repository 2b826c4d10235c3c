"""Rules for samples: what can be judged only when the posts of one media item and their comments are together."""

from __future__ import annotations

from typing import Annotated

import polars as pl
from pydantic import Field

from blift.schemas.parts import MediaKind
from blift.schemas.platform import platforms
from blift.schemas.reasons import Reason
from blift.transforms.rules.options import Number
from blift.transforms.rules.registry import Check, RecordKind, rule


@rule(RecordKind.SAMPLE, Reason.FEW_COMMENTS)
def min_comments(comments: Number) -> Check:
    """Samples with fewer chosen comments than this go."""
    count = pl.col("comments").list.len()
    return Check(count < comments, count)


@rule(RecordKind.SAMPLE, Reason.TOO_LONG)
def max_duration_s(seconds: Annotated[float, Field(gt=0)]) -> Check:
    """Media longer than this many seconds go; one whose duration is unknown stays. For a video that was posted
    elsewhere, the duration is that of the video's own record.
    """
    column = pl.col("duration_s")
    return Check(column > seconds, column)


@rule(RecordKind.SAMPLE, Reason.UNAVAILABLE)
def video_record() -> Check:
    """Videos of platforms with records of videos, such as YouTube, go where there is no record of their own: it shows
    that the video was still up when it was collected (51 % of the paper's were not).
    """
    keys = [f"{name}:" for name, platform in platforms().items() if platform.is_media]
    is_recorded = pl.any_horizontal(pl.col("media_key").str.starts_with(key) for key in keys)
    return Check(pl.col("media_kind").eq(MediaKind.VIDEO.value) & is_recorded & ~pl.col("has_video_record"))
