"""The stages of a build, in order."""

from __future__ import annotations

from importlib import import_module

from blift.pipelines.engine.stage import Stage
from blift.pipelines.recipe.model import Recipe

#: The package in `blift.pipelines.stages` of each stage, in the order in which they run.
STAGES = {"gather": "fetch", "collect": "ingest", "media": "media", "curate": "curate", "instruct": "instruct"}


def stage(name: str) -> Stage:
    """The stage of this name; importing one takes a second, since it is a pipeline."""
    found: Stage = import_module(f"blift.pipelines.stages.{STAGES[name]}.stage").STAGE
    return found


def stages_of(recipe: Recipe) -> list[str]:
    """The names of the stages that a recipe needs, in order."""
    return [name for name in STAGES if stage(name).needed(recipe)]
