"""What a stage is asked to do, and the stage made ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blift.pipelines.run.folder import Manifest, RunFolder

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.recipe.file import RecipeFile
    from blift.pipelines.recipe.model import Recipe
    from blift.pipelines.run.stage import StagePlan

#: The stages of a build, in order.
STAGES = ("gather", "collect", "media", "curate", "instruct")
#: Stages after those that every build runs.
AFTER = ("release",)


@dataclass(frozen=True)
class Request:
    """What a stage is asked to do."""

    source: RecipeFile
    folder: RunFolder
    limit: int | None
    manifest: Manifest | None

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.source.recipe


@dataclass(frozen=True)
class Prepared:
    """A stage that can run.

    Attributes:
        inputs: facts that decide the result, as JSON: files or shards, sections of the recipe, digests.
        prefixes: of the shards that it writes, such as `posts/posts-`; what has such a name, it deletes first.
        plan: adds the stage to a pipeline.
        warnings: sentences on what the stage could not do, once it is done; it raises where nothing came of it, and
            then the stage is not done.
    """

    inputs: dict[str, Any]
    prefixes: tuple[str, ...]
    plan: Callable[[beam.Pipeline], StagePlan]
    warnings: Callable[[], list[str]] = list


def stages_of(recipe: Recipe) -> list[str]:
    """The stages that a recipe needs, in order."""
    left_out = {
        "gather": recipe.collect is None or recipe.collect.stage is None,
        "media": recipe.media is None,
    }
    return [name for name in STAGES if not left_out.get(name)]
