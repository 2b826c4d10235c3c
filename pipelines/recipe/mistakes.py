"""Sentences on the mistakes of a recipe: file, line, key, what is wrong with it and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from blift.pipelines.recipe.as_run import place_in
from blift.schemas.checked import CLASH, TOLD, as_written, mistake
from blift.schemas.counted import counted
from blift.schemas.errors import cut, did_you_mean

#: Mistakes that are told at once, and the characters of a sentence on one.
_MOST_TOLD, MOST_CHARACTERS = 20, 1000
#: What pydantic puts into a location beside keys and places.
_OF_PYDANTIC = ("function-", "constrained-", "literal[")


def sentences(
    errors: Sequence[ErrorDetails], path: Path, node: yaml.Node | None, model: type[BaseModel], copy: str = ""
) -> Iterator[str]:
    """A sentence for each of the first mistakes of a file, and how many more there are.

    Args:
        copy: what to do where a file that is named cannot be read, beyond what the sentence on it says.
    """
    for _, of_key in groupby(errors[:_MOST_TOLD], key=_location):
        yield cut(_sentence(list(of_key), path, node, model, copy), len(str(path)) + MOST_CHARACTERS)
    if len(errors) > _MOST_TOLD:
        more = len(errors) - _MOST_TOLD
        yield f"and {counted(more, 'more mistake')}."


def _location(error: ErrorDetails) -> list[int | str]:
    """Where a mistake is; what pydantic adds of its own is left out."""
    own = [part for part in error["loc"] if not str(part).startswith(_OF_PYDANTIC)]
    at = str(error.get("ctx", {}).get("at", "")) if error["type"] == CLASH else ""
    return [*own, *(at.split(".") if at else [])]


def _sentence(
    errors: Sequence[ErrorDetails], path: Path, node: yaml.Node | None, model: type[BaseModel], copy: str
) -> str:
    """What is wrong with one key: of a value that may be of several types, what each of them asks for."""
    kind, location = errors[0]["type"], _location(errors[0])
    key = ".".join(cut(str(part)) for part in location)
    where = _place(path, node, location)
    if kind == "extra_forbidden":
        known = _known_keys(location[:-1], model)
        hint = did_you_mean(str(location[-1]), known) or f"; known here: {', '.join(known)}."
        return f"{where}: unknown key `{key}`{hint}"
    if kind == "missing":
        return f"{where}: the key `{key}` is missing; {_description(location, model)}"
    value = cut(as_written(errors[0]["input"]))
    said = ", or ".join(dict.fromkeys(mistake(each) for each in errors))
    if kind == "string_pattern_mismatch" and isinstance(location[-1], str):
        said = f"it is not of the form that is asked for: {_description(location, model).removesuffix('.')}"
    if kind == CLASH:
        return f"{where}: `{key}` {said}."
    if kind == TOLD or isinstance(errors[0]["input"], Mapping):
        return f"{where}: `{key}`: {said}.{copy if kind == TOLD else ''}"
    return f"{where}: `{key}` is {value}: {said}."


def _place(path: Path, node: yaml.Node | None, location: Sequence[int | str]) -> str:
    """Where the key stands that a location leads to, or the nearest one above it: file and line, or the option."""
    place = f"{path}, line 1"
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            place, node = place_in(path, found[0]), found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            place = place_in(path, node)
    return place


def _model_at(location: Sequence[int | str], recipe: type[BaseModel]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = recipe
    for part in (part for part in location if not isinstance(part, int)):  # a place in a list of models
        field = model.model_fields.get(str(part)) if model else None
        model = model_in(field.annotation) if field else None
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, or None where it holds a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    members = getattr(annotation, "__args__", ())
    return next((member for member in members if isinstance(member, type) and issubclass(member, BaseModel)), None)


def _known_keys(location: Sequence[int | str], recipe: type[BaseModel]) -> list[str]:
    model = _model_at(location, recipe)
    return list(model.model_fields) if model else []


def _description(location: Sequence[int | str], recipe: type[BaseModel]) -> str:
    model = _model_at(location[:-1], recipe)
    field = model.model_fields.get(str(location[-1])) if model else None
    return (field.description if field else None) or "add it."
