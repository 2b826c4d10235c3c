from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.collection.items import Done, Failed, GoesOn, Item, Kind, Outcome
from connectors.web.client import WebConfig
from connectors.web.manners import Manners
from connectors.wikidata.channels import WikidataConfig, WikidataFetcher
from tests.loopback import Loopback

CHANNELS = [f"UC{number:022d}" for number in range(25)]


class Sparql(BaseHTTPRequestHandler):
    """Pages of channels as the query service gives them; ``faults`` are given first."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str]]
    faults: list[tuple[int, dict[str, str], bytes]]

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)["query"][0]
        self.asked.append((query, self.headers["User-Agent"]))
        if self.faults:
            self._send(*self.faults.pop(0))
            return
        after = re.search(r'STR\(\?channel\) > "([^"]*)"', query)
        limit = re.search(r"LIMIT (\d+)", query)
        assert after
        assert limit
        found = [channel for channel in CHANNELS if channel > after[1]][: int(limit[1])]
        rows = [{"channel": {"type": "literal", "value": channel}} for channel in found]
        self._send(200, {}, json.dumps({"head": {"vars": ["channel"]}, "results": {"bindings": rows}}).encode())

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@pytest.fixture
def service() -> Iterator[Loopback]:
    Sparql.asked, Sparql.faults = [], []
    with Loopback(Sparql) as server:
        yield server


Ask = Callable[..., tuple[Outcome, list[str]]]


@pytest.fixture
def ask(service: Loopback, tmp_path: Path) -> Iterator[Ask]:
    """Asks until the list is done or something fails; the last outcome, and the lists of videos that were found."""
    port = service.port
    made: list[WikidataFetcher] = []

    def of(**config: object) -> tuple[Outcome, list[str]]:
        web = WebConfig(contact="me@example.org", per_host_per_s=None, allowed=(f"127.0.0.1:{port}",), timeout_s=5)
        options = {"page": 10, "address": f"http://127.0.0.1:{port}/sparql", "web": web, **config}
        made.append(WikidataFetcher(WikidataConfig(**options), Manners(str(tmp_path / "manners"))))  # type: ignore[arg-type]
        item, found = Item(Kind.CHANNELS, "all"), []
        while True:
            ((_, outcome),) = made[-1].fetch([item])
            found += [one.key for one in getattr(outcome, "found", ())]
            if not isinstance(outcome, GoesOn):
                return outcome, found
            item = item._replace(detail=outcome.detail)

    yield of
    for one in made:
        one.close()


def videos(channels: list[str]) -> list[str]:
    return [f"https://www.youtube.com/channel/{channel}/videos" for channel in channels]


def test_all_channels_come_once_page_by_page(ask: Ask) -> None:
    outcome, found = ask()
    assert isinstance(outcome, Done)
    assert found == videos(CHANNELS)
    assert len(Sparql.asked) == 3


@pytest.mark.parametrize("limit", [1, 10, 12])
def test_a_limit_ends_the_list(ask: Ask, limit: int) -> None:
    _, found = ask(limit=limit)
    assert found == videos(CHANNELS[:limit])


def test_the_service_is_told_who_asks(ask: Ask) -> None:
    ask(limit=1)
    assert re.fullmatch(r"blift/\S+ \(\+me@example.org\)", Sparql.asked[0][1])


def test_filters_stand_in_the_question() -> None:
    query = WikidataConfig(("en", "de"), 10_000, ("Q11399", "Q7889")).query("UC" + "a" * 22)
    assert 'FILTER(STR(?channel) > "UCaaaaaaaaaaaaaaaaaaaaaa")' in query
    assert "FILTER(?subscribers >= 10000)" in query
    assert 'FILTER(?code IN ("en", "de"))' in query
    assert "VALUES ?category { wd:Q11399 wd:Q7889 } ?who (wdt:P136|wdt:P101|wdt:P106)/wdt:P279* ?category" in query
    assert query.count("{") == query.count("}")


@pytest.mark.parametrize(
    "config",
    [
        WikidataConfig(languages=('en") } #',)),
        WikidataConfig(without_categories=("Q1 } DELETE",)),
        WikidataConfig(("EN",)),
    ],
)
def test_nothing_else_gets_into_a_question(config: WikidataConfig) -> None:
    with pytest.raises(ValueError, match="is not of the form"):
        config.query("")


def test_other_filters_are_another_list() -> None:
    keys = {WikidataConfig().key(), WikidataConfig(("en",)).key(), WikidataConfig(min_subscribers=1).key()}
    assert len(keys) == 3
    assert WikidataConfig(("en", "de")).key() == WikidataConfig(("de", "en")).key()


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "wait_s"),
    [
        (429, {"Retry-After": "7"}, b"", "Wikidata: HTTP 429", 7.0),
        (500, {}, b"java.util.concurrent.TimeoutException", "Wikidata: HTTP 500", None),
        (200, {}, b'{"head":{},"results":{"bindings":[{"channel"', "Wikidata: the answer is no table", None),
        (200, {}, b"<html>maintenance</html>", "Wikidata: the answer is no table", None),
        (400, {}, b"malformed query", "Wikidata refuses the question: HTTP 400", None),
    ],
)
def test_what_goes_wrong_may_pass(
    ask: Ask, status: int, headers: dict[str, str], body: bytes, error: str, wait_s: float | None
) -> None:
    Sparql.faults = [(status, headers, body)]
    outcome, found = ask()
    assert isinstance(outcome, Failed), outcome
    assert outcome.error.startswith(error)
    assert outcome.wait_s == wait_s
    assert found == []
