"""Versions of a published dataset: which part must rise, and that a tag does not promise less than it differences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from blift.schemas.definition import Definition
from blift.schemas.errors import PublishError
from blift.schemas.level import Level
from blift.schemas.rules import differences
from blift.transforms.row_changes import RowChanges

_NUMBER = "(0|[1-9][0-9]{0,8})"
_TAG = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}")
#: A version as a manifest holds it.
Tag = Annotated[str, Meta(pattern=rf"\A{_TAG.pattern}\Z")]
FIRST = "v1.0.0"


@dataclass(frozen=True)
class Difference:
    """What changed between two versions of a dataset.

    Attributes:
        rows: by configuration.
        schemas: sentences on changed tables.
        level: the part of the version that these ask to raise.
    """

    rows: dict[str, RowChanges] = field(default_factory=dict)
    schemas: list[str] = field(default_factory=list)
    level: Level = Level.PATCH

    @property
    def reason(self) -> str:
        """Why the version must rise so far, in words."""
        if self.level is Level.MAJOR:
            return "a table or configuration changed so that its readers may fail"
        return "rows or columns changed" if self.level is Level.MINOR else "only the card or the recipe changed"


def difference(
    rows: Mapping[str, RowChanges], old: Mapping[str, Definition], new: Mapping[str, Definition]
) -> Difference:
    """The difference, out of row counts by configuration and the tables' definitions by configuration."""
    level = Level.MINOR if any(change.any for change in rows.values()) else Level.PATCH
    sentences = []
    for config in sorted(old.keys() | new.keys()):
        if config not in new:
            level = Level.MAJOR
            sentences.append(f"The configuration `{config}` is gone.")
        elif config not in old:
            level = max(level, Level.MINOR)
            sentences.append(f"The configuration `{config}` is new.")
        else:
            for change in differences(old[config], new[config]):
                level = max(level, change.level)
                sentences.append(f"`{config}`: {change.sentence}")
    return Difference(dict(rows), sentences, level)


def parse_tag(tag: str) -> tuple[int, int, int]:
    """The numbers of a tag such as `v1.2.0`.

    Raises:
        PublishError: it is not of that form.
    """
    found = _TAG.fullmatch(tag)
    if not found:
        raise PublishError(f"{tag!r} is no version. Write --tag as v1.2.0: v, and three numbers.")
    return int(found[1]), int(found[2]), int(found[3])


def next_tag(previous: str | None, level: Level) -> str:
    """The lowest version that says as much as changed."""
    if previous is None:
        return FIRST
    major, minor, patch = parse_tag(previous)
    if level is Level.MAJOR:
        return f"v{major + 1}.0.0"
    return f"v{major}.{minor + 1}.0" if level is Level.MINOR else f"v{major}.{minor}.{patch + 1}"


def chosen_tag(asked: str | None, previous: str | None, changed: Difference) -> str:
    """The version of a publication: the one asked for, if it says enough.

    Raises:
        PublishError: it is lower than what changed asks for.
    """
    lowest = next_tag(previous, changed.level)
    if asked is None:
        return lowest
    if parse_tag(asked) < parse_tag(lowest) and previous is not None:
        raise PublishError(
            f"--tag {asked} says too little: since {previous} {changed.reason}, so it must be {lowest} or higher."
        )
    return asked
