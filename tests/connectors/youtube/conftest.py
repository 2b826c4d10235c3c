"""A fetcher of YouTube that asks a made-up site on loopback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from blift.connectors.fetch.items import Item, Outcome
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.config import YoutubeConfig
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.live import YoutubeFetcher
from tests.youtube_server.made_up import MadeUp
from tests.youtube_server.server import YoutubeServer

ID = "madeup00001"
Ask = Callable[..., Outcome]


def config_of(server: YoutubeServer, **options: object) -> YoutubeConfig:
    """For this server, without comments, subtitles and limits, unless the options say so."""
    plain = {"comments": 0, "subtitles": (), "requests_per_minute": None}
    return YoutubeConfig(base_address=server.address, **{**plain, **options})  # type: ignore[arg-type] # each as its test says


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Asks a site for one item."""

    def of(site: MadeUp, item: Item | None = None, manners: Manners | None = None, **options: object) -> Outcome:
        with YoutubeServer(site) as server:
            fetcher = YoutubeFetcher(config_of(server, **options), manners or Manners(str(tmp_path / "manners")))
            with closing(fetcher):
                ((_, outcome),) = fetcher.fetch([item or Item(YoutubeItem.VIDEO, ID)])
            return outcome

    return of
