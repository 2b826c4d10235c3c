from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from rdflib import Graph

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, Outcome
from blift.connectors.web.client import WebConfig
from blift.connectors.web.manners import Manners
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.wikidata import WikidataConfig, WikidataFetcher
from tests.loopback import Handler, Loopback

CHANNELS = [f"UC{number:022d}" for number in range(25)]
_PLACES = {
    "wd": "http://www.wikidata.org/entity/",
    "wdt": "http://www.wikidata.org/prop/direct/",
    "p": "http://www.wikidata.org/prop/",
    "ps": "http://www.wikidata.org/prop/statement/",
    "pq": "http://www.wikidata.org/prop/qualifier/",
    "wikibase": "http://wikiba.se/ontology#",
}
_PREFIXES = "".join(f"@prefix {name}: <{place}> .\n" for name, place in _PLACES.items())


def known(number: int, channel: str, more: str = "", rank: str = "Normal", qualifiers: str = "") -> str:
    """Somebody with a channel, as Wikidata states it in Turtle."""
    statement = f'[ ps:P2397 "{channel}" ; wikibase:rank wikibase:{rank}Rank {qualifiers} ]'
    return f"wd:Q{1000 + number} p:P2397 {statement} {more} .\n"


class Sparql(Handler):
    """Answers as the query service does, out of a graph; ``faults`` are given first."""

    wbufsize = 1 << 16  # head and body in one segment
    graph: Graph
    asked: list[tuple[str, str]]
    faults: list[tuple[int, dict[str, str], bytes]]

    def serve(self) -> None:
        query = parse_qs(urlsplit(self.path).query)["query"][0]
        self.asked.append((query, self.headers["User-Agent"]))
        if self.faults:
            self._send(*self.faults.pop(0))
            return
        self._send(200, {}, self.graph.query(query, initNs=_PLACES).serialize(format="json") or b"")

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def graph_of(facts: str) -> Graph:
    graph = Graph()
    graph.parse(data=_PREFIXES + facts, format="turtle")
    return graph


@pytest.fixture
def service() -> Iterator[Loopback]:
    Sparql.asked, Sparql.faults = [], []
    Sparql.graph = graph_of("".join(known(number, channel) for number, channel in enumerate(CHANNELS)))
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
        item, found = Item(YoutubeItem.CHANNELS, "all"), []
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


#: Six channels, each with something of its own.
FACTS = (
    known(0, CHANNELS[0], qualifiers="; pq:P3744 50000 ; pq:P407 wd:Q1860")
    + known(1, CHANNELS[1], '; p:P8687 [ ps:P8687 20000 ; pq:P2397 "' + CHANNELS[1] + '" ] ; wdt:P1412 wd:Q188')
    + known(2, CHANNELS[2], '; p:P8687 [ ps:P8687 90000 ; pq:P2397 "' + CHANNELS[9] + '" ]')  # of another channel
    + known(3, CHANNELS[3], "; wdt:P136 wd:Q11399", qualifiers="; pq:P3744 99000")  # rock music
    + known(4, CHANNELS[4], "; wdt:P106 wd:Q639669", qualifiers="; pq:P3744 500")  # musician
    + known(5, CHANNELS[5], rank="Deprecated", qualifiers="; pq:P3744 99000")
    + known(6, CHANNELS[0])  # two have it
    + 'wd:Q1860 wdt:P218 "en" . wd:Q188 wdt:P218 "de" . wd:Q11399 wdt:P279 wd:Q638 . '
)


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"min_subscribers": 10_000}, [0, 1, 3]),
        ({"min_subscribers": 500}, [0, 1, 3, 4]),
        ({"min_subscribers": 50_001}, [3]),
        ({"languages": ("en",)}, [0]),
        ({"languages": ("de", "en")}, [0, 1]),
        ({"without_categories": ("Q638",)}, [0, 1, 2, 4]),
        ({"without_categories": ("Q638", "Q639669")}, [0, 1, 2]),
        ({"min_subscribers": 10_000, "languages": ("en", "de"), "without_categories": ("Q638",)}, [0, 1]),
    ],
)
@pytest.mark.parametrize("page", [2, 10])
def test_filters_keep_what_they_say(ask: Ask, config: dict[str, object], kept: list[int], page: int) -> None:
    Sparql.graph = graph_of(FACTS)
    outcome, found = ask(page=page, **config)
    assert isinstance(outcome, Done), outcome
    assert found == videos([CHANNELS[number] for number in kept])


def test_what_is_no_channels_id_is_passed_over(ask: Ask) -> None:
    odd = ['UC\\"quoted', "UC too long, and with an umlaut: \u00e4", "@handle", "}} DELETE"]
    Sparql.graph = graph_of("".join(known(number, one) for number, one in enumerate([*odd, *CHANNELS[:3]])))
    outcome, found = ask(page=1)
    assert isinstance(outcome, Done), outcome
    assert found == videos(CHANNELS[:3])


def test_questions_that_take_too_long_are_asked_in_smaller_pages(ask: Ask) -> None:
    slow = (500, {}, b"java.util.concurrent.TimeoutException")
    broken = (200, {}, b'{"head":{},"results":{"bindings":[{"channel"')
    Sparql.faults = [slow, broken]
    outcome, found = ask(page=400)
    assert isinstance(outcome, Done)
    assert found == videos(CHANNELS)
    assert [int(query.partition("LIMIT ")[2].split()[0]) for query, _ in Sparql.asked] == [400, 200, 100]
    Sparql.faults = [slow] * 9
    outcome, _ = ask(page=400)
    assert outcome == Failed("Wikidata: HTTP 500")
    assert len(Sparql.asked) == 3 + 4


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
        (200, {}, b"[" * 100_000, "Wikidata: the answer is no table", None),
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
