"""What the annotate stage needs: files of annotations, samples, and measured media."""

from __future__ import annotations

from functools import partial

from blift.connectors.files import match
from blift.pipelines.engine.contents import contents
from blift.pipelines.engine.stage import Prepared, Request, Stage, digests, listing
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.stages.annotate import pipeline
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.stage import STAGE as MEDIA


def _needed(recipe: Recipe) -> bool:
    return bool(recipe.sources.annotations)


def _prepare(request: Request) -> Prepared:
    files = match(request.source.resolve(request.recipe.sources.annotations))
    samples = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    media = request.shards_of(MEDIA.name) if request.recipe.media else []
    measured = [shard for shard in media if shard.path.startswith("media/")]
    config = pipeline.AnnotateConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        lists_unmatched=request.recipe.rejects.out_of_scope,
    )
    return Prepared(
        inputs={
            **contents(files, request.record(pipeline.STAGE)),
            "shards": digests(samples, ("samples/",)),
            "media": digests(measured, ("media/",)),
            "rejects": listing(request.recipe.rejects),
        },
        plan=partial(pipeline.plan, files=files, samples=samples, media=measured, config=config),
        reads=[file.path for file in files],
    )


STAGE = Stage(pipeline.STAGE, (pipeline.PREFIX,), _prepare, _needed, ("sample", "media", "annotation"))
