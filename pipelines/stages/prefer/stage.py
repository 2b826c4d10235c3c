"""What stage prefer needs: posts, comments and media, the rules for them, samples, and the sizes of splits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests
from blift.pipelines.recipe.instruct import PairMedia
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.rules import python_rules
from blift.pipelines.stages.curate.pipeline import pairs
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.curate.stage import rules_of
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.instruct.stage import files_of_media
from blift.pipelines.stages.media.stage import STAGE as MEDIA
from blift.pipelines.stages.prefer import pipeline
from blift.schemas.errors import InputError
from blift.schemas.split import Split


def _prepare(request: Request) -> Prepared:
    section, instruct = request.recipe.preferences, request.recipe.instruct
    if section is None:
        raise InputError("The recipe makes no preferences. Add the section `preferences`, or leave out `--stages`.")
    records = request.shards_of(INGEST.name)
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    samples = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    files, of_files = files_of_media(request, request.recipe.media) if request.recipe.media else (None, None)
    config = pipeline.PreferConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        rules=replace(rules_of(request.recipe), identify_language=False, counted=()),
        preferences=section.options(),
        validation=instruct.splits.validation,
        test=instruct.splits.test,
        files=files,
        requires_files=instruct.media is PairMedia.REQUIRED,
    )
    measured = [shard for shard in media if shard.path.startswith("media/")]
    inputs = pipeline.PreferInputs(pairs(records), measured, samples)
    return Prepared(
        inputs={
            "shards": digests([*records, *samples], ("posts/", "comments/", "samples/")),
            "media": of_files,
            "preferences": as_json(section),
            "curate": as_json(request.recipe.curate),
            "instruct": instruct.model_dump(mode="json", exclude={"templates", "min_comment_score"}),
            **python_rules(request.recipe),
        },
        plan=partial(pipeline.plan, inputs=inputs, config=config),
    )


def _needed(recipe: Recipe) -> bool:
    return recipe.preferences is not None


STAGE = Stage(
    pipeline.STAGE,
    tuple(f"{folder}/{split.value}" for folder in pipeline.FOLDERS for split in Split),
    _prepare,
    needed=_needed,
    records=("post", "comment", "media", "sample", "preference"),
)
