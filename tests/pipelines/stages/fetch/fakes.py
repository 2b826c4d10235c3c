"""A platform of 300 posts that notes every question in a file, for runs of a fetch folder."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from blift.connectors.fetch.items import (
    FILE,
    MEDIA,
    Done,
    Failed,
    GoesOn,
    Item,
    NotThere,
    Outcome,
    RawRecord,
    StoredFile,
)
from blift.connectors.fetching import ServicePlan, ShownFiles
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.web.manners import Budget, Manners
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.schemas.errors import FetchError
from blift.schemas.reasons import Absent

POSTS, PAGE = 300, 50


@dataclass
class Platform:
    """What a thread asks; ``log`` gets a line for each question, ``fault`` says what goes wrong."""

    manners: Manners
    log: str
    per_s: float | None
    fault: str

    def __post_init__(self) -> None:
        self._pace = self.manners.pace("platform", self.per_s)
        if self.fault == "no credentials":
            raise FetchError("Reddit needs credentials: set praw_client_id.")

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        for item in items:
            self._pace.turn()
            with open(self.log, "a") as log:
                log.write(f"{item.kind} {item.key} {item.detail}\n")
            self._perhaps_kill()
            yield item, self._outcome(item)

    def close(self) -> None:
        pass

    def _perhaps_kill(self) -> None:
        """``group 50``: after so many questions of all processes, kill them all; ``first 50``: the one that began."""
        what, _, at = self.fault.partition(" ")
        if what in ("group", "first"):
            with open(self.log) as log:
                asked = sum(1 for _ in log)
            if asked >= int(at):
                os.killpg(0, signal.SIGKILL) if what == "group" else os.kill(os.getppid(), signal.SIGKILL)

    def _outcome(self, item: Item) -> Outcome:
        if self.fault == "down":
            return Failed("no answer", wait_s=0.0)
        match item.kind:
            case RedditItem.LISTING:
                return page(json.loads(item.detail).get("after", 0))
            case RedditItem.COMMENTS if item.key.endswith("7"):
                return NotThere(Absent.DELETED)
            case RedditItem.COMMENTS if item.key == "p8" and self.fault == "raises":
                raise ZeroDivisionError("of a library")
            case RedditItem.COMMENTS if item.key == "p8" and self.fault == "dies":
                with open(f"{self.log}.died", "a") as log:
                    log.write("died\n")
                os.kill(os.getpid(), signal.SIGKILL)
            case RedditItem.COMMENTS if item.key == "p8" and self.fault == "busy":
                return Failed("HTTP 500", wait_s=0.0)
            case _ if item.kind == FILE:
                return Done(files=[StoredFile(item.key, "ab" * 32, "files/ab/x.jpg", 3, "image/jpeg")])
        return Done([RawRecord(RedditRecord.COMMENT, f"c{item.key}", item.key, 1.0, line(id=f"c{item.key}", link_id=f"t3_{item.key}", body="so nice"))])  # fmt: skip # noqa: E501


def page(first: int) -> Outcome:
    """A page of the listing."""
    keys = [f"p{number}" for number in range(first, first + PAGE)]
    records = [
        RawRecord(
            RedditRecord.SUBMISSION, key, key, 1.0,
            line(id=key, title="A cat", subreddit="pics", created_utc=1, url=f"https://i.redd.it/{key}.jpg"),
        )
        for key in keys
    ]  # fmt: skip
    trees = [Item(RedditItem.COMMENTS, key) for key in keys]
    if first + PAGE < POSTS:
        return GoesOn(json.dumps({"after": first + PAGE}), records, trees)
    return Done(records, (), trees)


def line(**fields: object) -> bytes:
    """A record."""
    return json.dumps(fields).encode()


def plan(
    folder: str, log: str, *, per_s: float | None = None, fault: str = "", budget: Budget | None = None
) -> FetchPlan:
    """A run that asks the platform for all of it."""
    make = partial(Platform, log=log, per_s=per_s, fault=fault)
    return FetchPlan(
        folder,
        [Item(RedditItem.LISTING, "pics/new")],
        {
            "reddit": ServicePlan(2, make),
            MEDIA: ServicePlan(2, partial(Platform, log=log, per_s=None, fault="")),
        },
        {RedditRecord.SUBMISSION: ShownFiles(frozenset(["reddit"]))},
        budget or Budget(),
    )
