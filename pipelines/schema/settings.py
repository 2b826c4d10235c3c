"""The settings of the schema gate: `[tool.blift.schema]` of a pyproject.toml."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

from blift.schemas.errors import InputError, did_you_mean
from blift.schemas.policy import Exemption, Mode, Policy
from blift.schemas.regular_files import Unreadable, read_regular_file
from blift.schemas.rule_list import RULES

_SECTION = "tool.blift.schema"
_MAX_BYTES = 4 << 20
_KEYS = ("mode", "modes", "exceptions")
_OF_EXCEPTION = ("rule", "until", "table", "column", "reason")


def read_policy(path: Path | None) -> Policy:
    """The policy that a file asks for; the default one where it has no such section.

    Args:
        path: of the file; None for the pyproject.toml of the working directory, if there is one.

    Raises:
        InputError: the file cannot be read or is no TOML, or the section has something that the gate does not know.
    """
    if path is None:
        path = Path("pyproject.toml")
        if not path.exists():
            return Policy()
    try:
        content = tomllib.loads(read_regular_file(path, _MAX_BYTES).decode("utf-8"))
    except (Unreadable, ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise InputError(f"{path} cannot be read: {why}.") from error
    try:
        section = content
        for name in _SECTION.split("."):
            section = _table(section.get(name, {}), "it")
        return _policy(section)
    except InputError as error:
        raise InputError(f"[{_SECTION}] of {path}: {error}") from error


def _policy(section: dict[str, Any]) -> Policy:
    _only(section, _KEYS)
    modes = _table(section.get("modes", {}), "`modes`")
    exceptions = section.get("exceptions", [])
    if not isinstance(exceptions, list):
        raise InputError("`exceptions` must be tables: write [[tool.blift.schema.exceptions]] before each.")
    return Policy(
        mode=_mode(section.get("mode", Mode.BACKWARD.value)),
        modes={name: _mode(word) for name, word in modes.items()},
        exceptions=tuple(_exception(_table(each, "an exception")) for each in exceptions),
    )


def _table(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{what} must be a table, and is {value!r}.")
    return value


def _only(section: dict[str, Any], keys: tuple[str, ...]) -> None:
    for key in section:
        if key not in keys:
            raise InputError(f"there is no {key!r}{did_you_mean(key, keys) or '.'} Known: {', '.join(keys)}.")


def _mode(word: Any) -> Mode:
    try:
        return Mode(word)
    except ValueError:
        raise InputError(f"{word!r} is no mode. Modes: {', '.join(Mode)}.") from None


def _exception(entry: dict[str, Any]) -> Exemption:
    _only(entry, _OF_EXCEPTION)
    rule, until = entry.get("rule"), entry.get("until")
    ids = [each.id for each in RULES]
    if rule not in ids:
        raise InputError(f"an exception is for the rule {rule!r}{did_you_mean(str(rule), ids) or ', which is none.'}")
    if not isinstance(until, date) or isinstance(until, datetime):
        raise InputError(f"the exception for {rule} needs its last day, such as `until = 2027-01-31`.")
    for key in ("table", "column", "reason"):
        if not isinstance(entry.get(key, ""), str):
            raise InputError(f"{key!r} of the exception for {rule} must be a string, and is {entry[key]!r}.")
    return Exemption(rule, until, entry.get("table"), entry.get("column"))
