"""The text of a recipe: a YAML mapping, without credentials, since it is copied into run folders and published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from blift.schemas.credentials import refuse_credentials
from blift.schemas.errors import RecipeError
from blift.schemas.yaml_text import read_yaml

#: A recipe is written by hand; long lists are files of their own.
MAX_BYTES = 1 << 20


def read_recipe(text: str, path: Path) -> tuple[dict[str, Any], yaml.Node | None]:
    """The mapping that a recipe's text holds, and its nodes, which know their lines.

    Raises:
        RecipeError: it is no YAML mapping, or holds a credential, be it in a comment.
    """
    if len(text) > MAX_BYTES:
        raise RecipeError(f"{path} is no recipe: it has more than {MAX_BYTES:,} characters.")
    # First as it is written, comments included, so that no sentence on its YAML shows a credential.
    refuse_credentials(enumerate(text.split("\n"), start=1), str(path))
    found = read_yaml(text, str(path))
    refuse_credentials(found.strings(), str(path))
    if not isinstance(found.content, dict):
        raise RecipeError(f"{path} holds no recipe: a recipe is a YAML mapping that begins with `name:`.")
    return found.content, found.node
