"""From a recipe to a run of a fetch folder: what is asked for, whom, and how fast."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from functools import partial
from types import ModuleType

from blift.connectors.fetch.archives import PARTIAL
from blift.connectors.fetch.items import Item, Kind, Service
from blift.connectors.files import match
from blift.connectors.web.addresses import Gate
from blift.connectors.web.client import WebConfig, user_agent
from blift.connectors.web.manners import Budget
from blift.connectors.wikidata.channels import WikidataConfig, WikidataFetcher
from blift.connectors.youtube.ids import read_ids
from blift.pipelines.recipe.fetch import Fetch, FetchReddit, FetchWikidata, FetchYoutube
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.stages.fetch.plan import FetchPlan, ServicePlan, ShownFiles
from blift.schemas.errors import RecipeError

#: `host:port`s, with commas, of servers that may be asked although they are not on the open net, such as a mirror.
ALLOWED = "BLIFT_ALLOW_ADDRESSES"
#: Addresses that are asked in place of YouTube's, Wikidata's and all hosts of files, such as a recording's.
YOUTUBE_BASE, WIKIDATA_ADDRESS, MEDIA_MIRROR = "BLIFT_YOUTUBE_ADDRESS", "BLIFT_WIKIDATA_ADDRESS", "BLIFT_MEDIA_ADDRESS"
#: Threads that ask Reddit: the pace is its, and a request takes less than a second.
_REDDIT_THREADS = 2
_YOUTUBE_THREADS = 4
_NOTES_SHOWN = 5


@dataclass(frozen=True)
class Place:
    """Where what is collected goes.

    Attributes:
        folder: of the fetch folder.
        store: folder under which files are kept.
        partial: folder, on the machine that asks, of files that are not whole yet.
        lanes: how many such runs there are at the same time, each with its part of every limit.
    """

    folder: str
    store: str
    partial: str
    lanes: int = 1

    @classmethod
    def of_fetch(cls, folder: str) -> Place:
        """A fetch folder on this machine."""
        return cls(folder, folder, os.path.join(folder, PARTIAL))


@dataclass
class Asked:
    """What a recipe asks for.

    Attributes:
        plan: of the run.
        notes: sentences on what could not be understood.
    """

    plan: FetchPlan
    notes: list[str] = field(default_factory=list)


def plan_of(source: RecipeFile, place: Place, budget: Budget) -> Asked:
    """The run that a recipe asks for.

    Args:
        source: with a section `fetch`.
        place: where what is collected goes.
        budget: of the run.

    Raises:
        RecipeError: the section asks for nothing, or needs what is not installed.
        InputError: a file that it names cannot be read.
    """
    section = source.recipe.fetch
    if section is None or not (section.reddit or section.youtube):
        raise RecipeError("`fetch` asks neither Reddit nor YouTube for anything. Add `reddit` or `youtube` to it.")
    _check(section)
    items: list[Item] = []
    notes: list[str] = []
    services: dict[Service, ServicePlan] = {}
    shown = None
    if section.reddit:
        items += _reddit_items(section.reddit, source, notes)
        services[Service.REDDIT] = _reddit(section.reddit, section.contact, place.lanes)
        shown = _shown(section)
    if section.youtube:
        items += _youtube_items(section.youtube, source, notes)
        services[Service.YOUTUBE] = _youtube(section.youtube, source, place)
    if section.wikidata:
        wikidata = _wikidata(section.wikidata, section.contact)
        items.append(Item(Kind.CHANNELS, wikidata.key()))
        services[Service.WIKIDATA] = ServicePlan(1, partial(WikidataFetcher, wikidata))
    if shown and shown.hosts:
        services[Service.MEDIA] = _media(section, place)
    return Asked(FetchPlan(place.folder, items, services, shown, budget), notes)


def _check(section: Fetch) -> None:
    """Parts of the section need one another."""
    if section.wikidata and section.youtube is None:
        raise RecipeError("`fetch.wikidata` finds channels of YouTube, and `fetch.youtube` is missing. Add it.")
    if section.reddit and section.reddit.media and section.reddit.media.youtube and section.youtube is None:
        raise RecipeError(
            "`fetch.reddit.media.youtube` asks YouTube for videos, and `fetch.youtube` is missing. Add it, if only "
            "as `youtube: {}`."
        )
    if section.reddit and not (section.reddit.listings or section.reddit.ids):
        raise RecipeError("`fetch.reddit` names neither `listings` nor `ids`, so there is nothing to ask for.")


def _reddit_items(section: FetchReddit, source: RecipeFile, notes: list[str]) -> list[Item]:
    listings = [Item(Kind.LISTING, listing) for listing in section.listings]
    if not section.ids:
        return listings
    ids = _module("blift.connectors.reddit.ids")
    found = [ids.read_ids(file) for file in match(source.resolve(section.ids))]
    bad = [entry for one in found for entry in one.bad]
    notes += [f"{entry.source}, line {entry.number}: {entry.text!r}: {entry.problem}." for entry in bad[:_NOTES_SHOWN]]
    if len(bad) > _NOTES_SHOWN:
        notes.append(f"and {len(bad) - _NOTES_SHOWN:,} more lines that name no post.")
    return [*listings, *(Item(Kind.SUBMISSION, name) for one in found for name in one.ids)]


def _reddit(section: FetchReddit, contact: str | None, lanes: int) -> ServicePlan:
    live, config = _module("blift.connectors.reddit.live"), _module("blift.connectors.reddit.config")
    comments = section.comments and config.CommentsWanted(
        per_post=section.comments.per_post,
        more_requests=section.comments.more_requests,
        sort=section.comments.sort,
        depth=section.comments.depth,
    )
    asked = config.RedditConfig(
        comments=comments,
        posted_from=_seconds(section.posted_from),
        posted_before=_seconds(section.posted_before),
        site=section.site,
        user_agent=user_agent(contact) if contact else None,
        requests_per_minute=section.requests_per_minute / lanes,
    )
    return ServicePlan(_REDDIT_THREADS, partial(live.RedditFetcher, asked), live.BATCHES)


def _youtube_items(section: FetchYoutube, source: RecipeFile, notes: list[str]) -> list[Item]:
    found = [Item(Kind.PLAYLIST, address) for address in section.lists]
    for file in match(source.resolve(section.ids)) if section.ids else []:
        ids = read_ids(file)
        notes += ids.notes
        found += [Item(Kind.VIDEO, video_id) for video_id in ids.ids]
    return found


def _youtube(section: FetchYoutube, source: RecipeFile, place: Place) -> ServicePlan:
    live, config = _module("blift.connectors.youtube.live"), _module("blift.connectors.youtube.config")
    footage = section.footage and config.FootageWanted(
        max_height=section.footage.max_height,
        max_bytes=section.footage.max_bytes,
        max_duration_s=section.footage.max_duration_s,
        store=place.store,
        partial=place.partial,
    )
    asked = config.YoutubeConfig(
        comments=section.comments.per_video if section.comments else 0,
        comment_sort=section.comments.sort if section.comments else "top",
        subtitles=tuple(section.subtitles),
        footage=footage,
        per_list=section.per_list,
        posted_from=_seconds(section.posted_from),
        posted_before=_seconds(section.posted_before),
        cookies_file=source.resolve([section.cookies_file])[0] if section.cookies_file else None,
        proxy=section.proxy,
        proxy_env=section.proxy_env,
        requests_per_minute=section.requests_per_minute / place.lanes,
        base_address=os.environ.get(YOUTUBE_BASE),
        allowed=_allowed(),
    )
    return ServicePlan(_YOUTUBE_THREADS, partial(live.YoutubeFetcher, asked))


def _wikidata(section: FetchWikidata, contact: str | None) -> WikidataConfig:
    plain = WikidataConfig()
    return replace(
        plain,
        languages=tuple(section.languages),
        min_subscribers=section.min_subscribers,
        without_categories=tuple(section.without_categories),
        limit=section.limit,
        address=os.environ.get(WIKIDATA_ADDRESS, plain.address),
        web=replace(plain.web, contact=contact, allowed=_allowed()),
    )


def _shown(section: Fetch) -> ShownFiles | None:
    media = section.reddit and section.reddit.media
    if not media:
        return None
    return ShownFiles(frozenset(media.hosts), media.youtube and section.youtube is not None)


def _media(section: Fetch, place: Place) -> ServicePlan:
    download = _module("blift.connectors.web.download")
    web = section.web
    config = download.FilesConfig(
        store=place.store,
        partial=place.partial,
        web=WebConfig(
            contact=section.contact,
            per_host_per_s=web.per_host_per_s and web.per_host_per_s / place.lanes,
            max_bytes=web.max_bytes,
            max_s=web.max_seconds,
            allowed=_allowed(),
            mirror=os.environ.get(MEDIA_MIRROR),
        ),
        max_height=web.max_height,
        robots=web.robots,
        no_ai=web.no_ai,
    )
    return ServicePlan(web.connections, partial(download.FilesFetcher, config))


def _allowed() -> tuple[str, ...]:
    """Servers that may be asked although they are not on the open net.

    Raises:
        RecipeError: a network among them is none.
    """
    named = os.environ.get(ALLOWED, "").split(",")
    allowed = tuple(part.strip() for part in named if part.strip())
    try:
        Gate(allowed)
    except ValueError as error:
        raise RecipeError(
            f"{ALLOWED} holds what is no network: {error}. Give `host:port`s or networks such as 10.1.0.0/16."
        ) from error
    return allowed


def _seconds(day: date | None) -> float | None:
    """Seconds since 1970 at which a day begins, UTC."""
    return None if day is None else datetime.combine(day, time(), UTC).timestamp()


def _module(name: str) -> ModuleType:
    """A module of a connector, whose libraries are an extra.

    Raises:
        RecipeError: they are not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"`fetch` needs the extra `fetch` ({error.name} is not installed). Install blift[fetch]."
        ) from error
