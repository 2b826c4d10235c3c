"""What templates see of a sample over time: the moments that people react to most, and how its numbers grew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

#: Moments that are named, at most, and seconds that lie between two of them at least.
_MOMENTS, _APART_S = 3, 10
#: Ages of the observations that are given, and of that which is asked for, days: as `fetch.schedule` asks by default.
EARLY_DAYS, LATER_DAYS = (1, 2, 7), 30
#: An observation stands for an age until the post is older by so many days, or by this part of the age.
_LATER_DAYS, _LATER = 1.0, 0.5
#: What is asked for, by the first that is known: the column, and its name in a sentence.
_MEASURES = (("likes", "likes"), ("score", "upvotes less downvotes"), ("views", "views"))


def moments_of(reactions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The seconds with the most reactions of all sources, the most first, then the earliest; ten seconds apart.

    Each has ``second``, ``time`` (``m:ss`` or ``h:mm:ss``) and ``reactions``.
    """
    counts: Counter[int] = Counter()
    for reaction in reactions:
        counts[reaction["second"]] += reaction["count"]
    found: list[dict[str, Any]] = []
    for second, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        if all(abs(second - other["second"]) >= _APART_S for other in found):
            found.append({"second": second, "time": _clock(second), "reactions": count})
        if len(found) == _MOMENTS:
            break
    return found


def _clock(second: int) -> str:
    hours, minutes = second // 3600, second // 60 % 60
    return f"{hours}:{minutes:02}:{second % 60:02}" if hours else f"{minutes}:{second % 60:02}"


def growth_of(points: Sequence[Mapping[str, Any]], first: str | None) -> dict[str, Any] | None:
    """The growth of one post: ``measure`` by name, ``early`` and ``later``, with ``days`` and ``value``; or None.

    An observation stands for a day if the post was then that old, and older by less than a day or half of that age: a
    schedule that is looked at once a day is up to a day late. Only a post of which both the later value and an early
    one are known has a growth.

    Args:
        points: the column ``growth`` of a sample.
        first: the post that is looked at before others, by ``post_id``.
    """
    posts = sorted({point["post_id"] for point in points}, key=lambda name: (name != first, name))
    for post in posts:
        own = [point for point in points if point["post_id"] == post]
        for column, measure in _MEASURES:
            later = _at(own, column, LATER_DAYS)
            early = [point for days in EARLY_DAYS if (point := _at(own, column, days))]
            if later and early:
                return {"measure": measure, "early": early, "later": later}
    return None


def _at(points: Sequence[Mapping[str, Any]], column: str, days: int) -> dict[str, Any] | None:
    """The first value of a column at an age."""
    for point in points:
        late = max(_LATER_DAYS, _LATER * days)
        if days <= point["age_days"] < days + late and point[column] is not None:
            return {"days": days, "value": point[column]}
    return None
