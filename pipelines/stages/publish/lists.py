"""The files that a recipe names, as a publication has them beside it."""

from __future__ import annotations

from blift.connectors.filesystem import exists, matching, read_bytes
from blift.connectors.inside import check_file
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.recipe.lists import KEPT
from blift.schemas.credentials import refuse_credentials
from blift.schemas.errors import InputError


def lists_of(folder: RunFolder, recipe_text: str) -> dict[str, bytes]:
    """The content of the files that the recipe of a run folder names there, by path.

    Raises:
        InputError: one is not there, or is a link.
        RecipeError: one holds a credential.
    """
    found: dict[str, bytes] = {}
    for named in dict.fromkeys(KEPT.findall(recipe_text)):
        below = [entry.path[len(folder.file("")) :] for entry in matching(folder.path, f"{named}/*")]
        for path in below or [named]:
            check_file(folder.path, path)
            if not exists(folder.file(path)):
                raise InputError(f"{folder.file(path)}, which the recipe names, is not there. Build again.")
            found[path] = read_bytes(folder.file(path))
            text = found[path].decode("utf-8", "replace")
            refuse_credentials(enumerate(text.split("\n"), start=1), path)
    return found
