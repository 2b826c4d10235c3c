"""Which rows of a run folder a format takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.export.pair import pair_of, preference_of
from blift.pipelines.export.samples import comment_of, commented, sample_of, splits_of


def _nothing(_: RunFolder) -> None:
    """Rows that say everything themselves."""


@dataclass(frozen=True)
class Source:
    """Rows of a run folder.

    Attributes:
        what: they are, for people.
        folders: of their shards.
        table: that they are of. ``columns``: of it; None for all.
        read: a row as formats look at it, which has a ``split``, with what ``context`` gave; None for a row that is not
            among them.
        absent: what to do where a run folder has none; and ``unreleased`` where its release has none.
        context: what has to be known of the run folder to read a row.
        in_splits: the names of the shards begin with the split.
    """

    what: str
    folders: tuple[str, ...]
    table: str
    read: Callable[[Mapping[str, Any], Any], Any]
    absent: str
    unreleased: str
    context: Callable[[RunFolder], Any] = _nothing
    columns: Sequence[str] | None = None
    in_splits: bool = True


PAIRS = Source(
    "pair",
    ("instructions/chat/",),
    "chat",
    lambda row, _: pair_of(row),
    "Add the section `media` to the recipe, with the files of the media, and build again.",
    "Set `publish.media: beside` in the recipe and run `blift publish --dry-run` again.",
)
_COMPARE = "Add the section `preferences` to the recipe"
PREFERENCES = Source(
    "preference",
    ("instructions/preferences/",),
    "preference",
    lambda row, _: preference_of(row),
    f"{_COMPARE}, and the section `media` with the files of the media, and build again.",
    f"{_COMPARE}, set `publish.media: beside`, build again, and run `blift publish --dry-run`.",
)
#: With their media and without.
PREFERENCES_AS_TEXT = Source(
    "preference",
    ("instructions/preferences/", "instructions/preferences-without-media/"),
    "preference",
    lambda row, _: preference_of(row),
    f"{_COMPARE}, and build again.",
    f"{_COMPARE}, build again, and run `blift publish --dry-run`.",
)
SAMPLES = Source(
    "sample",
    ("samples/",),
    "sample",
    sample_of,
    "Build it to its end.",
    "Run `blift publish --dry-run`, which makes one.",
    context=splits_of,
    in_splits=False,
)
CHOSEN_COMMENTS = Source(
    "comment",
    ("comments/",),
    "comment",
    comment_of,
    "Build it to its end, with archives of comments.",
    "Name `comments` in `publish.configs` of the recipe, and run `blift publish --dry-run`.",
    context=commented,
    columns=("comment_id", "author", "posted_at"),
    in_splits=False,
)
