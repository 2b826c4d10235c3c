"""The stages of a build, in order."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from blift.pipelines.engine.stage import Stage
from blift.pipelines.recipe.model import Recipe

#: In the order in which they run; each is the package of that name in `blift.pipelines.stages`.
STAGES = ("fetch", "ingest", "media", "curate", "annotate", "instruct", "prefer", "stats")


def stage(name: str) -> Stage:
    """The stage of this name; importing one takes a second, since it is a pipeline."""
    found: Stage = import_module(f"blift.pipelines.stages.{name}.stage").STAGE
    return found


def stages_of(recipe: Recipe) -> list[str]:
    """The names of the stages that a recipe needs, in order."""
    return [name for name in STAGES if stage(name).needed(recipe)]


def named_in(content: Mapping[str, Any]) -> list[str]:
    """The names of the stages that the text of a recipe asks for, in order, whatever else is in it.

    A run folder holds its recipe without the lists that it may name, so that it cannot be checked as a whole.
    """
    fetch, sources = content.get("fetch"), content.get("sources")
    asked = {
        "fetch": isinstance(fetch, dict) and fetch.get("stage") is not None,
        "annotate": isinstance(sources, dict) and bool(sources.get("annotations")),
        "media": content.get("media") is not None,
        "prefer": content.get("preferences") is not None,
        "stats": content.get("stats") is not None,
    }
    return [name for name in STAGES if asked.get(name, True)]
