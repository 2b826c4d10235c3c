"""Baselines: every released version of a table as a JSON file that a review can read."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from blift.schemas.definition import Definition
from blift.schemas.errors import OutputError, SchemaError
from blift.schemas.regular_files import Unreadable, read_regular_file

#: Where baselines lie: one file `<table>-<version>.json` for each version of each table.
BASELINES = Path(__file__).parent / "baselines"
#: A baseline has some kilobytes.
MAX_BYTES = 4 << 20


def baseline_path(now: Definition, folder: Path = BASELINES) -> Path:
    """The file that holds a definition."""
    return folder / f"{now.table}-{now.version}.json"


def load(path: Path) -> Definition:
    """The definition in a baseline file.

    Raises:
        SchemaError: the file is missing or holds no definition, or its name says another table or version.
    """
    try:
        content = read_regular_file(path, MAX_BYTES)
    except Unreadable as error:
        raise SchemaError(f"The baseline {path.name} cannot be read: {error}. {_ADVICE}") from error
    return parse(content, path.name)


def parse(content: bytes, name: str) -> Definition:
    """The definition in the content of a baseline file of that name.

    Raises:
        SchemaError: it holds no definition, or its name says another table or version.
    """
    try:
        found = Definition.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole file"
        raise SchemaError(
            f"The baseline {name} is no definition of a table ({where}: {first['msg']}). {_ADVICE}"
        ) from error
    if name != f"{found.table}-{found.version}.json":
        raise SchemaError(f"The baseline {name} holds {found.table} {found.version}. {_ADVICE}")
    return found


_ADVICE = "Restore it from version control."


def write_baseline(now: Definition, folder: Path = BASELINES) -> Path:
    """Write a definition to its baseline, or leave the file that already says the same.

    Raises:
        SchemaError: this version has a baseline with another definition, or the baseline is damaged.
        OutputError: the file cannot be written.
    """
    path = baseline_path(now, folder)
    if path.exists():
        there = load(path)
        if there != now.stating(there.format):
            raise SchemaError(
                f"{now.table} {now.version} has a baseline with another definition, {path.name}. "
                "Raise the version of the table, and run `blift schema baseline` again."
            )
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(definition_text(now), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(
            f"Cannot write {path}: {error.strerror}. Write baselines in a checkout that you may change."
        ) from error
    return path


def definition_text(written: Definition) -> str:
    """A definition as its baseline has it."""
    content = written.model_dump(exclude_defaults=True)
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
