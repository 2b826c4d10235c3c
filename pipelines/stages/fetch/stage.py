"""What stage fetch needs: items to ask the platforms for that no earlier run got."""

from __future__ import annotations

import os
import posixpath
import tempfile
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.registry import kinds
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.stages.fetch.parts import PARTS, Part, ended_items, parts_of, warnings
from blift.pipelines.stages.fetch.parts import STAGE as NAME
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.schemas.errors import RecipeError

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan


def _needed(recipe: Recipe) -> bool:
    return recipe.fetch is not None and recipe.fetch.stage is not None


def _prepare(request: Request) -> Prepared:
    from blift.connectors.web.manners import Budget  # noqa: PLC0415 - slow
    from blift.pipelines.stages.fetch.ask import Place, plan_of  # noqa: PLC0415 - slow: clients of the platforms

    section = request.recipe.fetch
    stage = section.stage if section else None
    if section is None or stage is None:
        raise RecipeError("The stage fetch needs `fetch.stage` in the recipe.")
    parts = posixpath.join(request.folder.path, PARTS)
    partial_files = os.path.join(tempfile.gettempdir(), f"blift-partial-{os.getuid()}")
    asked = plan_of(request.source, Place(request.folder.path, parts, partial_files, stage.lanes), Budget())
    ended = ended_items(request.folder.path)
    left = parts_of(asked.plan.items, kinds(), ended.well, stage.part)
    return Prepared(
        inputs={
            "fetch": as_json(section),
            "items": [list(item) for item in sorted(asked.plan.items)],
            "failed": [*sorted(ended.failed), ended.parts if ended.failed else 0],  # asked again in each run
            "shards": 1,
        },
        plan=partial(_plan, folder=request.folder.path, asked=asked.plan, lanes=stage.lanes, parts=left),
        warnings=partial(warnings, request.folder.path),
    )


def _plan(pipeline: beam.Pipeline, folder: str, asked: FetchPlan, lanes: int, parts: list[Part]) -> StagePlan:
    from blift.pipelines.stages.fetch.pipeline import FetchConfig, plan  # noqa: PLC0415 - imports Apache Beam

    return plan(pipeline, parts, FetchConfig(folder, asked, lanes, shards=1))


STAGE = Stage(NAME, (), _prepare, _needed)
