"""What the stats stage needs: the tables of the dataset, a tokenizer, and the dataset that it is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from blift.connectors.shard import Shard
from blift.connectors.tokenizer import TokenizerFile, tokenizer_file
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json
from blift.pipelines.engine.statistics import PREFIX, read_statistics
from blift.pipelines.engine.versions import is_run_folder
from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.stats import Limit, Stats
from blift.pipelines.stages.stats.limits import check_limits
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import InputError

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan
    from blift.pipelines.stages.stats.sides import Side


def _needed(recipe: Recipe) -> bool:
    return recipe.stats is not None


def _prepare(request: Request) -> Prepared:
    from blift.pipelines.stages.stats.sides import run_side, side_of  # noqa: PLC0415 - slow

    section = request.recipe.stats or Stats()
    if request.manifest is None or not request.manifest.stages:
        raise InputError(f"{request.folder.path} has nothing to describe. Build the dataset first.")
    now = run_side(request.folder, request.manifest, section.tables)
    then = side_of(_resolved(request, section.against), section.tables) if section.against else None
    named = section.tokenizer
    tokenizer = tokenizer_file(named, request.source.resolve([named])[0]) if named else None
    return Prepared(
        inputs={
            "shards": dict(now.decides),
            "dataset": [now.name.name, now.name.fingerprint],
            "against": dict(then.decides) if then else None,
            "tokenizer": tokenizer.sha256 if tokenizer else None,
            "stats": as_json(section),
        },
        plan=partial(_plan, folder=request.folder.path, now=now, then=then, tokenizer=tokenizer),
        check=partial(_check, folder=request.folder, limits=section.limits),
    )


def _plan(
    pipeline: beam.Pipeline, folder: str, now: Side, then: Side | None, tokenizer: TokenizerFile | None
) -> StagePlan:
    from blift.pipelines.stages.stats.pipeline import StatsConfig, plan  # noqa: PLC0415 - imports Apache Beam

    return plan(pipeline, StatsConfig(folder, now, then, tokenizer))


def _resolved(request: Request, against: str) -> str:
    """A folder beside the recipe, or else what is on the Hub."""
    beside = request.source.resolve([against])[0]
    return beside if is_run_folder(beside) else against


def _check(shards: Sequence[Shard], folder: RunFolder, limits: Sequence[Limit]) -> None:
    for shard in shards:
        check_limits(read_statistics(folder, shard), limits)


STAGE = Stage(
    "stats",
    (PREFIX,),
    _prepare,
    _needed,
    tuple(dict.fromkeys(table for _, _, table in CONFIGS)),
)
