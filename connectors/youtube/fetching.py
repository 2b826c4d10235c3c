"""How YouTube is fetched: what a recipe asks of it and, for its channels, of Wikidata, as items and fetchers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from blift.connectors.fetch.items import Item
from blift.connectors.fetch.kinds import ItemKind, OneFile, RecordKind, Role
from blift.connectors.fetch.schedule import stated_time
from blift.connectors.fetching import (
    FetchContext,
    Fetching,
    FetchSection,
    NeededPackage,
    SectionPlan,
    ServicePlan,
    begins_at,
    module_of_extra,
)
from blift.connectors.files import match
from blift.connectors.youtube.ids import read_ids
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.connectors.youtube.section import FetchWikidata, FetchYoutube
from blift.schemas.errors import RecipeError

#: Addresses that are asked in place of YouTube's and Wikidata's, such as a recording's.
YOUTUBE_BASE, WIKIDATA_ADDRESS = "BLIFT_YOUTUBE_ADDRESS", "BLIFT_WIKIDATA_ADDRESS"
_YOUTUBE, _WIKIDATA = "youtube", "wikidata"
_THREADS = 4


def _plan(section: FetchYoutube, context: FetchContext) -> SectionPlan:
    items = [Item(YoutubeItem.PLAYLIST, address) for address in section.lists]
    notes: list[str] = []
    for file in match(context.resolve(section.ids)) if section.ids else []:
        ids = read_ids(file)
        notes += ids.notes
        items += [Item(YoutubeItem.VIDEO, video_id) for video_id in ids.ids]
    return SectionPlan(items, {_YOUTUBE: _service(section, context)}, notes=notes)


def _service(section: FetchYoutube, context: FetchContext) -> ServicePlan:
    live, config = module_of_extra("blift.connectors.youtube.live"), module_of_extra("blift.connectors.youtube.config")
    footage = section.footage and config.FootageWanted(
        max_height=section.footage.max_height,
        max_bytes=section.footage.max_bytes,
        max_duration_s=section.footage.max_duration_s,
        store=context.store,
        partial=context.partial,
    )
    asked = config.YoutubeConfig(
        comments=section.comments.per_video if section.comments else 0,
        comment_sort=section.comments.sort if section.comments else "top",
        subtitles=tuple(section.subtitles),
        footage=footage,
        per_list=section.per_list,
        posted_from=begins_at(section.posted_from),
        posted_before=begins_at(section.posted_before),
        cookies_file=context.resolve([section.cookies_file])[0] if section.cookies_file else None,
        proxy=section.proxy,
        proxy_env=section.proxy_env,
        requests_per_minute=section.requests_per_minute / context.lanes,
        base_address=os.environ.get(YOUTUBE_BASE),
        allowed=context.allowed,
    )
    return ServicePlan(_THREADS, partial(live.YoutubeFetcher, asked))


def _plan_wikidata(section: FetchWikidata, context: FetchContext) -> SectionPlan:
    from blift.connectors.youtube.wikidata import WikidataConfig, WikidataFetcher  # noqa: PLC0415 - slow

    if _YOUTUBE not in context.sections:
        raise RecipeError("`fetch.wikidata` finds channels of YouTube, and `fetch.youtube` is missing. Add it.")
    plain = WikidataConfig()
    asked = replace(
        plain,
        languages=tuple(section.languages),
        min_subscribers=section.min_subscribers,
        without_categories=tuple(section.without_categories),
        limit=section.limit,
        address=os.environ.get(WIKIDATA_ADDRESS, plain.address),
        web=replace(plain.web, contact=context.contact, allowed=context.allowed),
    )
    service = ServicePlan(1, partial(WikidataFetcher, asked))
    return SectionPlan([Item(YoutubeItem.CHANNELS, asked.key())], {_WIKIDATA: service})


def _posted_at(record: Mapping[str, Any]) -> float | None:
    """The second that is stated, or the beginning of the day, UTC."""
    stated, day = stated_time(record.get("timestamp")), record.get("upload_date")
    if stated is not None or not isinstance(day, str):
        return stated
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


FETCHING = Fetching(
    sections=(
        FetchSection(key="youtube", model=FetchYoutube, description="YouTube.", plan=_plan),
        FetchSection(
            key="wikidata",
            model=FetchWikidata,
            description="Lists of channels; needs `youtube`.",
            plan=_plan_wikidata,
        ),
    ),
    items=(
        ItemKind(name=YoutubeItem.CHANNELS, role=Role.LIST, plural="channel lists", service=_WIKIDATA),
        ItemKind(name=YoutubeItem.PLAYLIST, role=Role.LIST, plural="video lists", service=_YOUTUBE),
        ItemKind(name=YoutubeItem.VIDEO, role=Role.POST, plural="videos", service=_YOUTUBE),
        ItemKind(name=YoutubeItem.FOOTAGE, role=Role.FILE, plural="files of videos", service=_YOUTUBE),
    ),
    records=(
        RecordKind(name=YoutubeRecord.VIDEO, plural="videos", archive=OneFile("info.json"), posted_at=_posted_at),
        RecordKind(name=YoutubeRecord.SUBTITLES, plural="", archive=OneFile()),
    ),
    packages=(NeededPackage("yt-dlp", "YouTube: pip install 'blift[fetch]'"),),
)
