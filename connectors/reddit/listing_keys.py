"""What a listing of Reddit is called: how recipes write one, and how it is asked for. PRAW is not needed to read it."""

from __future__ import annotations

import re
from typing import NamedTuple

from blift.schemas.errors import RecipeError, did_you_mean

SEARCH = "search"
RANKED = ("top", "controversial")
_SORTS = ("new", "hot", "rising", *RANKED, SEARCH)
#: Reddit's names for how far back a listing reaches, in seconds.
WINDOWS_S = {"hour": 3_600, "day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400}
ALL = "all"
_SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,50}(\+[A-Za-z0-9_]{2,50})*")
_FORM = "subreddit/sort, as in pics/new, pics/top/year or videos/search/cat"


class Listing(NamedTuple):
    """A listing: of what subreddit (several are joined by ``+``), how sorted, how far back, with what words."""

    subreddit: str
    sort: str
    window: str = ALL
    words: str = ""

    @property
    def is_by_time(self) -> bool:
        """The newest come first."""
        return self.sort in ("new", SEARCH)

    @property
    def key(self) -> str:
        """Its one way to be written."""
        more = self.words or (self.window if self.window != ALL else "")
        return "/".join(part for part in (self.subreddit, self.sort, more) if part)


def listing_of(key: str) -> Listing:
    """A listing by its key: ``pics/new``, ``pics/hot``, ``pics/top/year``, ``videos/search/<words>``.

    ``top`` and ``controversial`` reach back over all time where no window is named. What a search finds comes newest
    first.

    Raises:
        RecipeError: there is no such listing.
    """
    subreddit, _, rest = key.removeprefix("/").removeprefix("r/").partition("/")
    sort, _, last = rest.partition("/")
    if not _SUBREDDIT.fullmatch(subreddit) or not sort:
        raise RecipeError(f"{key!r} is no listing of Reddit. Write {_FORM}.")
    if sort not in _SORTS:
        raise RecipeError(
            f"{key!r}: Reddit has no listing {sort!r}{did_you_mean(sort, _SORTS) or '.'} It has {', '.join(_SORTS)}."
        )
    if sort == SEARCH:
        if not last.strip():
            raise RecipeError(f"{key!r} names no words to search for. Write {_FORM}.")
        return Listing(subreddit, sort, words=last.strip())
    windows = (*WINDOWS_S, ALL) if sort in RANKED else ()
    if last and last not in windows:
        known = f"It takes {', '.join(windows)}." if windows else f"{sort!r} takes none."
        raise RecipeError(f"{key!r}: {last!r} is no window of time{did_you_mean(last, windows) or '.'} {known}")
    return Listing(subreddit, sort, last or ALL)
