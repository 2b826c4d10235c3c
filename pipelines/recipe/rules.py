"""The rules that a recipe turns on, as the transforms take them: options by name of the platform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from blift.pipelines.recipe.model import Recipe
from blift.schemas.parts import MediaKind
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import Tally
from blift.transforms.growth import with_growth
from blift.transforms.judge import RuleBook, judge_posts
from blift.transforms.measured import MEASURED, UNITED
from blift.transforms.reactions import with_marks
from blift.transforms.rules import RecordKind, apply_rules
from blift.transforms.rules.registry import checks
from blift.transforms.selection import Selection
from blift.transforms.tables import frame
from blift.transforms.unite import over_time, unite


def post_rules(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The options of rules for posts; a recipe that names no kinds of media takes all, since a sample is of some."""
    return {name: only_with_media(dict(rules.posts)) for name, rules in recipe.curate.platforms.items()}


def comment_rules(recipe: Recipe) -> dict[str, dict[str, Any]]:
    """The options of rules for comments; at least one word, since what says nothing is no comment of a sample."""
    return {name: only_with_text(dict(rules.comments)) for name, rules in recipe.curate.platforms.items()}


def python_rules(recipe: Recipe) -> dict[str, Any]:
    """What decides the result where a recipe has rules of its own: name and sha256 of their file."""
    return {"python": recipe.python.as_json()} if recipe.python else {}


def try_rules(recipe: Recipe) -> None:
    """Apply the rules of the recipe's own to tables without rows, so that a mistake shows before anything runs.

    Raises:
        RecipeError: names the rule.
    """
    if recipe.python is None:
        return
    posts, comments = (frame(SCHEMAS[table].empty_table()) for table in ("post", "comment"))
    comments = comments.with_columns(media_key=pl.lit(None, dtype=pl.String))
    rules = RuleBook.of(post_rules(recipe), comment_rules(recipe), (), recipe.python).rules
    for (record, _), found in rules.items():
        apply_rules(posts if record is RecordKind.POST else comments, found)
    kept = judge_posts(posts, RuleBook({}, ()), Tally("")).with_united_media(frame(UNITED.empty_table())).kept
    samples = unite(kept, comments, frame(MEASURED.empty_table()))
    samples = over_time(samples, with_growth(kept), with_marks(comments, kept), recipe.curate.reactions.lags())
    apply_rules(samples, checks(RecordKind.SAMPLE, None, dict(recipe.curate.samples), own=recipe.python.rules))


def selections(recipe: Recipe) -> dict[str, Selection]:
    """How comments are chosen."""
    return {name: rules.choose.selection() for name, rules in recipe.curate.platforms.items()}


def only_with_media(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of rules for posts; where they name no kinds of media, those of all kinds pass."""
    return {**options, "media_kinds": list(MediaKind) if options["media_kinds"] is None else options["media_kinds"]}


def only_with_text(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of rules for comments, which have a word at least."""
    return {**options, "min_words": max(1, options["min_words"] or 1)}
