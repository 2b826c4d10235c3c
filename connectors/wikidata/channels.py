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
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connectors.collection.items import Done, Failed, GoesOn, Item, Kind, Outcome
from connectors.web.addresses import Gate
from connectors.web.client import Web, WebConfig
from connectors.web.manners import Manners
from connectors.web.refusals import NotNow, Refused

_CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{22}")
_CODE, _ITEM = re.compile(r"[a-z]{2,3}"), re.compile(r"Q[1-9][0-9]{0,11}")
_ANSWER_BYTES = 64 << 20
_PATIENT = WebConfig(per_host_per_s=0.5, max_bytes=_ANSWER_BYTES, max_s=120.0, timeout_s=70.0)

_QUERY = """\
SELECT ?channel WHERE {{
  ?who p:P2397 ?statement . ?statement ps:P2397 ?channel .
  FILTER(STR(?channel) > "{after}")
{filters}}}
GROUP BY ?channel ORDER BY STR(?channel) LIMIT {page}"""
_SUBSCRIBERS = """\
  {{ ?statement pq:P3744 ?subscribers }} UNION {{ ?who p:P8687 [ ps:P8687 ?subscribers ; pq:P2397 ?channel ] }}
  FILTER(?subscribers >= {least})
"""
_LANGUAGES = """\
  {{ ?statement pq:P407 ?language }} UNION {{ ?who wdt:P407|wdt:P1412|wdt:P37 ?language }}
  ?language wdt:P218 ?code . FILTER(?code IN ({codes}))
"""
_WITHOUT = """\
  FILTER NOT EXISTS {{ VALUES ?category {{ {items} }} ?who (wdt:P136|wdt:P101|wdt:P106)/wdt:P279* ?category }}
"""


@dataclass(frozen=True)
class WikidataConfig:
    """Which channels are asked for.

    Attributes:
        languages: ISO 639-1 codes; empty for any.
        min_subscribers: at least so many, as Wikidata states them; channels without a number stay out. None for any.
        without_categories: items such as `Q11399`; channels of these, or of kinds of these, stay out.
        limit: channels, at most; None for all.
        page: channels of one question. The service ends questions after 60 s.
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

    def query(self, after: str) -> str:
        """The question for a page, in SPARQL: channels whose ids come after another.

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
        if after:
            _checked(after, _CHANNEL_ID)
        return _QUERY.format(after=after, filters=filters, page=self.page)


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
            except NotNow as error:
                yield item, Failed(f"Wikidata: {error}", error.wait_s, error.counts)
            except Refused as refused:
                yield item, Failed(f"Wikidata refuses the question: {refused.detail}")

    def close(self) -> None:
        """Close the connections."""
        self._web.close()

    def _page(self, item: Item) -> Outcome:
        detail = json.loads(item.detail)
        after, before = str(detail.get("after", "")), int(detail.get("found", 0))
        channels = self._asked(after)
        room = None if self._config.limit is None else max(0, self._config.limit - before)
        kept = [channel for channel in channels if _CHANNEL_ID.fullmatch(channel)][:room]
        lists = [Item(Kind.PLAYLIST, f"https://www.youtube.com/channel/{channel}/videos") for channel in kept]
        is_last = len(channels) < self._config.page or (room is not None and len(kept) >= room)
        if is_last or not kept:
            return Done(found=lists)
        return GoesOn(json.dumps({"after": kept[-1], "found": before + len(kept)}), found=lists)

    def _asked(self, after: str) -> list[str]:
        query = urlencode({"query": self._config.query(after), "format": "json"})
        headers = {"Accept": "application/sparql-results+json"}
        with self._web.get(f"{self._config.address}?{query}", headers) as answer:
            text = answer.text(_ANSWER_BYTES)
        try:
            return [_value(row) for row in json.loads(text)["results"]["bindings"]]
        except (ValueError, KeyError, TypeError) as error:
            # The service answers 200 and writes its fault into the middle of what it had found so far.
            raise NotNow("the answer is no table; the question may have taken too long") from error


def _value(row: dict[str, Any]) -> str:
    return str(row["channel"]["value"])
