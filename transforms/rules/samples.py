"""Rules for samples: what can be judged only when the posts of one media item and their comments are together."""

from __future__ import annotations

import polars as pl

from blift.schemas.platform import MediaKind
from blift.schemas.reasons import Reason
from blift.transforms.rules.registry import Check, Record, rule


@rule(Record.SAMPLE, Reason.FEW_COMMENTS)
def min_comments(comments: int) -> Check:
    """Samples with fewer chosen comments than this go."""
    count = pl.col("comments").list.len()
    return Check(count < comments, count)


@rule(Record.SAMPLE, Reason.TOO_LONG)
def max_duration_s(seconds: float) -> Check:
    """Media longer than this many seconds go; one whose duration is unknown stays. For a YouTube video that was
    posted to Reddit, the duration is that of the video's own record.
    """
    column = pl.col("duration_s")
    return Check(column > seconds, column)


@rule(Record.SAMPLE, Reason.UNAVAILABLE)
def video_record() -> Check:
    """Videos on YouTube without a record of their own go: the record shows that the video was still up when
    it was collected (51 % of the paper's were not).
    """
    column = pl.col("has_video_record")
    on_youtube = pl.col("media_kind").eq(MediaKind.VIDEO.value) & pl.col("media_key").str.starts_with("youtube:")
    return Check(on_youtube & ~column)
