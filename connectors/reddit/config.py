"""What a recipe says of Reddit, as the fetcher takes it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CommentsWanted:
    """Which comments of a post are collected.

    Attributes:
        per_post: at most so many.
        more_requests: requests a post for those that its first answer only names.
        sort: Reddit's order, of which the first are taken: top, confidence, new, controversial, old or qa.
        depth: levels of replies, 1 for none; None for as many as there are.
    """

    per_post: int = 200
    more_requests: int = 3
    sort: str = "top"
    depth: int | None = None


@dataclass(frozen=True)
class RedditConfig:
    """What the recipe says. Credentials are in the environment or in praw.ini.

    Attributes:
        comments: which are collected; None for none.
        posted_from: seconds since 1970; older posts of listings are left out.
        posted_before: seconds since 1970; posts of listings from then on are left out.
        site: section of praw.ini; None for the one that PRAW takes by itself.
        user_agent: who asks; None for the one that PRAW's configuration holds.
        requests_per_minute: of all workers together; None for no limit but Reddit's own.
    """

    comments: CommentsWanted | None = None
    posted_from: float | None = None
    posted_before: float | None = None
    site: str | None = None
    user_agent: str | None = None
    requests_per_minute: float | None = 100.0
