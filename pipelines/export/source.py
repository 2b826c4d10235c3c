"""Which rows of a run folder a format takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blift.pipelines.export.pair import ExportedPair, ExportedPreference, pair_of, preference_of

Exportable = ExportedPair | ExportedPreference


@dataclass(frozen=True)
class Source:
    """Rows of a run folder.

    Attributes:
        what: they are, for people.
        folders: of their shards, whose names begin with the split.
        table: that they are of.
        read: a row as formats look at it.
        absent: what to do where a run folder has none; and ``unreleased`` where its release has none.
    """

    what: str
    folders: tuple[str, ...]
    table: str
    read: Callable[[Mapping[str, Any]], Exportable]
    absent: str
    unreleased: str


PAIRS = Source(
    "pair",
    ("instructions/chat/",),
    "chat",
    pair_of,
    "Add the section `media` to the recipe, with the files of the media, and build again.",
    "Set `publish.media: beside` in the recipe and run `blift publish --dry-run` again.",
)
_COMPARE = "Add the section `preferences` to the recipe"
PREFERENCES = Source(
    "preference",
    ("instructions/preferences/",),
    "preference",
    preference_of,
    f"{_COMPARE}, and the section `media` with the files of the media, and build again.",
    f"{_COMPARE}, set `publish.media: beside`, build again, and run `blift publish --dry-run`.",
)
#: With their media and without.
PREFERENCES_AS_TEXT = Source(
    "preference",
    ("instructions/preferences/", "instructions/preferences-without-media/"),
    "preference",
    preference_of,
    f"{_COMPARE}, and build again.",
    f"{_COMPARE}, build again, and run `blift publish --dry-run`.",
)
