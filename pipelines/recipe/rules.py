"""The rules that a recipe turns on, as the transforms take them."""

from __future__ import annotations

from typing import Any

from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.section import Section
from blift.schemas.parts import MediaKind
from blift.schemas.platform import Platform


def post_rules(recipe: Recipe) -> dict[Platform, dict[str, Any]]:
    """The options of rules for posts, by platform."""
    return {
        Platform.REDDIT: _only_with_media(recipe.curate.reddit.posts),
        Platform.YOUTUBE: _only_with_media(recipe.curate.youtube.posts),
    }


def _only_with_media(rules: Section) -> dict[str, Any]:
    """The knobs of rules for posts; a recipe that names no kinds takes all, since a sample is of some media."""
    knobs = dict(rules)
    return {**knobs, "media_kinds": list(MediaKind) if knobs["media_kinds"] is None else knobs["media_kinds"]}


def only_with_text(rules: Section) -> dict[str, Any]:
    """The knobs of rules for comments; at least one word, since what says nothing is no comment of a sample."""
    knobs = dict(rules)
    return {**knobs, "min_words": max(1, knobs["min_words"] or 1)}
