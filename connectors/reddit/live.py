"""The fetcher of Reddit: submissions by their ids, listings of subreddits, and threads of comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from blift.connectors.fetch.items import Done, Failed, Item, NotThere, Outcome
from blift.connectors.reddit.answers import POST, is_id, page_of
from blift.connectors.reddit.api import RedditApi
from blift.connectors.reddit.config import RedditConfig
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.listings import next_page
from blift.connectors.reddit.posts import Post, comments_of, post_of
from blift.connectors.reddit.refusals import NotAnswered, Refused
from blift.connectors.reddit.threads import next_part
from blift.connectors.web.manners import Manners
from blift.schemas.reasons import Absent

_NO_ID = "no id of Reddit's"


class RedditFetcher:
    """Asks Reddit for items of the kinds ``SUBMISSION``, ``LISTING`` and ``COMMENTS``.

    Raises:
        FetchError: Reddit cannot be asked: no credentials, wrong ones, or it refuses this machine.
    """

    def __init__(self, config: RedditConfig, manners: Manners) -> None:
        per_s = None if config.requests_per_minute is None else config.requests_per_minute / 60
        self._config = config
        self._api = RedditApi(partial(manners.pace, "reddit"), per_s, config.site, config.user_agent)

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items of one kind, each as soon as it is known."""
        if items[0].kind == RedditItem.SUBMISSION:
            yield from self._submissions(items)
        else:
            for item in items:
                yield item, self._outcome(item)

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _outcome(self, item: Item) -> Outcome:
        try:
            if item.kind == RedditItem.LISTING:
                return next_page(self._api, self._config, item)
            if self._config.comments is None:
                return Done(note="no comments are wanted")
            if not is_id(item.key):
                return NotThere(Absent.NOT_FOUND, _NO_ID)
            return next_part(self._api, self._config.comments, item)
        except NotAnswered as error:
            return error.failed
        except Refused as error:
            return error.outcome()

    def _submissions(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        asked = [item for item in items if is_id(item.key)]
        yield from ((item, NotThere(Absent.NOT_FOUND, _NO_ID)) for item in items if not is_id(item.key))
        if not asked:
            return
        try:
            posts = self._posts(asked)
        except NotAnswered as error:
            yield from ((item, error.failed) for item in asked)
        except Refused as error:  # of the question, which says nothing of any post
            yield from ((item, Failed(f"{error}.")) for item in asked)
        else:
            yield from ((item, self._of_post(posts.get(item.key))) for item in asked)

    def _posts(self, items: Sequence[Item]) -> dict[str, Post]:
        """The posts that Reddit knows. That it knows none at all is believed the second time: it may be an outage."""
        names = ",".join(f"t3_{item.key}" for item in items)
        for _ in range(2):
            things = page_of(self._api.get("api/info", id=names)).things
            posts = [post_of(thing.data) for thing in things if thing.kind == POST]
            if posts:
                break
        return {post.record.key: post for post in posts}

    def _of_post(self, post: Post | None) -> Outcome:
        if post is None:
            return NotThere(Absent.NOT_FOUND, "Reddit knows no such post")
        if post.absent:
            return NotThere(post.absent, records=[post.record])
        return Done([post.record], found=comments_of(post, self._config))
