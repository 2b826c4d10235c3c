"""The files that a recipe names, such as lists of words, as they lie beside it in a run folder."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel

from blift.schemas.errors import RecipeError, cut
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.schemas.yaml_text import read_yaml
from blift.transforms.rules.options import BUILTIN, Ids, Words
from blift.transforms.rules.post_lists import PostList
from blift.transforms.rules.python_file import RuleFile
from blift.transforms.templates import Template
from blift.transforms.templates.template import shipped, template_files

#: Where these files lie in a run folder.
FOLDER = "lists"
#: Of the sha256 of a file, what stands before its name.
_DIGITS = 16
#: Such a file, or a folder of templates, in the text of a recipe, and as the beginning of a path.
KEPT = re.compile(rf"{FOLDER}/[0-9a-f]{{{_DIGITS}}}-[A-Za-z0-9._-]+")
_OTHER = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_NAME, _MOST_BYTES = 80, 1 << 30


@dataclass(frozen=True)
class KeptRecipe:
    """A recipe as a run folder keeps it.

    Attributes:
        text: which names files of ``FOLDER``.
        files: their content, by path in the run folder.
        notes: on files that are not kept.
    """

    text: str
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def with_lists(text: str, path: Path, recipe: BaseModel, folders: Sequence[Path]) -> KeptRecipe:
    """A recipe with the files that it names beside it: lists of words, ids and channels, templates, a file of rules.

    Files outside the recipe's folder stay where they are: who builds the recipe of a stranger does not hand on files
    that this names.

    Args:
        text: that ``recipe`` was read from.
        folders: in which the files were looked for: that of the recipe, and that of shipped ones.

    Raises:
        RecipeError: a file cannot be read any more.
    """
    files: dict[str, bytes] = {}
    edits, notes = [], []
    for scalar in _names(recipe, read_yaml(text, str(path)).node):
        named = str(scalar.value).replace("$${", "${")
        source = next((found for folder in folders if (found := _inside(folder, named)) is not None), None)
        if source is None:
            notes.append(
                f"{path}: {cut(named, 200)} is not below the recipe's folder, and is not copied to run folders."
            )
            continue
        kept, content = _kept(source)
        files |= content
        edits.append((scalar.start_mark.index, scalar.end_mark.index, kept))
    for start, end, kept in sorted(edits, reverse=True):
        text = text[:start] + kept + text[end:]
    return KeptRecipe(text, files, tuple(notes))


def _names(section: BaseModel, node: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """The parts of a recipe's text that name a file."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value not in type(section).model_fields:
            continue
        match getattr(section, key.value):
            case Words(name=name) if name == BUILTIN:
                continue
            case Words() | Ids() | PostList() | RuleFile():
                yield from _paths(value)
            case [Template(), *_] if isinstance(value, yaml.SequenceNode):
                yield from (item for item in value.value if item.value not in shipped())
            case BaseModel() as part:
                yield from _names(part, value)


def _paths(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """The path itself, or that of a mapping; a dataset on the Hub has none."""
    if isinstance(node, yaml.MappingNode):
        yield from (value for key, value in node.value if key.value == "path" and isinstance(value, yaml.ScalarNode))
    elif isinstance(node, yaml.ScalarNode):
        yield node


def _inside(folder: Path, named: str) -> Path | None:
    """The file or folder of that name below a folder, links followed; None where it is not there, or elsewhere."""
    found = folder / named
    if not os.path.lexists(found) or os.path.isabs(named):
        return None
    return found if found.resolve().is_relative_to(folder.resolve()) else None


def _kept(source: Path) -> tuple[str, dict[str, bytes]]:
    """The path of a file or of a folder of templates in a run folder, by its content, and the files there."""
    if not source.is_dir():
        content = _content(source)
        kept = _by_content(source.name, hashlib.sha256(content).hexdigest())
        return kept, {kept: content}
    files = {_OTHER.sub("_", file.name): _content(file) for file in template_files(source)}
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    kept = _by_content(source.name, digest.hexdigest())
    return kept, {posixpath.join(kept, name): content for name, content in files.items()}


def _by_content(name: str, digest: str) -> str:
    """`lists/<digest>-<name>`; a copy of a copy has the same name."""
    beginning = f"{digest[:_DIGITS]}-"
    return f"{FOLDER}/{beginning}{_OTHER.sub('_', name.removeprefix(beginning))[-_MOST_NAME:]}"


def _content(path: Path) -> bytes:
    try:
        return read_regular_file(path, _MOST_BYTES)
    except Unreadable as error:
        raise RecipeError(f"Cannot read {cut(str(path), 400)}: {error}.") from error
