"""From a recipe to a run of a fetch folder: what is asked for, whom, and how fast."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial

from blift.connectors.fetch.archives import PARTIAL
from blift.connectors.fetch.items import MEDIA, Item
from blift.connectors.fetching import FetchContext, SectionPlan, ServicePlan, ShownFiles, module_of_extra
from blift.connectors.registry import connectors, fetch_sections, fetching
from blift.connectors.web.client import WebConfig
from blift.connectors.web.manners import Budget
from blift.pipelines.recipe.fetch import Fetch
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.schemas.errors import RecipeError

#: Address that is asked in place of all hosts of files, such as a recording's.
MEDIA_MIRROR = "BLIFT_MEDIA_ADDRESS"


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
    if section is None or not section.platforms:
        raise RecipeError(_nobody())
    context = FetchContext(section.sections, source.resolve, place.store, place.partial, section.contact, place.lanes)
    items: list[Item] = []
    notes: list[str] = []
    services: dict[str, ServicePlan] = {}
    shown: dict[str, ShownFiles] = {}
    for planned in _planned(section, context):
        items += planned.items
        notes += planned.notes
        services |= planned.services
        shown |= planned.shown
    if any(one.hosts for one in shown.values()):
        services[MEDIA] = _media(section, context)
    return Asked(FetchPlan(place.folder, items, services, shown, budget), notes)


def _nobody() -> str:
    """That the recipe asks no platform."""
    names = list(fetching())
    titles = [connectors()[name].platform.title for name in names]
    return (
        f"`fetch` asks neither {' nor '.join(titles)} for anything. Add {' or '.join(f'`{name}`' for name in names)} "
        "to it."
    )


def _planned(section: Fetch, context: FetchContext) -> list[SectionPlan]:
    """What each section of a platform asks for."""
    return [one.plan(section.sections[one.key], context) for one in fetch_sections() if one.key in section.sections]


def _media(section: Fetch, context: FetchContext) -> ServicePlan:
    download = module_of_extra("blift.connectors.web.download")
    web = section.web
    config = download.FilesConfig(
        store=context.store,
        partial=context.partial,
        web=WebConfig(
            contact=context.contact,
            per_host_per_s=web.per_host_per_s and web.per_host_per_s / context.lanes,
            max_bytes=web.max_bytes,
            max_s=web.max_seconds,
            allowed=context.allowed,
            mirror=os.environ.get(MEDIA_MIRROR),
        ),
        max_height=web.max_height,
        robots=web.robots,
        no_ai=web.no_ai,
    )
    return ServicePlan(web.connections, partial(download.FilesFetcher, config))
