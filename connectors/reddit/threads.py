"""Threads of comments: the tree that Reddit shows, and those that it only names, up to a budget.

A thread is asked for step by step, one request each, and the item's detail holds how far it is. Comments that an
answer names and does not show ("load more comments") come by the hundred, in Reddit's order, upper levels first;
then what is behind "continue this thread".
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from blift.connectors.fetch.items import Done, GoesOn, Item, NotThere, RawRecord, progress_of
from blift.connectors.reddit.answers import (
    COMMENT,
    MORE,
    POST,
    Thing,
    comment_record,
    is_id,
    page_of,
    things_of,
    unlike,
)
from blift.connectors.reddit.api import RedditApi
from blift.connectors.reddit.config import CommentsWanted
from blift.connectors.reddit.posts import post_of
from blift.connectors.reddit.refusals import Refused
from blift.schemas.count import Count

#: Comments that Reddit shows in one answer, and names that it takes in one question.
_SHOWN, _NAMED = 500, 100


@dataclass
class _Progress:
    """How far a thread is: comments that came, requests for more, comments that are only named, threads that go on."""

    begun: bool = False
    seen: list[str] = field(default_factory=list)
    requests: Count = 0
    named: list[str] = field(default_factory=list)
    continued: list[str] = field(default_factory=list)


def next_part(api: RedditApi, wanted: CommentsWanted, item: Item) -> Done | GoesOn | NotThere:
    """Ask for the next part of a thread.

    Raises:
        Refused, NotAnswered, FetchError, BudgetSpent, Stopped: as ``RedditApi.get``.
    """
    progress = progress_of(item, _Progress)
    thread = _Thread(item.key, wanted, progress)
    if progress.begun:
        thread.go_on(api)
    else:
        withdrawn = thread.begin(api)
        if withdrawn:
            return withdrawn
    if thread.is_over:
        return Done(thread.records)
    return GoesOn(json.dumps(asdict(progress)), thread.records)


class _Thread:
    def __init__(self, post_id: str, wanted: CommentsWanted, progress: _Progress) -> None:
        self._post_id = post_id
        self._wanted = wanted
        self._progress = progress
        self._seen = set(progress.seen)
        self.records: list[RawRecord] = []

    @property
    def is_over(self) -> bool:
        """All that is wanted is here, or the budget is spent."""
        left = self._progress.named or self._progress.continued
        return not left or self._room <= 0 or self._progress.requests >= self._wanted.more_requests

    @property
    def _room(self) -> int:
        return self._wanted.per_post - len(self._progress.seen)

    def begin(self, api: RedditApi) -> NotThere | None:
        """The tree that Reddit shows; says so where the post was taken back."""
        depth = {} if self._wanted.depth is None else {"depth": self._wanted.depth}
        limit = min(self._wanted.per_post, _SHOWN)
        about, comments = _pair(api.get(f"comments/{self._post_id}", limit=limit, sort=self._wanted.sort, **depth))
        posts = [post_of(thing.data) for thing in about if thing.kind == POST]
        if [post.record.key for post in posts] != [self._post_id]:
            raise unlike("the thread that was asked for")
        if posts[0].absent:
            return NotThere(posts[0].absent, records=[posts[0].record])
        self._progress.begun = True
        self._take(comments)
        return None

    def go_on(self, api: RedditApi) -> None:
        """One request for more. What Reddit refuses now was there a moment ago: it is gone, and the thread is not."""
        progress = self._progress
        progress.requests += 1
        try:
            if progress.named:
                names = [progress.named.pop(0) for _ in range(min(_NAMED, self._room, len(progress.named)))]
                self._take(self._more(api, names))
            else:
                parent = progress.continued.pop(0)
                path = f"comments/{self._post_id}/_/{parent}"
                _, comments = _pair(api.get(path, limit=min(self._room + 1, _SHOWN), sort=self._wanted.sort))
                self._take(comments)
        except Refused:
            return

    def _more(self, api: RedditApi, names: list[str]) -> list[Thing]:
        link, children = f"t3_{self._post_id}", ",".join(names)
        answer = api.post("api/morechildren", link_id=link, children=children, sort=self._wanted.sort)
        try:
            return things_of(answer["json"]["data"]["things"])
        except (KeyError, TypeError):
            raise unlike("a list of comments") from None

    def _take(self, things: Iterable[Thing]) -> None:
        """Comments of an answer, level by level, each once; what it only names is kept to ask for."""
        waiting = deque(things)
        while waiting:
            kind, data = waiting.popleft()
            if self._is_too_deep(data):
                continue
            if kind == COMMENT:
                if data["id"] not in self._seen and self._room > 0:
                    self._seen.add(data["id"])
                    self._progress.seen.append(data["id"])
                    self.records.append(comment_record(data, self._post_id))
                if data.get("replies"):
                    waiting += page_of(data["replies"]).things
            elif kind == MORE:
                self._note(data)
        self._progress.named = [name for name in dict.fromkeys(self._progress.named) if name not in self._seen]
        requests_left = self._wanted.more_requests - self._progress.requests
        del self._progress.named[max(0, requests_left) * _NAMED :]

    def _note(self, data: dict[str, Any]) -> None:
        children, parent = data.get("children"), data.get("parent_id")
        if not isinstance(children, list) or not all(is_id(child) for child in children):
            raise unlike("a list of comments")
        self._progress.named += children
        if not children and isinstance(parent, str) and is_id(parent.removeprefix("t1_")):
            self._progress.continued.append(parent.removeprefix("t1_"))

    def _is_too_deep(self, data: dict[str, Any]) -> bool:
        depth = data.get("depth")
        return self._wanted.depth is not None and isinstance(depth, int) and depth >= self._wanted.depth


def _pair(answer: object) -> tuple[list[Thing], list[Thing]]:
    """The post and its comments."""
    if not isinstance(answer, list) or len(answer) != 2:  # noqa: PLR2004 - a pair
        raise unlike("a thread")
    return page_of(answer[0]).things, page_of(answer[1]).things
