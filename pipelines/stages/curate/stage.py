"""What stage curate needs: posts, comments and measured media, and the rules for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.media.settings import Access
from blift.connectors.shard import Shard, in_month
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, listing, partitions
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.result import Partition, Payload
from blift.pipelines.recipe.rules import comment_rules, post_rules, python_rules, selections
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.stage import STAGE as MEDIA

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan
    from blift.transforms.steps.rules import RuleOptions


def _prepare(request: Request) -> Prepared:
    shards = request.shards_of(INGEST.name)
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    measured = [shard for shard in media if shard.path.startswith("media/")]
    return Prepared(
        inputs={
            "shards": digests(shards, ("posts/", "comments/", "origins/")),
            "media": digests(measured, ("media/",)),
            "curate": as_json(request.recipe.curate),
            "cut_scenes": _cut_scenes(request.recipe),
            "rejects": listing(request.recipe.rejects),
            **partitions(request.recipe.output),
            **python_rules(request.recipe),
        },
        plan=partial(_plan, request=request, shards=shards, media=measured),
    )


def _plan(pipeline: beam.Pipeline, request: Request, shards: Sequence[Shard], media: Sequence[Shard]) -> StagePlan:
    from blift.pipelines.stages.curate.pipeline import CurateConfig, pairs, plan  # noqa: PLC0415 - imports Apache Beam
    from blift.transforms.steps.samples import SampleOptions  # noqa: PLC0415 - the same

    recipe, section = request.recipe, request.recipe.curate
    config = CurateConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        rules=rules_of(recipe),
        samples=SampleOptions(
            selections=selections(recipe),
            rules=dict(section.samples),
            python=recipe.python,
            segments=section.scenes.segments,
            longer_than_s=section.scenes.longer_than_s,
            lags=section.reactions.lags(),
            reject_payload=recipe.rejects.payload is Payload.ALL,
            reject_out_of_scope=recipe.rejects.out_of_scope,
        ),
        cut_scenes=_cut_scenes(recipe),
        by_month=recipe.output.partition_by is Partition.MONTH,
        sampled=(section.sample.n, section.sample.seed) if section.sample else None,
    )
    return plan(pipeline, pairs(shards), media, config)


def _cut_scenes(recipe: Recipe) -> bool:
    return recipe.media is not None and recipe.media.frames is Access.EVERY


def rules_of(recipe: Recipe) -> RuleOptions:
    """The rules for posts and comments that a recipe turns on, as the transform takes them."""
    from blift.transforms.steps.rules import RuleOptions  # noqa: PLC0415 - imports Apache Beam

    return RuleOptions(
        posts=post_rules(recipe),
        comments=comment_rules(recipe),
        python=recipe.python,
        counted=sorted(recipe.sources.platforms),
        identify_language=recipe.curate.identify_language,
        reject_payload=recipe.rejects.payload is Payload.ALL,
        reject_out_of_scope=recipe.rejects.out_of_scope,
    )


_SAMPLES = "samples/samples"

STAGE = Stage(
    "curate",
    (_SAMPLES, in_month(_SAMPLES, "*")),
    _prepare,
    records=("post", "comment", "origin", "media", "sample"),
)
