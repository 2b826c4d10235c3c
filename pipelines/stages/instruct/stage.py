"""What stage instruct needs: samples, templates and the sizes of splits."""

from __future__ import annotations

from functools import partial

from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.instruct import pipeline
from blift.schemas.split import Split


def _prepare(request: Request) -> Prepared:
    shards = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    section = request.recipe.instruct
    config = pipeline.InstructConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        templates=section.templates,
        validation=section.splits.validation,
        test=section.splits.test,
    )
    return Prepared(
        inputs={
            "shards": digests(shards, ("samples/",)),
            "instruct": as_json(section),
        },
        plan=partial(pipeline.plan, inputs=shards, config=config),
    )


_TABLES = tuple(f"instructions/{shape}/{split.value}" for shape in ("llava", "chat") for split in Split)

STAGE = Stage("instruct", _TABLES, _prepare, records=("sample", "instruction", "chat"))
