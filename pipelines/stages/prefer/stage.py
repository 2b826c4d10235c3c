"""What stage prefer needs: posts, comments and media, the rules for them, samples, and the sizes of splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.shard import Shard, in_month
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, partitions
from blift.pipelines.recipe.instruct import PairMedia
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.preferences import Prefer
from blift.pipelines.recipe.result import Partition
from blift.pipelines.recipe.rules import python_rules
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.curate.stage import rules_of
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.instruct.stage import files_of_media, what_of_media
from blift.pipelines.stages.media.stage import STAGE as MEDIA
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import InputError
from blift.schemas.split import Split

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan

_FOLDERS = [folder for _, folder, table in CONFIGS if table == "preference"]


def _prepare(request: Request) -> Prepared:
    section = request.recipe.preferences
    if section is None:
        raise InputError("The recipe makes no preferences. Add the section `preferences`, or leave out `--stages`.")
    records = request.shards_of(INGEST.name)
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    samples = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    measured = [shard for shard in media if shard.path.startswith("media/")]
    return Prepared(
        inputs={
            "shards": digests([*records, *samples], ("posts/", "comments/", "samples/")),
            "media": what_of_media(request, request.recipe.media) if request.recipe.media else None,
            "preferences": as_json(section),
            "curate": as_json(request.recipe.curate),
            "instruct": request.recipe.instruct.model_dump(mode="json", exclude={"templates", "min_comment_score"}),
            **partitions(request.recipe.output),
            **python_rules(request.recipe),
        },
        plan=partial(_plan, request=request, section=section, records=records, media=measured, samples=samples),
    )


def _plan(
    pipeline: beam.Pipeline,
    request: Request,
    section: Prefer,
    records: Sequence[Shard],
    media: Sequence[Shard],
    samples: Sequence[Shard],
) -> StagePlan:
    from blift.pipelines.stages.curate.pipeline import pairs  # noqa: PLC0415 - imports Apache Beam
    from blift.pipelines.stages.prefer.pipeline import PreferConfig, PreferInputs, plan  # noqa: PLC0415 - the same

    instruct = request.recipe.instruct
    config = PreferConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        rules=replace(rules_of(request.recipe), identify_language=False, counted=()),
        preferences=section.options(),
        validation=instruct.splits.validation,
        test=instruct.splits.test,
        files=files_of_media(request, request.recipe.media) if request.recipe.media else None,
        requires_files=instruct.media is PairMedia.REQUIRED,
        by_month=request.recipe.output.partition_by is Partition.MONTH,
    )
    return plan(pipeline, PreferInputs(pairs(records), media, samples), config)


def _needed(recipe: Recipe) -> bool:
    return recipe.preferences is not None


_TABLES = tuple(f"{folder}/{split.value}" for folder in _FOLDERS for split in Split)

STAGE = Stage(
    "prefer",
    (*_TABLES, *(in_month(table, "*") for table in _TABLES)),
    _prepare,
    needed=_needed,
    records=("post", "comment", "media", "sample", "preference"),
)
