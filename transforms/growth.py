"""How the numbers of a post grew: what was measured of it at each age."""

from __future__ import annotations

import polars as pl

_MEASURED = ("score", "upvote_ratio", "likes", "views", "num_comments")
_DAY_US = 86_400_000_000
_POINT = ("post_id", "age_days", *_MEASURED)


def with_growth(posts: pl.DataFrame) -> pl.DataFrame:
    """Posts with ``growth``: every observation of a post that was observed more than once, by age.

    Observations without a time, and those from before the post, have no age, and are left out. Of several at one age,
    the one stands that the history has last.

    Args:
        posts: the columns of the post table.
    """
    repeated = posts.filter((pl.col("history").list.len() > 0) & pl.col("posted_at").is_not_null())
    names = ("retrieved_at", *_MEASURED)
    known = repeated.select("post_id", "posted_at", *names)
    earlier = (
        repeated.select("post_id", "posted_at", "history")
        .explode("history")
        .select("post_id", "posted_at", *[pl.col("history").struct.field(name) for name in names])
    )
    age = (pl.col("retrieved_at") - pl.col("posted_at")).dt.total_microseconds() / _DAY_US
    points = (
        pl.concat([earlier, known.select(earlier.columns)], how="vertical_relaxed")
        .with_columns(age_days=age)
        .filter(pl.col("age_days") >= 0)
        .unique(["post_id", "age_days"], keep="last", maintain_order=True)
        .sort("post_id", "age_days")
    )
    curves = points.group_by("post_id", maintain_order=True).agg(growth=pl.struct(*_POINT))
    curves = curves.filter(pl.col("growth").list.len() > 1)
    joined = posts.join(curves, on="post_id", how="left", maintain_order="left")
    return joined.with_columns(pl.col("growth").fill_null([]))


def with_curves(samples: pl.DataFrame, posts: pl.DataFrame) -> pl.DataFrame:
    """Samples with ``growth``, the curves of their posts, by post and age.

    Args:
        samples: ``media_key``.
        posts: ``media_key``, ``judged``, ``post_id``, and ``growth`` (see ``with_growth``).
    """
    curves = (
        posts.filter("judged")
        .sort("post_id")
        .group_by("media_key", maintain_order=True)
        .agg(pl.col("growth").list.explode(keep_nulls=False, empty_as_null=False))
    )
    joined = samples.join(curves, on="media_key", how="left", maintain_order="left")
    return joined.with_columns(pl.col("growth").fill_null([]))
