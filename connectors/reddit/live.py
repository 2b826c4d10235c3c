"""The fetcher of Reddit: submissions by their ids, listings of subreddits, and threads of comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.collection.items import Done, Failed, Item, Kind, NotThere, Outcome
from connectors.reddit.answers import POST, as_submission, is_id, page_of, submission_record, withdrawal
from connectors.reddit.api import RedditApi
from connectors.reddit.records import Submission
from connectors.reddit.refusals import NotAnswered, Refused
from connectors.web.manners import Manners
from schemas.reasons import Absent

#: How many items of a kind one call may ask for, where it is more than one: as many as `/api/info` takes.
BATCHES = {Kind.SUBMISSION: 100}


@dataclass(frozen=True)
class CommentsWanted:
    """Which comments of a post are collected.

    Attributes:
        per_post: at most so many.
        more_requests: requests a post for those that its first answer only names.
        sort: Reddit's order, of which the first are taken: top, confidence, new, controversial, old or qa.
        depth: levels of replies; None for as many as there are.
    """

    per_post: int = 200
    more_requests: int = 3
    sort: str = "top"
    depth: int | None = None


@dataclass(frozen=True)
class RedditConfig:
    """What the recipe says of Reddit. Credentials are in the environment or in praw.ini.

    Attributes:
        comments: which are collected; None for none.
        posted_from: seconds since 1970; older posts of listings are left out.
        posted_before: seconds since 1970; later posts of listings are left out.
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


class RedditFetcher:
    """Asks Reddit for items of the kinds ``SUBMISSION``, ``LISTING`` and ``COMMENTS``.

    Raises:
        CollectError: Reddit cannot be asked: no credentials, wrong ones, or it refuses this machine.
    """

    def __init__(self, config: RedditConfig, manners: Manners) -> None:
        per_s = None if config.requests_per_minute is None else config.requests_per_minute / 60
        self._config = config
        self._api = RedditApi(manners.pace("reddit", per_s), per_s, config.site, config.user_agent)

    def batch(self, kind: Kind) -> int:
        """How many items of a kind one call may ask for."""
        return BATCHES.get(kind, 1)

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items of one kind."""
        yield from self._submissions(items)

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _submissions(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        asked = [item for item in items if is_id(item.key)]
        yield from ((item, NotThere(Absent.NOT_FOUND, "no id of Reddit's")) for item in items if item not in asked)
        try:
            answer = self._api.get("api/info", id=",".join(f"t3_{item.key}" for item in asked))
            found = {thing.data["id"]: thing.data for thing in page_of(answer).things if thing.kind == POST}
            outcomes = [(item, self._submission(found.get(item.key))) for item in asked]
        except NotAnswered as error:
            outcomes = [(item, error.failed) for item in asked]
        except Refused as error:  # of the question, which says nothing of any post
            outcomes = [(item, Failed(f"{error}.")) for item in asked]
        yield from outcomes

    def _submission(self, data: dict[str, object] | None) -> Outcome:
        if data is None:
            return NotThere(Absent.NOT_FOUND, "Reddit knows no such post")
        record = submission_record(data)
        post = as_submission(record)
        absent = withdrawal(post) if post else None
        if absent:
            return NotThere(absent, records=[record])
        return Done([record], found=self._next(post))

    def _next(self, post: Submission | None) -> list[Item]:
        if post is None or self._config.comments is None or post.num_comments == 0:
            return []
        return [Item(Kind.COMMENTS, post.id)]
