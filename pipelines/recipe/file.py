"""Reading a recipe file: YAML to a checked recipe, with errors that say where and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from blift.pipelines.recipe.model import Recipe, recipe_with
from blift.pipelines.recipe.renamed import with_new_names
from blift.pipelines.recipe.rules import try_rules
from blift.pipelines.recipe.sources import Sources
from blift.pipelines.recipe.text import MAX_BYTES, read_recipe
from blift.schemas.errors import BliftError, RecipeError, cut, did_you_mean
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.transforms.rules.post_lists import READ_DATASET
from blift.transforms.rules.python_file import ALLOWED, PythonRules, RuleFile

#: Recipes that come with the package, by file name.
SHIPPED = Path(__file__).parent / "shipped"

_PYTHON: TypeAdapter[RuleFile] = TypeAdapter(PythonRules)
#: Mistakes of a recipe that are told at once, and the characters of a sentence on one.
_MOST_TOLD, _MOST_CHARACTERS = 20, 1000


@dataclass(frozen=True)
class RecipeFile:
    """A recipe, its text, and the folder from which its relative paths are taken."""

    recipe: Recipe
    text: str
    folder: Path
    notes: tuple[str, ...] = ()
    """What to tell its author, such as a key that has a new name."""

    def resolve(self, patterns: Sequence[str]) -> list[str]:
        """Patterns with relative ones taken from the recipe's folder; addresses such as gs:// stay."""
        return [pattern if "://" in pattern else str(self.folder / pattern) for pattern in patterns]


def load_recipe(name: str, *, allow_python: bool = False) -> RecipeFile:
    """The recipe in a file, or the shipped one of that name.

    Args:
        name: path of a file, or name of a shipped recipe.
        allow_python: run the Python file of rules that the recipe names; without it, such a recipe is refused.

    Raises:
        RecipeError: says the file, the line, the key, what is wrong with it and what to do.
    """
    path = _find(name)
    return parse_recipe(_read(path), path, allow_python=allow_python)


def recipe_text(name: str) -> str:
    """The text of a recipe file, or of the shipped one of that name, unchecked: files that it names may be absent.

    Raises:
        RecipeError: there is none, or it is no text.
    """
    return _read(_find(name))


def _read(path: Path) -> str:
    try:
        return read_regular_file(path, MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    except Unreadable as error:
        raise RecipeError(f"Cannot read the recipe {cut(str(path), 400)}: {error}.") from error


def parse_recipe(text: str, path: Path, *, allow_python: bool = False) -> RecipeFile:
    """The recipe in ``text``; ``path`` is named in errors, and its folder is where relative paths start.

    Raises:
        RecipeError: as ``load_recipe``.
    """
    content, node = read_recipe(text, path)
    content, notes = with_new_names(content, str(path))
    folder = path.resolve().parent
    context = {"folders": [folder, SHIPPED], ALLOWED: allow_python, READ_DATASET: _read_dataset}
    model = Recipe
    try:
        if content.get("python") is not None:
            # First, since its rules are keys of the recipe.
            own = _PYTHON.validate_python(content["python"], context=context)
            model, content = recipe_with(own.rules), {**content, "python": own}
        recipe = model.model_validate(content, context=context)
        try_rules(recipe)
    except ValidationError as error:
        raise RecipeError(*_told(error.errors(), path, node, model)) from error
    except BliftError as error:
        copy = f" Copy it to where your files are: blift recipe show {path.stem} > mine.yaml"
        said = cut(str(error), _MOST_CHARACTERS)
        raise RecipeError(f"{path}: {said}{copy if path.parent == SHIPPED else ''}") from error
    if not recipe.sources.platforms and recipe.sources.hub is None:
        recipe = recipe.model_copy(update={"sources": _own_fetch_folder(recipe, path)})
    return RecipeFile(recipe, text, folder, tuple(notes))


def _read_dataset(repo: str, revision: str | None, columns: Sequence[str]) -> Iterator[str]:
    """A column of a dataset on the Hub."""
    from blift.connectors.hub.dataset import read_column  # noqa: PLC0415 - for recipes that name one alone

    return read_column(repo, revision, columns)


def _own_fetch_folder(recipe: Recipe, path: Path) -> Sources:
    """What a recipe that names no sources reads: the fetch folder that it fills."""
    section = recipe.fetch
    if section is None or not section.platforms:
        names = ", ".join(f"`{name}`" for name in Sources.model_fields if name != "annotations")
        raise RecipeError(
            f"{path}: `sources` names none of {names}, and `fetch` asks no platform for anything; name at least one."
        )
    # A stage of the build leaves no folder that a recipe could name: its parts lie in the run folder.
    folders = [] if section.stage else [section.folder]
    models = {name: model_in(Sources.model_fields[name].annotation) for name in section.platforms}
    found: dict[str, Any] = {name: model.model_construct(fetched=folders) for name, model in models.items() if model}
    return Sources.model_construct(**found, annotations=recipe.sources.annotations)


#: Sections of a recipe that name no files.
_OF_A_RESULT = ("name", "description", "rejects", "output", "card", "publish")


def recipe_of_result(text: str, path: Path) -> RecipeFile:
    """What a recipe says of its result: name, card, publication. Sources and rules are left out, and are not needed.

    A run folder holds its recipe, but not the lists of words and channels that it may name.

    Raises:
        RecipeError: as ``load_recipe``.
    """
    content, node = read_recipe(text, path)
    kept = {key: value for key, value in content.items() if key in _OF_A_RESULT}
    try:
        recipe = Recipe.model_validate({**kept, "sources": {}})
    except ValidationError as error:
        raise RecipeError(*_told(error.errors(), path, node, Recipe)) from error
    return RecipeFile(recipe, text, path.resolve().parent)


def _find(name: str) -> Path:
    path = Path(name)
    shipped = sorted(entry.name for entry in SHIPPED.glob("*.yaml"))
    # A folder is no recipe: `make demo` leaves one that is called as a shipped recipe is.
    if os.path.lexists(path) and not (os.path.isdir(path) and f"{name}.yaml" in shipped):
        return path
    for candidate in (name, f"{name}.yaml"):
        if candidate in shipped:
            return SHIPPED / candidate
    beside = sorted(entry.name for entry in path.parent.glob("*.y*ml")) if os.path.isdir(path.parent) else []
    hint = did_you_mean(path.name, [*beside, *shipped])
    raise RecipeError(f"There is no recipe {cut(name, 400)}{hint or '.'} Shipped recipes: {', '.join(shipped)}.")


def _told(errors: Sequence[ErrorDetails], path: Path, node: yaml.Node | None, model: type[Recipe]) -> Iterator[str]:
    """A sentence for each of the first mistakes, and how many more there are."""
    for sentence in _sentences(errors[:_MOST_TOLD], path, node, model):
        yield cut(sentence, len(str(path)) + _MOST_CHARACTERS)
    if len(errors) > _MOST_TOLD:
        yield f"and {len(errors) - _MOST_TOLD:,} more mistakes."


def _sentences(
    errors: Sequence[ErrorDetails], path: Path, node: yaml.Node | None, model: type[Recipe]
) -> Iterator[str]:
    for error in errors:
        location = [part for part in error["loc"] if not str(part).startswith(("function-", "constrained-"))]
        key = ".".join(cut(str(part)) for part in location)
        where = f"{path}, line {_line(node, location)}"
        if error["type"] == "extra_forbidden":
            known = _known_keys(location[:-1], model)
            hint = did_you_mean(str(location[-1]), known) or f"; known here: {', '.join(known)}."
            yield f"{where}: unknown key `{key}`{hint}"
        elif error["type"] == "missing":
            yield f"{where}: the key `{key}` is missing; {_description(location, model)}"
        else:
            yield f"{where}: `{key}` is {cut(repr(error['input']))}: {error['msg'].removeprefix('Value error, ')}."


def _line(node: yaml.Node | None, location: Sequence[int | str]) -> int:
    """The line, 1 first, of the key that a location leads to, or of the nearest one above it."""
    line = 1
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _model_at(location: Sequence[int | str], recipe: type[Recipe]) -> type[BaseModel] | None:
    model: type[BaseModel] | None = recipe
    for part in location:
        field = model.model_fields.get(str(part)) if model else None
        model = model_in(field.annotation) if field else None
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The section that a field holds, or None where it holds a plain value."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    members = getattr(annotation, "__args__", ())
    return next((member for member in members if isinstance(member, type) and issubclass(member, BaseModel)), None)


def _known_keys(location: Sequence[int | str], recipe: type[Recipe]) -> list[str]:
    model = _model_at(location, recipe)
    return list(model.model_fields) if model else []


def _description(location: Sequence[int | str], recipe: type[Recipe]) -> str:
    model = _model_at(location[:-1], recipe)
    field = model.model_fields.get(str(location[-1])) if model else None
    return (field.description if field else None) or "add it."
