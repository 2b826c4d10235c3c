"""Files that are no media of the posts that show them: what hosts send in place of media that are gone."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: A picture of at most so many pixels a side is taken for a placeholder where media with so many unrelated titles have
#: its bytes; anything larger where so many have. People post one picture again and again, but seldom the same bytes.
SMALL_PX, _OF_SMALL, _OF_ANY = 320, 3, 5
#: Titles are related where they share this part of the words of the shorter one.
_SHARED = 0.5
#: Words of so many letters say what a title is about, where it has any.
_TELLING = 4
_WORD = re.compile(r"\w+")
#: Groups of titles beyond which nobody counts: each title is compared with all groups.
_MOST_GROUPS = 20


def is_shared_by_strangers(titles: Iterable[str], width: int, height: int) -> bool:
    """Media with so many unrelated titles have the file's bytes that it is none of them.

    Args:
        titles: of the posts of each media that has these bytes; empty ones say nothing.
        width: of the picture, pixels.
        height: the same.
    """
    enough = _OF_SMALL if max(width, height) <= SMALL_PX else _OF_ANY
    return unrelated(titles) >= enough


def unrelated(titles: Iterable[str]) -> int:
    """Into how many groups titles fall, of which none shares half of its words with another; at most 20."""
    groups: list[set[str]] = []
    for words in sorted({tuple(sorted(_words(title))) for title in titles}):
        own = set(words)
        near = [group for group in groups if _related(own, group)]
        if own and (near or len(groups) < _MOST_GROUPS):
            groups = [group for group in groups if group not in near] + [own.union(*near)]
    return len(groups)


def _words(title: str) -> set[str]:
    words = set(_WORD.findall(title.casefold()))
    return {word for word in words if len(word) >= _TELLING} or words


def _related(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= _SHARED * min(len(one), len(other))
