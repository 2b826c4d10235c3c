"""From a recipe to a run of a collection: what is asked for, whom, and how fast."""

from __future__ import annotations

from connectors.web.manners import Budget
from pipelines.collection.plan import CollectPlan
from pipelines.recipe_file import RecipeFile


def plan_of(source: RecipeFile, folder: str, budget: Budget) -> CollectPlan:
    """The run that a recipe asks for."""
    return CollectPlan(folder, [], {}, None, budget)
