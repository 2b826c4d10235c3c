"""Rules in a Python file that a recipe names: read once, and run again from its text on every worker.

The text travels to workers as data, so that they need no file, no installed package and no pickled function. Running it
is running what its author wrote: a recipe names such a file in vain unless the caller allows it.
"""

from __future__ import annotations

import hashlib
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.abc import InspectLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Annotated, Any, get_args

from pydantic import PlainSerializer, PlainValidator, TypeAdapter, ValidationInfo, WithJsonSchema
from pydantic.errors import PydanticUserError

from blift.schemas.errors import RecipeError, cut, did_you_mean
from blift.schemas.platform import platforms
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.transforms.named_files import named_path
from blift.transforms.rules.registry import RULES, Rule, all_rules

#: A file of rules is written by hand.
MAX_BYTES = 256 << 10
#: What the validation context says where the caller allows a recipe to run Python.
ALLOWED = "allow_python"


@dataclass(frozen=True)
class RuleFile:
    """A Python file of rules.

    Attributes:
        name: as the recipe names it.
        source: its text.
    """

    name: str
    source: str

    @property
    def sha256(self) -> str:
        """Digest of the text, 64 hex digits."""
        return hashlib.sha256(self.source.encode()).hexdigest()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order in which they are written.

        Raises:
            RecipeError: says what is wrong with the file, and the line where it is known.
        """
        return _rules_of(self)

    def as_json(self) -> dict[str, str]:
        """What decides results: name and digest."""
        return {"name": self.name, "sha256": self.sha256}


def read_rule_file(path: Path, name: str | None = None) -> RuleFile:
    """The rules in a file; its code is run, and its rules are checked.

    Args:
        path: of the file.
        name: as it is called in sentences and fingerprints; None for the path.

    Raises:
        RecipeError: it cannot be read, raises an error, or holds no rule that can be used.
    """
    shown = cut(name or str(path), 400)
    try:
        source = read_regular_file(path, MAX_BYTES).decode("utf-8")
    except Unreadable as error:
        raise RecipeError(f"Cannot read the rules in {shown}: {error}.") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{shown} is not UTF-8 text (byte {error.start}); save it as UTF-8.") from error
    found = RuleFile(shown, source)
    _check(found)
    return found


class _Text(InspectLoader):
    """Loads a module from a text."""

    def __init__(self, file: RuleFile) -> None:
        self._file = file

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 - one loader loads one module
        return self._file.source

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_source(fullname), self._file.name)


@cache
def _rules_of(file: RuleFile) -> tuple[Rule, ...]:
    module = _module(file)
    return tuple(replace(entry, file=file.name) for entry in vars(module).get(RULES, ()))


def _module(file: RuleFile) -> ModuleType:
    """The module that the text makes, under a name that no other file has."""
    spec = spec_from_loader(f"blift_rules_{file.sha256[:16]}", _Text(file))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[module.__name__] = module  # where Python looks for the types of dataclasses
    try:
        spec.loader.exec_module(module)
    except RecipeError as error:
        raise RecipeError(f"{file.name}{_line(error, file)}: {error}") from error
    except (Exception, SystemExit) as error:
        said = error.msg if isinstance(error, SyntaxError) else " ".join(str(error).split())
        raise RecipeError(f"{file.name}{_line(error, file)}: {type(error).__name__}: {cut(said, 400)}.") from error
    return module


def _line(error: BaseException, file: RuleFile) -> str:
    """Where in the file an error arose, as a part of a sentence."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file.name]
    at = error.lineno if isinstance(error, SyntaxError) and error.filename == file.name else (lines or [None])[-1]
    return f", line {at}" if at else ""


def _check(file: RuleFile) -> None:
    """Refuse what could not be used.

    Raises:
        RecipeError: says which rule, and what to do.
    """
    if not file.rules:
        raise RecipeError(f"{file.name} holds no rules: write a function with `@blift.rule(...)`. See docs/rules.md.")
    known = {(entry.record, entry.name) for entry in all_rules()}
    for (record, name), count in Counter((entry.record, entry.name) for entry in file.rules).items():
        if count > 1 or (record, name) in known:
            whose = "twice" if count > 1 else "and blift has a rule of that name"
            raise RecipeError(f"{file.name} has the rule `{name}` for a {record}, {whose}. Choose another name.")
    stated = sorted({column for row in platforms().values() for column in row.states})
    for entry in file.rules:
        if entry.stage != "curate":
            raise RecipeError(f"The rule `{entry.name}` of {file.name} is for {entry.stage}; leave `stage` out.")
        if entry.of is not None and entry.of not in stated:
            hint = did_you_mean(entry.of, stated) or "."
            raise RecipeError(
                f"The rule `{entry.name}` of {file.name} is for platforms that state {entry.of!r}{hint} "
                f"Columns that platforms may not state: {', '.join(stated)}."
            )
        _check_option(entry)


def _check_option(entry: Rule) -> None:
    try:
        TypeAdapter(entry.option)
    except PydanticUserError as error:
        raise RecipeError(
            f"The option of the rule `{entry.name}` of {entry.file} has the type {entry.option}, which no recipe can "
            "state. Use numbers, strings, booleans, dates, and lists and mappings of them."
        ) from error
    # Its values travel to workers, which find no module of that name.
    if any(getattr(part, "__module__", "") == entry.build.__module__ for part in _parts(entry.option)):
        raise RecipeError(
            f"The option of the rule `{entry.name}` of {entry.file} has a type of that file. Use numbers, strings, "
            "booleans, dates, and lists and mappings of them."
        )


def _parts(kind: Any) -> Iterator[Any]:
    """A type and the types in it."""
    yield kind
    for part in get_args(kind):
        yield from _parts(part)


def _named(value: Any, info: ValidationInfo) -> RuleFile:
    if isinstance(value, RuleFile):
        return value
    path = named_path(value, info)
    if not (info.context or {}).get(ALLOWED):
        raise RecipeError(
            f"`python` runs the code in {cut(str(value), 400)}, which can do all that you can. Read that file, and add "
            "--allow-python if you trust it."
        )
    return read_rule_file(path, str(value))


#: The path of a Python file of rules.
PythonRules = Annotated[
    RuleFile, PlainValidator(_named), PlainSerializer(RuleFile.as_json), WithJsonSchema({"type": "string"})
]
