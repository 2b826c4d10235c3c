"""Libraries that only some recipes need: imported when they are used, with a sentence where they are absent."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from blift.schemas.errors import RecipeError


def require(module: str, extra: str, purpose: str) -> Any:
    """The module, imported now.

    Raises:
        RecipeError: it is not installed; says which extra of blift has it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise RecipeError(
            f"{purpose} needs {module}, which cannot be imported ({error}). "
            f"Install it with `pip install blift[{extra}]`."
        ) from error
