"""How popular a sample is among its like: ratio and percentile within place, month and age of its numbers.

A score of 50 is much in one subreddit and little in another, and a number that was read an hour after posting says
little beside one that was read a month later. So samples are compared within a group: the same subreddit or channel,
the month in which they were posted, and how old the post was when its numbers were read. Groups are fitted on the
training split alone, so that nothing of the others leaks into it.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from blift.schemas.places import PROFILE
from blift.schemas.split import Split

#: Columns of a sample that say how popular it is.
COLUMNS = ("sample_id", "channel_id", "subreddit", "posted_at", "score", "likes", "like_percent", "audiences")
#: Groups with fewer training samples say nothing.
LEAST_MEMBERS = 5
#: Ages of a number, in hours, that are told apart: an hour, a day, a week, a month.
_AGES_H = (1.0, 24.0, 168.0, 720.0)
_GROUP = ("measure", "place", "month", "age")


def measured(samples: pl.DataFrame) -> pl.DataFrame:
    """What is compared of each sample, and with which: ``sample_id``, ``value``, and the columns of its group.

    The value is likes as a percentage of views, else the net score, else the number of likes. A sample without any of
    them, or of no known place or month, has a null value.

    Args:
        samples: ``COLUMNS``.
    """
    by_channel = pl.col("like_percent").is_not_null() | pl.col("score").is_null()
    read = (
        samples.select("sample_id", "score", "likes", "audiences", by_channel=by_channel)
        .explode("audiences")
        .with_columns(pl.col("audiences").struct.unnest().name.prefix("of_"))
        .filter(
            pl.when("by_channel")
            .then(pl.col("of_likes") == pl.col("likes"))
            .otherwise(pl.col("of_score") == pl.col("score"))
        )
        .unique("sample_id", keep="first", maintain_order=True)
        .select("sample_id", hours=(pl.col("of_retrieved_at") - pl.col("of_posted_at")).dt.total_seconds() / 3600)
    )
    joined = samples.join(read, on="sample_id", how="left", maintain_order="left")
    age = sum((pl.col("hours") >= bound).cast(pl.Int8) for bound in _AGES_H)
    made = joined.select(
        "sample_id",
        value=pl.coalesce(pl.col("like_percent"), pl.col("score").cast(pl.Float64), pl.col("likes").cast(pl.Float64)),
        measure=pl.when(pl.col("like_percent").is_not_null())
        .then(pl.lit("like_percent"))
        .when(pl.col("score").is_not_null())
        .then(pl.lit("score"))
        .otherwise(pl.lit("likes")),
        place=pl.when(by_channel)
        .then("channel_id")
        .when(pl.col("subreddit") != PROFILE)  # profiles are no place with readers of its own
        .then(pl.col("subreddit").str.to_lowercase()),
        month=pl.col("posted_at").dt.strftime("%Y-%m"),
        age=pl.when(pl.col("hours").is_not_null()).then(age).otherwise(pl.lit(-1, pl.Int8)),
    )
    known = pl.col("place").is_not_null() & pl.col("month").is_not_null()
    return made.with_columns(value=pl.when(known).then("value"))


def popularity(values: pl.DataFrame) -> pl.DataFrame:
    """``sample_id``, ``score_ratio`` and ``score_percentile`` of every sample, in their order.

    The ratio is that to the median of the training samples of the group, where the median is above 0; the percentile is
    the share of these with less, and half of those with the same, 0..1. Both are null in groups with fewer than
    ``LEAST_MEMBERS`` training samples.

    Args:
        values: as ``measured`` gives them, with ``split``.
    """
    numbered = values.with_row_index("row")
    parts = []
    for rows in numbered.filter(pl.col("value").is_not_null()).partition_by(*_GROUP, maintain_order=True):
        fitted = np.sort(rows.filter(pl.col("split") == Split.TRAIN.value)["value"].to_numpy())
        if len(fitted) < LEAST_MEMBERS:
            continue
        own = rows["value"].to_numpy()
        less, most = (np.searchsorted(fitted, own, side) for side in ("left", "right"))
        median = float(np.median(fitted))
        parts.append(
            rows.select(
                "row",
                score_ratio=pl.Series(own / median if median > 0 else [None] * len(own), dtype=pl.Float64),
                score_percentile=pl.Series((less + most) / 2 / len(fitted), dtype=pl.Float64),
            )
        )
    nothing = pl.DataFrame(schema={"row": pl.UInt32, "score_ratio": pl.Float64, "score_percentile": pl.Float64})
    found = pl.concat([nothing, *parts])
    return numbered.select("row", "sample_id").join(found, on="row", how="left", maintain_order="left").drop("row")
