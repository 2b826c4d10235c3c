"""What the annotate stage needs: files of annotations, samples, and measured media."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.files import InputFile, match
from blift.connectors.shard import Shard
from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.stage import Prepared, Request, Stage, digests, listing
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.stage import STAGE as MEDIA

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan

_NAME = "annotate"


def _needed(recipe: Recipe) -> bool:
    return bool(recipe.sources.annotations)


def _prepare(request: Request) -> Prepared:
    files = match(request.source.resolve(request.recipe.sources.annotations))
    samples = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    measured = [shard for shard in media if shard.path.startswith("media/")]
    return Prepared(
        inputs={
            **contents(files, request.record(_NAME)),
            "shards": digests(samples, ("samples/",)),
            "media": digests(measured, ("media/",)),
            "rejects": listing(request.recipe.rejects),
        },
        plan=partial(_plan, request=request, files=files, samples=samples, media=measured),
        reads=[file.path for file in files],
    )


def _plan(
    pipeline: beam.Pipeline,
    request: Request,
    files: Sequence[InputFile],
    samples: Sequence[Shard],
    media: Sequence[Shard],
) -> StagePlan:
    from blift.pipelines.stages.annotate.pipeline import AnnotateConfig, plan  # noqa: PLC0415 - imports Apache Beam

    config = AnnotateConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        lists_unmatched=request.recipe.rejects.out_of_scope,
    )
    return plan(pipeline, files, samples, media, config)


STAGE = Stage(_NAME, ("annotations/annotations",), _prepare, _needed, ("sample", "media", "annotation"))
