"""Keys of a recipe that had other names in earlier versions: they still work, and a note names the new ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blift.schemas.errors import RecipeError

_SECTIONS = {"collect": "fetch"}
_OF_A_SOURCE = {"collections": "fetched"}
#: Stages that had other names; `collect` read archives, and `gather` asked the platforms.
STAGES = {"collect": "ingest", "gather": "fetch"}


def with_new_names(content: Mapping[str, Any], path: str) -> tuple[dict[str, Any], list[str]]:
    """The recipe with today's keys, and a note on each key that has a new name.

    Raises:
        RecipeError: a key stands there under both names.
    """
    notes: list[str] = []
    renamed = _renamed(content, _SECTIONS, "", path, notes)
    sources = renamed.get("sources")
    if isinstance(sources, Mapping):
        renamed["sources"] = {
            name: _renamed(source, _OF_A_SOURCE, f"sources.{name}.", path, notes)
            if isinstance(source, Mapping)
            else source
            for name, source in sources.items()
        }
    return renamed, notes


def _renamed(
    section: Mapping[str, Any], names: Mapping[str, str], place: str, path: str, notes: list[str]
) -> dict[str, Any]:
    for old, new in names.items():
        if old in section and new in section:
            raise RecipeError(f"{path}: `{place}{old}` is the old name of `{place}{new}`. Keep the new one alone.")
        if old in section:
            notes.append(f"{path}: `{place}{old}` is now called `{place}{new}`; the old name still works.")
    return {names.get(key, key): value for key, value in section.items()}
