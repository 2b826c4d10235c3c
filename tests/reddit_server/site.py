"""What the server knows: submissions, their comments, and subreddits that are not open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Data = dict[str, Any]

#: Reddit shows so many of a list, and no more.
LISTED = 1_000

_SORTS: dict[str, Callable[[Data], Any]] = {
    "new": lambda data: (-float(data.get("created_utc") or 0), data["id"]),
    "top": lambda data: (-int(data.get("score") or 0), data["id"]),
}


class Site:
    """Objects as Reddit holds them: strings without entities, times of reading unknown.

    Args:
        submissions: their fields; of several with one id the last counts.
        comments: their fields; ``link_id`` names the submission.
    """

    def __init__(self, submissions: Iterable[Data] = (), comments: Iterable[Data] = ()) -> None:
        self.submissions = {data["id"]: data for data in submissions}
        self.comments = {data["id"]: data for data in comments}
        #: Subreddits that are not open, in lower case: private, banned, quarantined, gold_only.
        self.closed: dict[str, str] = {}
        self._by_parent: dict[str, list[Data]] = {}
        for data in self.comments.values():
            parent = data.get("parent_id")
            known = isinstance(parent, str) and parent.startswith("t1_") and parent[3:] in self.comments
            self._by_parent.setdefault(str(parent) if known else data["link_id"], []).append(data)

    def replies(self, name: str, sort: str = "top") -> list[Data]:
        """Direct replies to a comment or submission, in an order of Reddit's."""
        return sorted(self._by_parent.get(name, []), key=_SORTS.get(sort, _SORTS["top"]))

    def count(self, data: Data) -> int:
        """A comment and all below it."""
        return 1 + sum(self.count(reply) for reply in self.replies(f"t1_{data['id']}"))

    def depth(self, data: Data) -> int:
        """Levels above a comment."""
        above = self.comments.get(str(data.get("parent_id")).removeprefix("t1_"))
        return 1 + self.depth(above) if above else 0

    def subreddits(self) -> set[str]:
        """Names in lower case."""
        return {str(data.get("subreddit", "")).lower() for data in self.submissions.values()} | set(self.closed)

    def reason(self, data: Data) -> str | None:
        """Why a submission's subreddit is not open."""
        return self.closed.get(str(data.get("subreddit", "")).lower())

    def listed(self, subreddit: str, sort: str, keep: Callable[[Data], bool] = lambda _: True) -> Sequence[Data]:
        """What a list of a subreddit shows."""
        found = [
            data
            for data in self.submissions.values()
            if str(data.get("subreddit", "")).lower() == subreddit and keep(data)
        ]
        return sorted(found, key=_SORTS.get(sort, _SORTS["top"]))[:LISTED]
