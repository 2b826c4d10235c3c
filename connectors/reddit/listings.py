"""Listings of subreddits, page by page, within a window of time."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec

from blift.connectors.fetch.items import Done, GoesOn, Item, progress_of
from blift.connectors.reddit.answers import POST, page_of
from blift.connectors.reddit.api import RedditApi
from blift.connectors.reddit.config import RedditConfig
from blift.connectors.reddit.listing_keys import ALL, RANKED, SEARCH, WINDOWS_S, Listing, listing_of
from blift.connectors.reddit.posts import Post, comments_of, post_of
from blift.schemas.count import Count

PAGE = 100
#: Reddit shows so many posts of a listing. It leaves out some of them, so that the last page ends before.
LISTED = 1_000
_NEARLY_LISTED = 900


class _Place(msgspec.Struct):
    """How far a listing is: where the next page begins, and how many posts were seen."""

    after: str | None = None
    seen: Count = 0


def next_page(api: RedditApi, config: RedditConfig, item: Item) -> Done | GoesOn:
    """Ask for the next page of a listing.

    Raises:
        RecipeError: the item's key is no listing.
        Refused, NotAnswered, FetchError, BudgetSpent, Stopped: as ``RedditApi.get``.
    """
    listing, place = listing_of(item.key), progress_of(item, _Place)
    after, seen = place.after, place.seen
    params = _params(listing, config) | ({"after": after} if after else {})
    page = page_of(api.get(f"r/{listing.subreddit}/{listing.sort}", **params))
    posts = [post_of(thing.data) for thing in page.things if thing.kind == POST]
    wanted = [post for post in posts if _is_within(post, config)]
    records = [post.record for post in wanted]
    found = [comments for post in wanted for comments in comments_of(post, config)]
    seen += len(page.things)
    if listing.is_by_time and posts and _is_before(posts[-1], config.posted_from):
        return Done(records, found=found)
    if page.after and page.things and page.after != after and seen < LISTED:
        return GoesOn(json.dumps({"after": page.after, "seen": seen}), records, found)
    return Done(records, found=found, note=_end(seen))


def _params(listing: Listing, config: RedditConfig) -> dict[str, Any]:
    params: dict[str, Any] = {"limit": PAGE}
    if listing.sort in RANKED:
        params["t"] = listing.window
    if listing.sort == SEARCH:
        window = _covering(config.posted_from)
        params |= {"q": listing.words, "restrict_sr": 1, "sort": "new", "type": "link", "t": window}
    return params


def _covering(posted_from: float | None) -> str:
    """The shortest of Reddit's windows that reaches back to a time."""
    if posted_from is None:
        return ALL
    age_s = time.time() - posted_from
    return next((name for name, seconds in WINDOWS_S.items() if age_s < seconds), ALL)


def _is_within(post: Post, config: RedditConfig) -> bool:
    """Within the window of time; a post without a time is for the build to judge."""
    at = post.read.created_utc if post.read else None
    is_later = at is not None and config.posted_before is not None and at >= config.posted_before
    return not is_later and not _is_before(post, config.posted_from)


def _is_before(post: Post, moment: float | None) -> bool:
    at = post.read.created_utc if post.read else None
    return at is not None and moment is not None and at < moment


def _end(seen: int) -> str:
    if seen < _NEARLY_LISTED:
        return ""
    return f"Reddit's listings end at {LISTED:,} posts, and this one did after {seen:,}: others did not come."
