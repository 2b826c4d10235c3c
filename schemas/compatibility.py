"""What a change of a table means for who reads it, and whether its version says so."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blift.schemas.errors import SchemaError
from blift.schemas.freeze import FROZEN, Column, Definition, definition, frozen_path, load
from blift.schemas.level import Level
from blift.schemas.record import Record


@dataclass(frozen=True)
class Change:
    """One difference between two definitions, as a sentence, and what it asks of the version."""

    level: Level
    sentence: str

    @property
    def breaking(self) -> bool:
        """Whether a reader of one version may fail on the other."""
        return self.level is Level.MAJOR


def changes(old: Definition, new: Definition) -> list[Change]:
    """What differs between two definitions of one table; versions are not compared.

    Empty if and only if the columns are the same.
    """
    return list(_changes(old.fields, new.fields, ""))


def _changes(old: Sequence[Column], new: Sequence[Column], prefix: str) -> Iterator[Change]:
    before, after = {column.name: column for column in old}, {column.name: column for column in new}
    added = {name: column for name, column in after.items() if name not in before}
    for name, column in before.items():
        if name in after:
            yield from _column_changes(column, after[name], f"{prefix}{name}")
            continue
        heir = next((other for other in added.values() if _same_but_name(column, other)), None)
        if heir is None:
            yield Change(Level.MAJOR, f"`{prefix}{name}` was removed.")
        else:
            del added[heir.name]
            yield Change(Level.MAJOR, f"`{prefix}{name}` was renamed to `{prefix}{heir.name}`.")
    for column in added.values():
        yield _addition(column, f"{prefix}{column.name}")
    if [name for name in before if name in after] != [name for name in after if name in before]:
        # Arrow casts structs by name, and so does `conform`: order means nothing to a reader.
        place = f"The members of `{prefix.rstrip('.')}`" if prefix else "The columns"
        yield Change(Level.MINOR, f"{place} were put in another order.")


def _same_but_name(one: Column, other: Column) -> bool:
    return one.model_copy(update={"name": other.name}) == other


def _addition(column: Column, path: str) -> Change:
    if column.nullable:
        return Change(Level.MINOR, f"`{path}` was added, nullable.")
    if column.is_list:
        return Change(Level.MINOR, f"`{path}` was added, a list.")
    return Change(Level.MAJOR, f"`{path}` was added and is required.")


def _column_changes(old: Column, new: Column, path: str) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(Level.MAJOR, f"`{path}` changed its type from {old.type} to {new.type}.")
    if old.nullable and not new.nullable:
        yield Change(Level.MAJOR, f"`{path}` became required.")
    if new.nullable and not old.nullable:
        yield Change(Level.MINOR, f"`{path}` became nullable.")
    if old.description != new.description:
        yield Change(Level.PATCH, f"`{path}` is described in other words.")
    yield from _value_changes(old.values, new.values, path)
    if old.type == new.type:
        yield from _changes(old.fields, new.fields, f"{path}[]." if new.is_list else f"{path}.")


def _value_changes(old: Collection[str], new: Collection[str], path: str) -> Iterator[Change]:
    if old and not new:
        yield Change(Level.MINOR, f"`{path}` takes any value, no longer a closed list.")
    elif new and not old:
        yield Change(Level.MAJOR, f"`{path}` takes the values of a closed list only.")
    else:
        yield from (Change(Level.MAJOR, f"`{path}` lost the value `{value}`.") for value in old if value not in new)
        yield from (Change(Level.MINOR, f"`{path}` has the new value `{value}`.") for value in new if value not in old)


def required_version(old_version: str, found: Sequence[Change]) -> str:
    """The lowest version that a definition with these changes may carry; the old one where there are none."""
    if not found:
        return old_version
    major, minor, patch = _numbers(old_version)
    level = max(change.level for change in found)
    if level is Level.MAJOR:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if level is Level.MINOR else f"{major}.{minor}.{patch + 1}"


def check(record: type[Record], folder: Path = FROZEN) -> list[str]:
    """What is wrong between a record class and the frozen files of its table, one sentence or more each.

    Raises:
        SchemaError: the record class itself has no definition.
    """
    now = definition(record)
    problems: list[str] = []
    frozen: list[Definition] = []
    for path in _files(record, folder):
        try:
            frozen.append(load(path))
        except SchemaError as error:
            problems.append(str(error))
    same = next((one for one in frozen if one.version == now.version), None)
    if same is not None and same != now:
        return [*problems, _differs(same, now)]
    if same is None and not frozen_path(record, folder).exists():
        problems.append(f"{now.table} {now.version} has no frozen version. Run `blift schema freeze`.")
    return [*problems, *_versions(now, frozen)]


def strays(records: Collection[type[Record]], folder: Path = FROZEN) -> list[str]:
    """Frozen files that belong to no table; ``check`` looks at all others."""
    tables = {record.table for record in records}
    return [
        f"The frozen file {path.name} belongs to no table. Remove it, or add its record class to schemas/registry.py."
        for path in sorted(folder.glob("*.json"))
        if _table_of(path) not in tables
    ]


def too_low(record: type[Record], folder: Path = FROZEN) -> list[str]:
    """Why a record class may not be frozen under its version; empty where it may.

    Raises:
        SchemaError: the record class has no definition, or a frozen file of its table is damaged.
    """
    return _versions(definition(record), [load(path) for path in _files(record, folder)])


def _files(record: type[Record], folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*.json")) if _table_of(path) == record.table]


def _table_of(path: Path) -> str:
    """The table in a file's name; a version holds no hyphen."""
    return path.name.rpartition("-")[0]


def _versions(now: Definition, frozen: Sequence[Definition]) -> list[str]:
    """Why the version is too low: a newer one is frozen, or the changes since the one before ask for more."""
    mine = _numbers(now.version)
    others = sorted((one for one in frozen if one.version != now.version), key=lambda one: _numbers(one.version))
    if not others:
        return []
    if _numbers(others[-1].version) > mine:
        newest = others[-1].version
        return [f"{now.table} is at {now.version}, and {newest} is frozen. Raise the version above {newest}."]
    last = others[-1]
    found = changes(last, now)
    needed = required_version(last.version, found)
    if mine >= _numbers(needed):
        return []
    low = f"{now.table} {now.version} is not raised enough since {last.version}"
    return [f"{low}: {_told(found)} Raise the version to {needed}."]


def _differs(frozen: Definition, now: Definition) -> str:
    found = changes(frozen, now)
    differs = f"{now.table} {now.version} differs from its frozen version"
    if not found:
        return f"{differs}, whose file was edited by hand. Restore the file from version control."
    needed = required_version(now.version, found)
    return f"{differs}: {_told(found)} Raise the version to {needed} and run `blift schema freeze`, or undo the change."


def _told(found: Sequence[Change]) -> str:
    """The sentences, breaking ones first."""
    ordered = sorted(found, key=lambda change: -change.level)
    return " ".join(f"{change.sentence[:-1]} ({_WORDS[change.level]})." for change in ordered)


_WORDS = {Level.PATCH: "words only", Level.MINOR: "compatible", Level.MAJOR: "breaking"}


def _numbers(version: str) -> tuple[int, int, int]:
    major, minor, patch = (int(part) for part in version.split("."))
    return major, minor, patch
