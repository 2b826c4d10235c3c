"""Where in the source a table, its version or one of its columns is defined."""

from __future__ import annotations

import ast
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from blift.schemas.definition import field_name, innermost_type


@dataclass(frozen=True)
class Place:
    """A file, relative to the working directory where it lies below it, and a line in it, 1 first."""

    file: str
    line: int


def place_of(model: type[BaseModel], column: str = "", attribute: str = "version") -> Place | None:
    """Where a column is defined, or the class where the column is gone; without a column, the ``attribute``.

    Args:
        model: the class of the table.
        column: path of the column, such as `replay[].start_s`.
        attribute: what stands for the whole table; the line of the class where it has none of that name.
    """
    owner, name = (model, attribute) if not column else _owner(model, column.split("."))
    for base in owner.__mro__:
        found = _lines(base)
        if found is not None and name in found.lines:
            return Place(found.file, found.lines[name])
    own = _lines(owner)
    return None if own is None else Place(own.file, own.first)


def _owner(model: type[BaseModel], path: list[str]) -> tuple[type[BaseModel], str]:
    """The class that has the column, and the attribute that it is; a name without one where the column is gone."""
    first = path[0].replace("[]", "")
    name = next((name for name, info in model.model_fields.items() if field_name(name, info) == first), None)
    if name is None or len(path) == 1:
        return model, name or ""
    inner = innermost_type(model.model_fields[name].annotation)
    is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
    return _owner(inner, path[1:]) if is_model else (model, name)


@dataclass(frozen=True)
class _Lines:
    file: str
    first: int
    lines: Mapping[str, int]


def _lines(owner: type) -> _Lines | None:
    """The lines of a class and of what it assigns."""
    try:
        path = inspect.getsourcefile(owner)
        with open(path or "", encoding="utf-8") as stream:
            tree = ast.parse(stream.read())
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name == owner.__name__:
            assigned = (each for each in node.body if isinstance(each, ast.AnnAssign | ast.Assign))
            lines = {name: each.lineno for each in assigned if (name := _target(each))}
            return _Lines(shown(path or ""), node.lineno, lines)
    return None


def _target(node: ast.AnnAssign | ast.Assign) -> str:
    target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
    return target.id if isinstance(target, ast.Name) else ""


def shown(path: str) -> str:
    """A path as people are shown it: relative to the working directory where it lies below it."""
    near = os.path.relpath(path)
    return path if near.startswith("..") else near
