"""The way from a command to a publication: what recipe and options wish for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blift.pipelines.recipe.result import Publish

if TYPE_CHECKING:
    from blift.pipelines.stages.publish.publish import Wish


def wish_of(section: Publish, repo: str) -> Wish:
    """What a recipe wishes for."""
    from blift.pipelines.stages.publish.publish import Wish  # noqa: PLC0415 - needs the extra

    return Wish(repo=repo, space=section.space, private=section.private, gated=section.gated, tag=section.tag)
