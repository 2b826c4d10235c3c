"""Channels that Wikidata knows by their YouTube id (property P2397), page by page.

How Wikidata says things: the id is a statement of P2397 about a person, band or firm; its qualifiers hold the number of
subscribers (P3744) and the language (P407). Followers also stand as statements of their own (P8687) with the channel as
qualifier. What somebody does is a genre (P136), a field of work (P101) or an occupation (P106).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, Outcome, progress_of
from blift.connectors.web.addresses import Gate
from blift.connectors.web.client import Web, WebConfig
from blift.connectors.web.manners import Manners
from blift.connectors.web.refusals import NotNow, Refused
from blift.connectors.youtube.kinds import YoutubeItem
from blift.schemas.count import Count

_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")
_CODE, _ITEM = re.compile(r"[a-z]{2,3}"), re.compile(r"Q[1-9][0-9]{0,11}")
_ANSWER_BYTES = 64 << 20
_PATIENT = WebConfig(per_host_per_s=0.5, max_bytes=_ANSWER_BYTES, max_s=120.0, timeout_s=70.0)

# A page is taken before anything else is looked up, so that a question costs the same however many channels there are
# and however few match; channels that do not match come with a count of 0, or a page of them would be the end.
_QUERY = """\
SELECT ?channel (COUNT(?match) AS ?matches) WHERE {{
  {{ SELECT DISTINCT ?channel WHERE {{ ?any ps:P2397 ?channel . FILTER(STR(?channel) > {after}) }}
    ORDER BY STR(?channel) LIMIT {page} }}
  ?statement ps:P2397 ?channel ; wikibase:rank ?rank . ?who p:P2397 ?statement .
  OPTIONAL {{
    BIND(1 AS ?match)
    FILTER(?rank != wikibase:DeprecatedRank)
{filters}  }}
}}
GROUP BY ?channel ORDER BY STR(?channel)"""
_SUBSCRIBERS = """\
    FILTER EXISTS {{
      {{ ?statement pq:P3744 ?subscribers }} UNION {{ ?who p:P8687 [ ps:P8687 ?subscribers ; pq:P2397 ?channel ] }}
      FILTER(?subscribers >= {least})
    }}
"""
_LANGUAGES = """\
    FILTER EXISTS {{
      {{ ?statement pq:P407 ?language }} UNION {{ ?who wdt:P407|wdt:P1412|wdt:P37 ?language }}
      ?language wdt:P218 ?code . FILTER(?code IN ({codes}))
    }}
"""
_WITHOUT = """\
    FILTER NOT EXISTS {{ VALUES ?category {{ {items} }} ?who (wdt:P136|wdt:P101|wdt:P106)/wdt:P279* ?category }}
"""
#: The service says so, in one way or another, where a question takes more than its 60 s.
_TOO_SLOW = re.compile(r"HTTP 50[04]|no table|took more than")
_SMALLEST_PAGE = 50


@dataclass(frozen=True)
class WikidataConfig:
    """Which channels are asked for.

    Attributes:
        languages: ISO 639-1 codes; empty for any.
        min_subscribers: at least so many, as Wikidata states them; channels without a number stay out. None for any.
        without_categories: items such as `Q11399`; channels of these, or of kinds of these, stay out.
        limit: channels, at most; None for all.
        page: channels that one question looks at. The service ends questions after 60 s: then the rest is asked for
            in smaller pages.
        address: of the query service.
        web: how it is asked.
    """

    languages: tuple[str, ...] = ()
    min_subscribers: int | None = None
    without_categories: tuple[str, ...] = ()
    limit: int | None = None
    page: int = 1_000
    address: str = "https://query.wikidata.org/sparql"
    web: WebConfig = _PATIENT

    def key(self) -> str:
        """What tells this list of channels from others."""
        said = [sorted(self.languages), self.min_subscribers, sorted(self.without_categories), self.limit]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]

    def query(self, after: str, page: int | None = None) -> str:
        """The question for a page, in SPARQL: channels whose ids come after another, and whether they match.

        Raises:
            ValueError: a language or category is none.
        """
        filters = ""
        if self.min_subscribers is not None:
            filters += _SUBSCRIBERS.format(least=self.min_subscribers)
        if self.languages:
            codes = ", ".join(f'"{_checked(code, _CODE)}"' for code in self.languages)
            filters += _LANGUAGES.format(codes=codes)
        if self.without_categories:
            items = " ".join(f"wd:{_checked(item, _ITEM)}" for item in self.without_categories)
            filters += _WITHOUT.format(items=items)
        # A text of JSON is one of SPARQL; what Wikidata states as an id need not be one.
        return _QUERY.format(after=json.dumps(after), filters=filters, page=page or self.page)


def _checked(text: str, form: re.Pattern[str]) -> str:
    """What goes into a question is what it claims to be, and nothing else."""
    if not form.fullmatch(text):
        raise ValueError(f"{text!r} is not of the form {form.pattern}")
    return text


class WikidataFetcher:
    """Asks for items of the kind ``CHANNELS``: one page at a time, each of which leads to lists of videos."""

    def __init__(self, config: WikidataConfig, manners: Manners, gate: Gate | None = None) -> None:
        self._config = config
        self._web = Web(manners, config.web, gate)

    def fetch(self, items: Sequence[Item]) -> Iterator[tuple[Item, Outcome]]:
        """Outcomes of items, each as soon as it is known."""
        for item in items:
            try:
                yield item, self._page(item)
            except Refused as refused:
                yield item, Failed(f"Wikidata refuses the question: {refused.detail}")

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _page(self, item: Item) -> Outcome:
        place = progress_of(item, _Place)
        page = place.page or self._config.page
        try:
            channels = self._asked(place.after, page)
        except NotNow as error:
            if _TOO_SLOW.search(str(error)) and page // 2 >= _SMALLEST_PAGE:
                return GoesOn(_detail(replace(place, page=page // 2)))
            return Failed(f"Wikidata: {error}", error.wait_s, error.counts)
        room = None if self._config.limit is None else max(0, self._config.limit - place.found)
        kept = [channel for channel, matches in channels if matches and _CHANNEL_ID.fullmatch(channel)][:room]
        lists = [Item(YoutubeItem.PLAYLIST, f"https://www.youtube.com/channel/{channel}/videos") for channel in kept]
        if len(channels) < page or (room is not None and len(kept) >= room):
            return Done(found=lists)
        return GoesOn(_detail(replace(place, after=channels[-1][0], found=place.found + len(kept))), found=lists)

    def _asked(self, after: str, page: int) -> list[tuple[str, bool]]:
        """The channels of a page, in the order of their ids, and whether they match."""
        query = urlencode({"query": self._config.query(after, page), "format": "json"})
        headers = {"Accept": "application/sparql-results+json"}
        with self._web.get(f"{self._config.address}?{query}", headers) as answer:
            text = answer.text(_ANSWER_BYTES)
        try:
            rows = json.loads(text)["results"]["bindings"]
            # A count of nothing at all may come as a row of its own.
            counted = [(row["channel"]["value"], int(row["matches"]["value"])) for row in rows if "channel" in row]
            return [(str(channel), matches > 0) for channel, matches in counted]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            # The service answers 200 and writes its fault into the middle of what it had found so far.
            raise NotNow("the answer is no table; the question may have taken too long") from error


@dataclass(frozen=True)
class _Place:
    """How far a list is: the last channel that was looked at, how many matched, and the page; 0 for the usual one."""

    after: str = ""
    found: Count = 0
    page: Count = 0


def _detail(place: _Place) -> str:
    return json.dumps(asdict(place))
