"""The recipe: what to read, which rules to apply, what to write. YAML, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field, create_model, model_validator

from blift.pipelines.recipe.curate import Curate, curate_with
from blift.pipelines.recipe.fetch import Fetch
from blift.pipelines.recipe.instruct import Instruct, PairMedia
from blift.pipelines.recipe.media import Media
from blift.pipelines.recipe.preferences import Prefer
from blift.pipelines.recipe.result import NAME, Card, MediaFiles, MediaShape, Output, Publish, Rejects
from blift.pipelines.recipe.sources import Sources
from blift.pipelines.recipe.stats import Stats
from blift.schemas.checked import clash
from blift.schemas.section import Section
from blift.transforms.rules import Rule
from blift.transforms.rules.python_file import PythonRules


class Recipe(Section):
    """A whole recipe."""

    name: str = Field(pattern=NAME, description="Name of the recipe: a-z, 0-9, `.`, `_`, `-`.")
    description: str = Field(default="", description="What it makes, for people.")
    python: PythonRules | None = Field(
        default=None,
        description="A Python file of rules of your own; they become keys of `curate`. Needs `--allow-python`.",
    )
    sources: Sources = Field(
        default_factory=Sources, description="Where the records come from. None: the folder of `fetch`."
    )
    fetch: Fetch | None = Field(
        default=None, description="What `blift fetch` asks the platforms for. Builds read what it left."
    )
    media: Media | None = Field(default=None, description="The media stage. Null: media are not looked at.")
    curate: Curate = Field(default_factory=Curate, description="The curate stage.")
    instruct: Instruct = Field(default_factory=Instruct, description="The instruct stage.")
    preferences: Prefer | None = Field(
        default=None, description="The prefer stage: preference pairs. Null: none are made."
    )
    stats: Stats | None = Field(
        default=None, description="The stats stage. Null: no statistics are written; `blift stats` shows them anyway."
    )
    rejects: Rejects = Field(default_factory=Rejects, description="What is written of rejected records.")
    output: Output = Field(default_factory=Output, description="How the run folder is laid out.")
    card: Card = Field(default_factory=Card, description="What the dataset card says.")
    publish: Publish = Field(default_factory=Publish, description="Publication on the HuggingFace Hub.")

    @model_validator(mode="after")
    def _look_for_files(self) -> Recipe:
        if self.media is None and self.instruct.media is PairMedia.REQUIRED:
            raise clash("instruct.media", "is required, which needs the section `media`, which finds the files; add it")
        if self.media is None and self.instruct.frames is not None:
            raise clash("instruct.frames", "needs the section `media`, which finds the videos; add it")
        if self.media is None and self.publish.media is not MediaShape.NONE:
            raise clash("publish.media", "needs the section `media`, which finds the files; add it")
        if self.publish.media is MediaShape.IN_PAIRS and self.publish.media_files is not MediaFiles.FILES:
            raise clash(
                "publish.media_files",
                "is keyframes, and pairs hold whole files (`publish.media: in_pairs`); leave out `media_files`, or set "
                "`media: embedded`",
            )
        return self

    @model_validator(mode="after")
    def _leave_comments(self) -> Recipe:
        least = dict(self.curate.samples).get("min_comments")
        tops = [self.curate.platforms[name].choose.top for name in self.sources.platforms]
        most = sum(top or 0 for top in tops)
        if least and tops and None not in tops and self.sources.hub is None and most < least:
            raise clash(
                "curate.samples.min_comments",
                f"is {least}, and `choose.top` lets {most} comments of a sample in: no sample is left; correct one of "
                "them",
            )
        return self


def recipe_with(own: Sequence[Rule]) -> type[Recipe]:
    """The model of recipes whose `curate` has keys for the rules of a Python file, too."""
    curate = curate_with(own)
    fields: dict[str, Any] = {
        "curate": (curate, Field(default_factory=curate, description=Recipe.model_fields["curate"].description))
    }
    made: type[Recipe] = create_model("Recipe", __base__=Recipe, __doc__=Recipe.__doc__, **fields)
    return made
