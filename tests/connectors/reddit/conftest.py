"""PRAW led to a Reddit of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from praw.config import Config

from connectors.collection.items import Item, Outcome
from connectors.reddit.config import RedditConfig
from connectors.reddit.live import RedditFetcher
from connectors.web.manners import Manners
from tests.reddit_server import RedditServer

Led = Callable[[RedditServer], None]
Ask = Callable[..., dict[str, Outcome]]


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
        monkeypatch.setattr(Config, "CONFIG", None)

    yield to
    monkeypatch.setattr(Config, "CONFIG", None)


@pytest.fixture
def ask(lead: Led, tmp_path: Path) -> Ask:
    """Asks a server for items, and gives the outcome of each by its key."""

    def outcomes(server: RedditServer, items: list[Item], **config: object) -> dict[str, Outcome]:
        lead(server)
        options = RedditConfig(**{"requests_per_minute": None, **config})  # type: ignore[arg-type]
        fetcher = RedditFetcher(options, Manners(str(tmp_path / "manners")))
        try:
            return {item.key: outcome for item, outcome in fetcher.fetch(items)}
        finally:
            fetcher.close()

    return outcomes
