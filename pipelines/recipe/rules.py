"""The rules that a recipe turns on, as the transforms take them: options by name of the platform."""

from __future__ import annotations

from typing import Any

from blift.pipelines.recipe.model import Recipe
from blift.pipelines.recipe.section import Section
from blift.schemas.parts import MediaKind
from blift.transforms.selection import Selection


def post_rules(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The options of rules for posts; a recipe that names no kinds of media takes all, since a sample is of some."""
    return {name: _only_with_media(rules.posts) for name, rules in recipe.curate.platforms.items()}


def comment_rules(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The options of rules for comments; at least one word, since what says nothing is no comment of a sample."""
    return {name: _only_with_text(rules.comments) for name, rules in recipe.curate.platforms.items()}


def selections(recipe: Recipe) -> dict[str, Selection]:
    """How comments are chosen."""
    return {name: rules.choose.selection() for name, rules in recipe.curate.platforms.items()}


def _only_with_media(rules: Section) -> dict[str, Any]:
    options = dict(rules)
    return {**options, "media_kinds": list(MediaKind) if options["media_kinds"] is None else options["media_kinds"]}


def _only_with_text(rules: Section) -> dict[str, Any]:
    options = dict(rules)
    return {**options, "min_words": max(1, options["min_words"] or 1)}
