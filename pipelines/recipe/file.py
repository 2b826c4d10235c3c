"""Reading a recipe file: YAML to a checked recipe, with errors that say where and what to do."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from blift.connectors.filesystem import is_here, open_to_read
from blift.connectors.store_errors import sentence_on_store
from blift.pipelines.recipe.as_run import as_run, without_escapes
from blift.pipelines.recipe.lists import with_lists
from blift.pipelines.recipe.mistakes import MOST_CHARACTERS, model_in, sentences
from blift.pipelines.recipe.model import Recipe, recipe_with
from blift.pipelines.recipe.renamed import with_new_names
from blift.pipelines.recipe.rules import try_rules
from blift.pipelines.recipe.sources import Sources
from blift.pipelines.recipe.text import MAX_BYTES
from blift.schemas.errors import BliftError, RecipeError, cut, did_you_mean
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.transforms.rules.post_lists import READ_DATASET
from blift.transforms.rules.python_file import ALLOWED, PythonRules, RuleFile

#: Recipes that come with the package, by file name.
SHIPPED = Path(__file__).parent / "shipped"

_PYTHON: TypeAdapter[RuleFile] = TypeAdapter(PythonRules)


@dataclass(frozen=True)
class RecipeFile:
    """A recipe, its text as run folders keep it, and the folder, or the address of one, of its relative paths."""

    recipe: Recipe
    text: str
    folder: Path | str
    notes: tuple[str, ...] = ()
    """What to tell its author, such as a key that has a new name."""
    lists: Mapping[str, bytes] = field(default_factory=dict)
    """Content of the files that the text names, by their paths in a run folder."""

    def resolve(self, patterns: Sequence[str]) -> list[str]:
        """Patterns with relative ones taken from the recipe's folder; addresses such as gs:// stay."""
        return [posixpath.join(self.folder, pattern) if is_here(pattern) else pattern for pattern in patterns]


def load_recipe(name: str, *, allow_python: bool = False, settings: Sequence[str] = ()) -> RecipeFile:
    """The recipe in a file, or the shipped one of that name, with `${NAME}` taken from the environment.

    Args:
        settings: `key=value` each: what stands in the recipe's place of a key, or is added to it.
        name: path or address of a file, or name of a shipped recipe. Lists that a recipe at an address names are
            files of this machine, by absolute paths.
        allow_python: run the Python file of rules that the recipe names; without it, such a recipe is refused.

    Raises:
        RecipeError: says the file, the line, the key, what is wrong with it and what to do.
    """
    if not is_here(name):
        return _load_from_store(name, allow_python=allow_python, settings=settings)
    path = _find(name)
    return parse_recipe(_read(path), path, allow_python=allow_python, settings=settings)


def _load_from_store(address: str, *, allow_python: bool, settings: Sequence[str]) -> RecipeFile:
    """The recipe at an address, as if it lay in a folder of this machine that holds nothing else."""
    text, beside = _text_of(_bytes_at(address), address), posixpath.dirname(address)
    with tempfile.TemporaryDirectory(prefix="blift-") as folder:
        try:
            path = Path(folder, posixpath.basename(address))
            found = parse_recipe(text, path, allow_python=allow_python, settings=settings)
        except RecipeError as error:
            raise RecipeError(*(str(said).replace(folder, beside) for said in error.args)) from error
    return replace(found, folder=beside, notes=tuple(note.replace(folder, beside) for note in found.notes))


def recipe_text(name: str) -> str:
    """The text of a recipe file, or of the shipped one of that name, unchecked: files that it names may be absent.

    Raises:
        RecipeError: there is none, or it is no text.
    """
    return _read(_find(name)) if is_here(name) else _text_of(_bytes_at(name), name)


def _bytes_at(address: str) -> bytes:
    try:
        with open_to_read(address) as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        said = sentence_on_store(error) or f"Cannot read the recipe {address}: {error.strerror or error}."
        raise RecipeError(said) from error
    if len(content) > MAX_BYTES:
        raise RecipeError(f"{address} has more than {MAX_BYTES} bytes, and is no recipe.")
    return content


def _read(path: Path) -> str:
    try:
        return _text_of(read_regular_file(path, MAX_BYTES), str(path))
    except Unreadable as error:
        raise RecipeError(f"Cannot read the recipe {cut(str(path), 400)}: {error}.") from error


def _text_of(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError(f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error


def parse_recipe(text: str, path: Path, *, allow_python: bool = False, settings: Sequence[str] = ()) -> RecipeFile:
    """The recipe in ``text``; ``path`` is named in errors, and its folder is where relative paths start.

    Raises:
        RecipeError: as ``load_recipe``.
    """
    read = as_run(text, path, settings, os.environ)
    content, notes = with_new_names(read.content, str(path))
    folder = path.resolve().parent
    context: dict[str, Any] = {"folders": [folder, SHIPPED], ALLOWED: allow_python, READ_DATASET: _read_dataset}
    model = Recipe
    try:
        if content.get("python") is not None:
            # First, since its rules are keys of the recipe.
            own = _PYTHON.validate_python(content["python"], context=context)
            model, content = recipe_with(own.rules), {**content, "python": own}
        recipe = model.model_validate(content, context=context)
        try_rules(recipe)
    except ValidationError as error:
        raise RecipeError(*sentences(error.errors(), path, read.node, model, _copy(path))) from error
    except BliftError as error:
        raise RecipeError(f"{path}: {cut(str(error), MOST_CHARACTERS)}{_copy(path)}") from error
    if not recipe.sources.platforms and recipe.sources.hub is None:
        recipe = recipe.model_copy(update={"sources": _own_fetch_folder(recipe, path)})
    kept = with_lists(read.text, path, recipe, context["folders"])
    return RecipeFile(recipe, kept.text, folder, (*read.notes, *notes, *kept.notes), kept.files)


def _copy(path: Path) -> str:
    """What helps where a shipped recipe lacks a file: it looks for files beside itself."""
    copy = f" Copy it to where your files are: blift recipe show {path.stem} > mine.yaml"
    return copy if path.parent == SHIPPED else ""


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


#: Sections of a recipe whose files are not opened when it is read.
_OF_A_RESULT = ("name", "description", "media", "rejects", "output", "card", "publish")


def recipe_of_result(text: str, path: Path) -> RecipeFile:
    """What a recipe says of its result: name, card, publication. Sources and rules are left out, and are not needed.

    A run folder holds its recipe, but not the lists of words and channels that it may name.

    Raises:
        RecipeError: as ``load_recipe``.
    """
    read = without_escapes(text, path)
    kept = {key: value for key, value in read.content.items() if key in _OF_A_RESULT}
    try:
        recipe = Recipe.model_validate({**kept, "sources": {}})
    except ValidationError as error:
        raise RecipeError(*sentences(error.errors(), path, read.node, Recipe)) from error
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
