"""The connector of Reddit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blift.connectors.connector import Archive, Connector, Records, Unit
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.fetching import FETCHING
from blift.schemas.places import subreddit_name
from blift.schemas.platform import REDDIT


def _posts(unit: Unit, scope: Mapping[str, Any]) -> Iterator[Records]:
    """Submissions; those of other subreddits than the scope names are only counted."""
    names = scope.get("subreddits")
    wanted = frozenset(map(subreddit_name, names)) if names else None
    for file in unit.files:
        yield from (Records(chunk) for chunk in read_submissions(file, wanted))


CONNECTOR = Connector(
    platform=REDDIT,
    about="Reddit archives: NDJSON, plain or .zst, .gz, .xz, .bz2; and fetch folders. At least one of them.",
    archives=(
        Archive(
            key="submissions",
            description="Files, globs, or addresses that Beam opens.",
            posts=_posts,
            fetched="reddit/submissions-*.ndjson.zst",
        ),
        Archive(
            key="comments",
            description="The same for comments.",
            comments=read_comments,
            fetched="reddit/comments-*.ndjson.zst",
        ),
    ),
    fetching=FETCHING,
)
