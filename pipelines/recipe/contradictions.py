"""Options of rules that do not go together: no record could pass all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import model_validator

from blift.schemas.checked import clash
from blift.schemas.errors import cut
from blift.schemas.places import subreddit_name
from blift.schemas.section import Section
from blift.transforms.rules.options import Ids, Words

#: Bounds of one number, and whether it may have the value of both.
_WINDOWS = (("posted_from", "posted_before", False), ("views_above", "max_views", False))
_SAMPLE = 3


class RuleOptions(Section):
    """The options of the rules for one kind of record."""

    @model_validator(mode="after")
    def _leave_something(self) -> RuleOptions:
        options = {name: value for name, value in dict(self).items() if value is not None}
        for find in (_crossed_bounds, _on_both_lists, _days_of_no_subreddit):
            for at, said in find(options):
                raise clash(at, said)
        return self


def _crossed_bounds(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A least value above the greatest one."""
    pairs = [(name, f"max_{name[4:]}", True) for name in options if name.startswith("min_")]
    for low, high, may_equal in (*pairs, *_WINDOWS):
        if low not in options or high not in options:
            continue
        least, most = options[low], options[high]
        if least > most or (least == most and not may_equal):
            what = "no day lies" if isinstance(least, date) else "nothing lies"
            yield low, f"is {least}, and `{high}` is {most}: {what} between them; correct one of them"


def _on_both_lists(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What one option lets in and another one drops."""
    for name, value in options.items():
        out = f"{name}_out"
        if out not in options:
            continue
        plain = _PLAIN.get(name, str.lower)
        both = sorted(_entries(value, plain) & _entries(options[out], plain))
        if both:
            shown = ", ".join(cut(repr(entry)) for entry in both[:_SAMPLE])
            yield name, f"and `{out}` both name {shown}: what the one lets in, the other drops; take it out of one"


#: Options whose entries people write in several ways.
_PLAIN: Mapping[str, Callable[[str], str]] = {"subreddits": subreddit_name, "pattern": str, "channels": str}


def _entries(value: Any, plain: Callable[[str], str]) -> set[str]:
    if isinstance(value, Words):
        return set(value.vocabulary.entries)
    if isinstance(value, Ids):
        return set(value.ids)
    return {plain(entry) for entry in (value if isinstance(value, list) else [value]) if isinstance(entry, str)}


def _days_of_no_subreddit(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Days of subreddits of which no post is let in."""
    end, days = options.get("posted_before"), options.get("subreddit_posted_from", {})
    wanted, out = ({subreddit_name(name) for name in options.get(key, [])} for key in ("subreddits", "subreddits_out"))
    for name, day in days.items():
        if end is not None and day >= end:
            yield (
                "subreddit_posted_from",
                f"of {name!r} is {day}, and `posted_before` is {end}: no post is left; correct one of them",
            )
        if (wanted and subreddit_name(name) not in wanted) or subreddit_name(name) in out:
            list_ = "subreddits" if wanted else "subreddits_out"
            yield "subreddit_posted_from", f"names {name!r}, which `{list_}` leaves out; correct one of them"
