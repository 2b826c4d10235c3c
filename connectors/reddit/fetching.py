"""How Reddit is fetched: what a recipe asks of it, as items and a fetcher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from blift.connectors.fetch.items import Item
from blift.connectors.fetch.kinds import ItemKind, Lines, RecordKind, Role
from blift.connectors.fetch.schedule import stated_time
from blift.connectors.fetching import (
    Credential,
    FetchContext,
    Fetching,
    FetchSection,
    NeededPackage,
    SectionPlan,
    ServicePlan,
    ShownFiles,
    begins_at,
    module_of_extra,
)
from blift.connectors.files import match
from blift.connectors.reddit.archive import submissions_in
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.reddit.section import FetchReddit
from blift.schemas.errors import RecipeError

_SERVICE = "reddit"
#: Threads that ask Reddit: the pace is its, and a request takes less than a second.
_THREADS = 2
_NOTES_SHOWN = 5
#: As many as `/api/info` takes.
_BATCH = 100


def _plan(section: FetchReddit, context: FetchContext) -> SectionPlan:
    if section.media and section.media.youtube and "youtube" not in context.sections:
        raise RecipeError(
            "`fetch.reddit.media.youtube` asks YouTube for videos, and `fetch.youtube` is missing. Add it, if only "
            "as `youtube: {}`."
        )
    if not (section.listings or section.ids):
        raise RecipeError("`fetch.reddit` names neither `listings` nor `ids`, so there is nothing to ask for.")
    notes: list[str] = []
    items = [Item(RedditItem.LISTING, listing) for listing in section.listings]
    if section.ids:
        items += _of_ids(section, context, notes)
    return SectionPlan(items, {_SERVICE: _service(section, context)}, _shown(section), notes)


def _of_ids(section: FetchReddit, context: FetchContext, notes: list[str]) -> list[Item]:
    ids = module_of_extra("blift.connectors.reddit.ids")
    found = [ids.read_ids(file) for file in match(context.resolve(section.ids))]
    bad = [entry for one in found for entry in one.bad]
    notes += [f"{entry.source}, line {entry.number}: {entry.text!r}: {entry.problem}." for entry in bad[:_NOTES_SHOWN]]
    if len(bad) > _NOTES_SHOWN:
        notes.append(f"and {len(bad) - _NOTES_SHOWN:,} more lines that name no post.")
    return [Item(RedditItem.SUBMISSION, name) for one in found for name in one.ids]


def _service(section: FetchReddit, context: FetchContext) -> ServicePlan:
    from blift.connectors.web.client import user_agent  # noqa: PLC0415 - slow

    live, config = module_of_extra("blift.connectors.reddit.live"), module_of_extra("blift.connectors.reddit.config")
    comments = section.comments and config.CommentsWanted(
        per_post=section.comments.per_post,
        more_requests=section.comments.more_requests,
        sort=section.comments.sort,
        depth=section.comments.depth,
    )
    asked = config.RedditConfig(
        comments=comments,
        posted_from=begins_at(section.posted_from),
        posted_before=begins_at(section.posted_before),
        site=section.site,
        user_agent=user_agent(context.contact) if context.contact else None,
        requests_per_minute=section.requests_per_minute / context.lanes,
    )
    return ServicePlan(_THREADS, partial(live.RedditFetcher, asked))


def _shown(section: FetchReddit) -> dict[str, ShownFiles]:
    if section.media is None:
        return {}
    platforms = frozenset({"youtube"} if section.media.youtube else ())
    return {RedditRecord.SUBMISSION: ShownFiles(frozenset(section.media.hosts), platforms)}


def _posted_at(record: Mapping[str, Any]) -> float | None:
    return stated_time(record.get("created_utc"))


def _posts(records: Sequence[bytes]) -> pa.Table:
    return submissions_in(list(records), "fetch").table


FETCHING = Fetching(
    sections=(FetchSection(key="reddit", model=FetchReddit, description="Reddit.", plan=_plan),),
    items=(
        ItemKind(name=RedditItem.LISTING, role=Role.LIST, plural="listings", service=_SERVICE),
        ItemKind(name=RedditItem.SUBMISSION, role=Role.POST, plural="posts by id", service=_SERVICE, batch=_BATCH),
        ItemKind(name=RedditItem.COMMENTS, role=Role.PART, plural="comment trees", service=_SERVICE),
    ),
    records=(
        RecordKind(
            name=RedditRecord.SUBMISSION,
            plural="Reddit posts",
            archive=Lines("submissions"),
            posted_at=_posted_at,
            posts=_posts,
        ),
        RecordKind(name=RedditRecord.COMMENT, plural="Reddit comments", archive=Lines("comments")),
    ),
    packages=(NeededPackage("praw", "Reddit: pip install 'blift[fetch]'"),),
    credentials=(
        Credential(
            "Reddit client",
            ("praw_client_id",),
            ("praw.ini", "~/.config/praw.ini"),
            "blift fetch: set praw_client_id and its like, see docs/reddit.md",
        ),
    ),
)
