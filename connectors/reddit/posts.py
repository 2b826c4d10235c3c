"""Submissions as they come from Reddit: the record, whether somebody took the post back, what to ask for next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from blift.connectors.fetch.items import Item, RawRecord
from blift.connectors.malformed import Malformed
from blift.connectors.reddit.answers import submission_record
from blift.connectors.reddit.columns import post_table
from blift.connectors.reddit.config import RedditConfig
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.records import Submission, decode_line
from blift.schemas.reasons import Absent


class Post(NamedTuple):
    """A submission that came.

    Attributes:
        record: for the archive.
        read: as the reader of archives reads it; None where that one rejects it, which says why.
        absent: who took it back; None where nobody did.
    """

    record: RawRecord
    read: Submission | None
    absent: Absent | None


def post_of(data: Mapping[str, Any]) -> Post:
    """What came for a submission.

    Raises:
        NotAnswered: it is nested too deeply.
    """
    record = submission_record(data)
    try:
        read = decode_line(record.data, Submission)
    except Malformed:
        return Post(record, None, None)
    return Post(record, read, withdrawal(read))


def withdrawal(post: Submission) -> Absent | None:
    """Who took a post back, by the same signs as in archives: its author (``DELETED``) or others (``REMOVED``)."""
    [row] = post_table([post], np.array([1]), "").select(["deleted", "removed"]).to_pylist()
    if row["deleted"]:
        return Absent.DELETED
    return Absent.REMOVED if row["removed"] else None


def comments_of(post: Post, config: RedditConfig) -> list[Item]:
    """The thread of a post as an item, where it has one that is wanted."""
    if config.comments is None or post.absent or post.read is None or post.read.num_comments == 0:
        return []
    return [Item(RedditItem.COMMENTS, post.record.key)]
