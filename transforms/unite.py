"""Posts that show the same media become one sample, with every audience's behaviour."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import xxhash

from blift.schemas.arrow import conform
from blift.schemas.registry import SCHEMAS
from blift.schemas.sample import Audience
from blift.transforms.growth import with_curves
from blift.transforms.measured import with_measured
from blift.transforms.normalise import PROVENANCE
from blift.transforms.platforms import are_media, state
from blift.transforms.reactions import Lags, with_reactions
from blift.transforms.scenes import add_scenes

#: The post that speaks for a sample: of the media that stays, the media's own record first, then the best scored, the
#: earliest, by id.
_BEST_FIRST = ["media_key", "judged", "own_media", "is_media", "platform", "score", "posted_at", "post_id"]
_DESCENDING = [False, True, True, True, True, True, False, False]

_SPEAKS = [
    "media_kind",
    "url",
    "permalink",
    "title",
    "text",
    "channel_id",
    "channel_name",
    "channel_subscribers",
    "platform",
    "identified_language",
    "language_confidence",
]
_FACTS = ["media_file", "width", "height", "duration_s", "section_start_s"]
_TIMELINES = ["replay", "chapters", "speech", "media_urls", "reactions"]


def unite(posts: pl.DataFrame, comments: pl.DataFrame, media: pl.DataFrame) -> pl.DataFrame:
    """Samples, sorted by id, with ``has_video_record`` and the columns of the table but scenes and ``over_time``.

    Args:
        posts: the columns of the post table, ``media_key`` not null; ``identified_language`` with
            ``language_confidence``; ``own_media``: false where the key is that of other media that show the same; and
            ``judged``: false where the post was rejected by a rule and is here only for what it tells of the media (the
            record of a video that somebody posted elsewhere). Media without a judged post are left out.
        comments: chosen comments, best first, with ``media_key``.
        media: what was measured of files, as ``measured.MEASURED``; it goes before what platforms state.
    """
    ordered = posts.with_columns(is_media=are_media()).sort(_BEST_FIRST, descending=_DESCENDING, nulls_last=True)
    judged = pl.col("judged")
    audience = [name for name in Audience.model_fields if name in posts.columns]
    speaks = [*_SPEAKS, *(name for name in PROVENANCE if name in posts.columns)]
    samples = ordered.group_by("media_key", maintain_order=True).agg(
        *[pl.col(name).first() for name in speaks],
        *[pl.col(name).drop_nulls().first() for name in _FACTS],
        *[pl.col(name).filter(pl.col(name).list.len() > 0).first() for name in _TIMELINES],
        pl.col("subreddit").drop_nulls().first(),
        pl.col("posted_at").filter(judged).min(),
        pl.col("score", "upvote_ratio").filter(judged & state("score")).first(),
        pl.col("likes", "views").filter(judged & state("likes")).first(),
        pl.col("num_comments").filter(judged).sum(),
        pl.col("num_comments").filter(judged).count().alias("counted"),
        pl.col("replay_absent").sort_by("is_media", descending=True, maintain_order=True).first(),
        pl.struct(audience).filter(judged).sort_by(pl.col("post_id").filter(judged)).alias("audiences"),
        judged.any().alias("any_judged"),
        pl.col("is_media").any().alias("has_video_record"),
    )
    chosen = comments.group_by("media_key", maintain_order=True).agg(
        comments=pl.struct("comment_id", "platform", "text", "score")
    )
    samples = samples.filter("any_judged").join(chosen, on="media_key", how="left", maintain_order="left")
    ids = [sample_id(key) for key in samples["media_key"].to_list()]
    samples = samples.with_columns(
        *[pl.col(name).fill_null([]) for name in (*_TIMELINES, "comments")],
        sample_id=pl.Series(ids, dtype=pl.String),
        language=pl.col("identified_language"),
        num_comments=pl.when(pl.col("counted") > 0).then("num_comments"),
        like_percent=pl.when(pl.col("views") > 0).then(100.0 * pl.col("likes") / pl.col("views")),
        replay_absent=pl.when(pl.col("replay").list.len().fill_null(0) == 0).then("replay_absent"),
    )
    return with_measured(samples, media).sort("sample_id")


def sample_id(media_key: str) -> str:
    """The id of the sample of a media item, 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(media_key.encode())


def over_time(samples: pl.DataFrame, posts: pl.DataFrame, comments: pl.DataFrame, lags: Lags) -> pl.DataFrame:
    """United samples, with ``reactions`` to the moments of their media, and the ``growth`` of their posts.

    Args:
        samples: as ``unite`` gives them.
        posts: those that were united, with ``growth``.
        comments: all on them that the rules keep, with ``marks``.
        lags: by which reactions are moved back.
    """
    return with_curves(with_reactions(samples, posts, comments, lags), posts)


def sample_table(samples: pl.DataFrame, segments: int, longer_than_s: float) -> pa.Table:
    """The sample table of united samples, with scenes from chapters or equal segments (see ``add_scenes``).

    ``source`` and ``line`` of the post that speaks for a sample stay, where they are there.
    """
    places = pa.schema({name: kind for name, kind in PROVENANCE.items() if name in samples.columns})
    schema = SCHEMAS["sample"]
    timeline = samples.select("media_kind", "duration_s", "chapters", "replay", "speech", "measured")
    scenes = add_scenes(timeline.to_arrow(compat_level=pl.CompatLevel.oldest()), segments, longer_than_s)
    present = [name for name in (*schema.names, *places.names) if name in samples.columns]
    table = samples.select(present).to_arrow(compat_level=pl.CompatLevel.oldest())
    whole = pa.schema([*schema, *places], schema.metadata)
    return conform(table.append_column(schema.field("scenes"), scenes), whole)
