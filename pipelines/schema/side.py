"""One side of a comparison: tables with their versions, wherever they were read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blift.schemas.baseline import MAX_BYTES
from blift.schemas.definition import Definition, version_numbers
from blift.schemas.errors import InputError
from blift.schemas.regular_files import Unreadable, read_regular_file


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: what people wrote.
        tables: every known version of each table, oldest first.
        baselines: the contents of its baseline files by name; None where it has no files of its own.
    """

    name: str
    tables: Mapping[str, Sequence[Definition]] = field(default_factory=dict)
    baselines: Mapping[str, bytes] | None = None


def side_of_definitions(name: str, found: Sequence[Definition], files: Mapping[str, bytes] | None = None) -> Side:
    """A side out of definitions."""
    tables: dict[str, list[Definition]] = {}
    for one in sorted(found, key=lambda one: version_numbers(one.version) if one.version else (0, 0, 0)):
        tables.setdefault(one.table, []).append(one)
    return Side(name, tables, files)


def baseline_files(folder: Path) -> dict[str, bytes]:
    """The contents of the baselines in a folder, by name.

    Raises:
        InputError: one cannot be read.
    """
    files = {}
    for path in sorted(folder.glob("*.json")):
        try:
            files[path.name] = read_regular_file(path, MAX_BYTES)
        except Unreadable as error:
            raise InputError(f"Cannot read the baseline {path}: {error}.") from error
    return files


def baselines_now(folder: Path, before: Mapping[str, bytes] | None) -> dict[str, bytes]:
    """The contents of the baselines in a folder, by name; none where all that were there ``before`` are gone.

    Raises:
        InputError: there is no such folder, and there was none; or a baseline cannot be read.
    """
    if not before and not folder.is_dir():
        raise InputError(f"There is no folder {str(folder)!r}. Write baselines to it with `blift schema baseline`.")
    return baseline_files(folder)
