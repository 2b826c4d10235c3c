"""Reading what a recipe says of its result: the short way where it says it plainly, else by the recipe's models."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import msgspec

from blift.pipelines.recipe.result import PlainResult, Result, plain_result


class ResultFile(Protocol):
    """A recipe of which the result matters, and its text."""

    @property
    def recipe(self) -> Result: ...
    @property
    def text(self) -> str: ...


class PlainResultFile(msgspec.Struct, frozen=True):
    """The same, and the recipe's text."""

    recipe: PlainResult
    text: str


def result_of(text: str, path: Path) -> ResultFile:
    """What a recipe says of its result, read the short way where it says it plainly.

    Raises:
        RecipeError: says the file, the line, the key, what is wrong with it and what to do.
    """
    plain = plain_result(text)
    if plain is not None:
        return PlainResultFile(plain, text)
    from blift.pipelines.recipe.file import recipe_of_result  # noqa: PLC0415 - slow: the recipe's models

    return recipe_of_result(text, path)
