"""The way from a command to a publication: what recipe and options wish for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blift.connectors.hub.extra import require_hub
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.recipe.result import Publish

if TYPE_CHECKING:
    from blift.pipelines.stages.publish.publish import Wish


def wish_of(section: Publish, repo: str) -> Wish:
    """What a recipe wishes for."""
    from blift.pipelines.stages.publish.publish import Wish  # noqa: PLC0415 - needs the extra

    return Wish(repo=repo, private=section.private, gated=section.gated, tag=section.tag)


def publish_as_last_stage(source: RecipeFile, folder: RunFolder, beam: BeamArguments, report: Report) -> str:
    """Publish what a build has made, as its recipe says; what to print of it.

    Raises:
        BliftError: as ``publish``.
    """
    require_hub()
    from blift.pipelines.stages.publish.publish import publish  # noqa: PLC0415 - needs the extra

    wish = wish_of(source.recipe.publish, source.recipe.publish.repo or "")
    return publish(source, folder, beam, wish, report).told(wish)
