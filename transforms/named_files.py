"""Files that a recipe names by a path relative to itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationInfo

from blift.schemas.errors import RecipeError, cut


def named_path(value: Any, info: ValidationInfo) -> Path:
    """The file of that name in the first of the validation context's ``folders`` that has it, else in the first.

    Raises:
        RecipeError: the value is no path.
    """
    if not isinstance(value, str | Path):
        raise RecipeError(f"A recipe names a file by its path, not by {cut(repr(value))}. Write the list into a file.")
    if not str(value).strip():
        raise RecipeError("The path of the file is empty. Name a file, or leave the key out.")
    folders = [Path(folder) for folder in (info.context or {}).get("folders", ["."])]
    return next((folder / value for folder in folders if os.path.lexists(folder / value)), folders[0] / value)
