"""PRAW led to a Reddit of ours, and asked as a run asks: until every item has its outcome."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from praw.config import Config

from blift.connectors.fetch.items import Done, GoesOn, Item, NotThere, Outcome, RawRecord
from blift.connectors.reddit.config import RedditConfig
from blift.connectors.reddit.live import RedditFetcher
from blift.connectors.web.manners import Manners
from tests.reddit_server import RedditServer

Led = Callable[[RedditServer], None]
Made = Callable[..., RedditFetcher]
Ask = Callable[..., "Came"]


@dataclass
class Came:
    """What came of items: the last outcome of each by its key, and all records and items that they led to."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)
    records: list[RawRecord] = field(default_factory=list)
    found: list[Item] = field(default_factory=list)
    asked: int = 0

    def __getitem__(self, key: str) -> Outcome:
        return self.outcomes[key]

    def keys(self) -> list[str]:
        return [record.key for record in self.records]

    def take(self, item: Item, outcome: Outcome) -> None:
        self.outcomes[item.key] = outcome
        self.records += getattr(outcome, "records", ())
        self.found += getattr(outcome, "found", ())


def drain(fetcher: RedditFetcher, items: list[Item], batch: int = 100) -> Came:
    """Ask for items of one kind, and again where one goes on; what fails is not asked for again."""
    came = Came()
    waiting = deque([items[first : first + batch] for first in range(0, len(items), batch)])
    while waiting:
        came.asked += 1
        for item, outcome in fetcher.fetch(waiting.popleft()):
            came.take(item, outcome)
            if isinstance(outcome, GoesOn):
                waiting.append([item._replace(detail=outcome.detail)])
    return came


def reason_of(outcome: Outcome) -> Any:
    """Why it is absent; the outcome itself where it is there."""
    return outcome.reason if isinstance(outcome, NotThere) else outcome


def is_done(outcome: Outcome) -> bool:
    return isinstance(outcome, Done)


@pytest.fixture
def lead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Led]:
    """Leads PRAW to a server by its own configuration."""
    for name in ("client_id", "client_secret", "user_agent", "site"):
        monkeypatch.delenv(f"praw_{name}", raising=False)
    home = tmp_path / "config"
    home.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setattr(Config, "CONFIG", None)

    def to(server: RedditServer) -> None:
        (home / "praw.ini").write_text(server.praw_ini())
        Config.CONFIG = None

    yield to
    Config.CONFIG = None


@pytest.fixture
def fetcher(lead: Led, tmp_path: Path) -> Iterator[Made]:
    """Makes fetchers that ask a server without a limit of their own, and closes them."""
    made: list[RedditFetcher] = []

    def of(server: RedditServer, manners: Manners | None = None, **config: Any) -> RedditFetcher:
        lead(server)
        options = RedditConfig(**{"requests_per_minute": None, **config})
        made.append(RedditFetcher(options, manners or Manners(str(tmp_path / "manners"))))
        return made[-1]

    yield of
    for one in made:
        one.close()


@pytest.fixture
def ask(fetcher: Made) -> Ask:
    """Asks a server for items of one kind."""

    def to_the_end(server: RedditServer, items: list[Item], **config: Any) -> Came:
        return drain(fetcher(server, **config), items)

    return to_the_end
