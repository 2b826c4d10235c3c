"""The stages of a build, in order."""

from __future__ import annotations

from importlib import import_module

from blift.pipelines.engine.stage import Stage
from blift.pipelines.recipe.model import Recipe

#: In the order in which they run; each is the package of that name in `blift.pipelines.stages`.
STAGES = ("fetch", "ingest", "media", "curate", "instruct")


def stage(name: str) -> Stage:
    """The stage of this name; importing one takes a second, since it is a pipeline."""
    found: Stage = import_module(f"blift.pipelines.stages.{name}.stage").STAGE
    return found


def stages_of(recipe: Recipe) -> list[str]:
    """The names of the stages that a recipe needs, in order."""
    return [name for name in STAGES if stage(name).needed(recipe)]
