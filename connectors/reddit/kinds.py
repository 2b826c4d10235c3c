"""What Reddit is asked for, and what it gives, as the state of a fetch folder names them."""

from __future__ import annotations

from enum import StrEnum


class RedditItem(StrEnum):
    """What is asked for, and what its key is."""

    LISTING = "listing"  # of a subreddit, page by page: `pics/new`, `pics/top/year`, `pics/search/<words>`
    SUBMISSION = "submission"  # base-36 id
    COMMENTS = "comments"  # of a submission: its base-36 id


class RedditRecord(StrEnum):
    """What a raw record is."""

    SUBMISSION = "submission"
    COMMENT = "comment"
