"""What stage fetch needs: items to ask the platforms for that no earlier run got."""

from __future__ import annotations

import os
import posixpath
import tempfile
from functools import partial

from blift.connectors.web.manners import Budget
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.stages.fetch import pipeline
from blift.pipelines.stages.fetch.ask import Place, plan_of
from blift.schemas.errors import RecipeError


def _needed(recipe: Recipe) -> bool:
    return recipe.fetch is not None and recipe.fetch.stage is not None


def _prepare(request: Request) -> Prepared:
    section = request.recipe.fetch
    stage = section.stage if section else None
    if section is None or stage is None:
        raise RecipeError("The stage fetch needs `fetch.stage` in the recipe.")
    parts = posixpath.join(request.folder.path, pipeline.PARTS)
    partial_files = os.path.join(tempfile.gettempdir(), f"blift-partial-{os.getuid()}")
    asked = plan_of(request.source, Place(request.folder.path, parts, partial_files, stage.lanes), Budget())
    ended = pipeline.ended_items(request.folder.path)
    left = pipeline.parts_of(asked.plan.items, ended.well, stage.part)
    config = pipeline.FetchConfig(request.folder.path, asked.plan, stage.lanes, shards=1)
    return Prepared(
        inputs={
            "fetch": as_json(section),
            "items": [list(item) for item in sorted(asked.plan.items)],
            "failed": [*sorted(ended.failed), ended.parts if ended.failed else 0],  # asked again in each run
            "shards": 1,
        },
        plan=partial(pipeline.plan, parts=left, config=config),
        warnings=partial(pipeline.warnings, request.folder.path),
    )


STAGE = Stage("fetch", (), _prepare, _needed)
