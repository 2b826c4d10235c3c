"""The curate stage: posts and comments to samples: rules, repeats made one, the choice of comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects, WriteShards
from blift.schemas.registry import SCHEMAS
from blift.transforms.measured import media_by_key, united_keys, without_cuts
from blift.transforms.normalise import PROVENANCE
from blift.transforms.steps.draw import DrawSamples
from blift.transforms.steps.rules import ApplyRules, PostsWithComments, RuleOptions, no_rows
from blift.transforms.steps.samples import MakeSamples, SampleOptions
from blift.transforms.tables import arrow, frame

STAGE = "curate"


@dataclass(frozen=True)
class CurateConfig:
    """What the workers of the stage need to know.

    Attributes:
        sampled: how many samples are drawn, and the seed; None keeps all.
        cut_scenes: whether media were measured frame by frame, so that what moves has scenes of its own.
        by_month: whether samples lie in folders of the months in which they were first posted.
    """

    folder: str
    shards: int
    rules: RuleOptions
    samples: SampleOptions
    sampled: tuple[int, int] | None
    cut_scenes: bool
    by_month: bool


@dataclass(frozen=True)
class ShardPair:
    """The shard of posts and the shard of their comments, and where both were read; each may be absent."""

    posts: Shard | None
    comments: Shard | None
    post_origins: Shard | None = None
    comment_origins: Shard | None = None


def pairs(shards: Sequence[Shard]) -> list[ShardPair]:
    """The shards of the ingest stage, those of one index together."""
    folders = ("posts/", "comments/", "origins/posts-", "origins/comments-")
    found = [{shard.place: shard for shard in shards if shard.path.startswith(folder)} for folder in folders]
    places = sorted({place for of_folder in found[:2] for place in of_folder})
    return [ShardPair(*(of_folder.get(place) for of_folder in found)) for place in places]


def plan(
    pipeline: beam.Pipeline, inputs: Sequence[ShardPair], media: Sequence[Shard], config: CurateConfig
) -> StagePlan:
    """The stage as a pipeline: rules need no shuffle, since a post and its comments lie in one shard."""
    measured = (
        pipeline
        | "Media shards" >> beam.Create(list(media))
        | "Read media" >> beam.Map(_read_media, config).with_output_types(pa.Table)
    )
    same = measured | "Same media" >> beam.Map(united_keys).with_output_types(pa.Table)
    judged = (
        pipeline
        | "Shards" >> beam.Create(list(inputs))
        | "Read shards" >> beam.Map(_read_with_origins, config.folder).with_output_types(PostsWithComments)
        | "Apply rules" >> ApplyRules(config.rules, same, STAGE)
    )
    by_key = measured | "Media by key" >> beam.Map(media_by_key).with_output_types(pa.Table)
    made = {"posts": judged.posts, "comments": judged.comments, "media": by_key} | "Make samples" >> MakeSamples(
        config.samples, config.shards, STAGE
    )
    steps, kept = [judged, made], made.rows
    if config.sampled:
        drawn = kept | "Draw samples" >> DrawSamples(*config.sampled, config.samples, STAGE)
        steps, kept = [*steps, drawn], drawn.rows
    write = WriteShards("sample", config.folder, "samples/samples", config.shards, by_month=config.by_month)
    written = kept | "Write samples" >> write
    rejects = (
        tuple(step.rejects for step in steps)
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    return StagePlan([written, rejects], [step.tallies for step in steps])


def _read_media(shard: Shard, config: CurateConfig) -> pa.Table:
    rows = read_shard(config.folder, shard, "media")
    return rows if config.cut_scenes else without_cuts(rows)


def read_pair(pair: ShardPair, folder: str) -> PostsWithComments:
    """The posts of a pair of shards and their comments; no rows where it has no such shard."""
    posts = read_shard(folder, pair.posts, "post") if pair.posts else no_rows("post")
    return posts, read_shard(folder, pair.comments, "comment") if pair.comments else no_rows("comment")


def _read_with_origins(pair: ShardPair, folder: str) -> PostsWithComments:
    """The same, with ``source`` and ``line``: where the observation that each row shows was read."""
    posts, comments = read_pair(pair, folder)
    return (
        _with_origins(posts, "post_id", pair.post_origins, folder),
        _with_origins(comments, "comment_id", pair.comment_origins, folder),
    )


def _with_origins(rows: pa.Table, key: str, origins: Shard | None, folder: str) -> pa.Table:
    all_read = read_shard(folder, origins, "origin") if origins else SCHEMAS["origin"].empty_table()
    read = frame(all_read).filter("latest").select("record_id", *PROVENANCE)
    places = frame(rows.select([key])).join(read, left_on=key, right_on="record_id", how="left", maintain_order="left")
    found = arrow(places, pa.schema(PROVENANCE))
    for name in found.schema.names:
        rows = rows.append_column(found.schema.field(name), found.column(name))
    return rows
