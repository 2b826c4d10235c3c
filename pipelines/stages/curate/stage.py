"""What stage curate needs: posts, comments and measured media, and the rules for them."""

from __future__ import annotations

from functools import partial

from blift.connectors.media.settings import Access
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, listing
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.result import Payload
from blift.pipelines.recipe.rules import comment_rules, post_rules, python_rules, selections
from blift.pipelines.stages.curate import pipeline
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.stage import STAGE as MEDIA
from blift.transforms.steps.rules import RuleOptions
from blift.transforms.steps.samples import SampleOptions


def _prepare(request: Request) -> Prepared:
    shards = request.shards_of(INGEST.name)
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    section = request.recipe.curate
    payload, out_of_scope = request.recipe.rejects.payload is Payload.ALL, request.recipe.rejects.out_of_scope
    config = pipeline.CurateConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        rules=rules_of(request.recipe),
        samples=SampleOptions(
            selections=selections(request.recipe),
            rules=dict(section.samples),
            python=request.recipe.python,
            segments=section.scenes.segments,
            longer_than_s=section.scenes.longer_than_s,
            lags=section.reactions.lags(),
            reject_payload=payload,
            reject_out_of_scope=out_of_scope,
        ),
        cut_scenes=request.recipe.media is not None and request.recipe.media.frames is Access.EVERY,
        sampled=(section.sample.n, section.sample.seed) if section.sample else None,
    )
    pairs = pipeline.pairs(shards)
    measured = [shard for shard in media if shard.path.startswith("media/")]
    return Prepared(
        inputs={
            "shards": digests(shards, ("posts/", "comments/", "origins/")),
            "media": digests(measured, ("media/",)),
            "curate": as_json(section),
            "cut_scenes": config.cut_scenes,
            "rejects": listing(request.recipe.rejects),
            **python_rules(request.recipe),
        },
        plan=partial(pipeline.plan, inputs=pairs, media=measured, config=config),
    )


def rules_of(recipe: Recipe) -> RuleOptions:
    """The rules for posts and comments that a recipe turns on, as the transform takes them."""
    return RuleOptions(
        posts=post_rules(recipe),
        comments=comment_rules(recipe),
        python=recipe.python,
        counted=sorted(recipe.sources.platforms),
        identify_language=recipe.curate.identify_language,
        reject_payload=recipe.rejects.payload is Payload.ALL,
        reject_out_of_scope=recipe.rejects.out_of_scope,
    )


STAGE = Stage(pipeline.STAGE, ("samples/samples",), _prepare, records=("post", "comment", "origin", "media", "sample"))
