"""How a platform is fetched: its sections of the recipe, the kinds of its items and records, and what it needs.

A `Connector` has a `Fetching` where its platform can be asked. The queue, threads, paces, retries, budget, archives and
progress are those of `blift fetch`, which is the same for every platform. See docs/platforms.md.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from types import ModuleType
from typing import Any

from blift.connectors.fetch.items import Fetcher, Item
from blift.connectors.fetch.kinds import ItemKind, RecordKind
from blift.connectors.web.manners import Manners
from blift.schemas.errors import RecipeError
from blift.schemas.section import Section

#: `host:port`s, with commas, of servers that may be asked although they are not on the open net, such as a mirror.
ALLOWED = "BLIFT_ALLOW_ADDRESSES"


@dataclass(frozen=True)
class ServicePlan:
    """One service in a worker process.

    Attributes:
        threads: how many ask at the same time.
        make: makes what one of them asks with; can be pickled.
    """

    threads: int
    make: Callable[[Manners], Fetcher]


@dataclass(frozen=True)
class ShownFiles:
    """Which media that posts show are fetched.

    Attributes:
        hosts: as rules for posts name them (`reddit`, `imgur`, ...).
        platforms: names of those whose posts are asked for where a post links to one, such as a video.
    """

    hosts: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FetchContext:
    """What a section of a recipe is planned with.

    Attributes:
        sections: all sections of `fetch` that the recipe has, by key.
        resolve: from paths and globs as the recipe has them to those that can be opened.
        store: folder under which files are kept.
        partial: folder, on the machine that asks, of files that are not whole yet.
        contact: mail or web address that servers are told; None for none.
        lanes: how many such runs there are at the same time. Each keeps to its part of every limit: divide by it.
    """

    sections: Mapping[str, Section]
    resolve: Callable[[Sequence[str]], list[str]]
    store: str
    partial: str
    contact: str | None = None
    lanes: int = 1

    @property
    def allowed(self) -> tuple[str, ...]:
        """Servers that may be asked although they are not on the open net.

        Raises:
            RecipeError: a network among them is none.
        """
        from blift.connectors.web.addresses import Gate  # noqa: PLC0415 - slow, and for those that ask alone

        named = os.environ.get(ALLOWED, "").split(",")
        allowed = tuple(part.strip() for part in named if part.strip())
        try:
            Gate(allowed)
        except ValueError as error:
            raise RecipeError(
                f"{ALLOWED} holds what is no network: {error}. Give `host:port`s or networks such as 10.1.0.0/16."
            ) from error
        return allowed


@dataclass(frozen=True)
class SectionPlan:
    """What a section asks for.

    Attributes:
        items: to begin with.
        services: who is asked, by the name that kinds of items give.
        shown: by the name of a kind of records: which media of their posts are fetched.
        notes: sentences on what could not be understood.
    """

    items: Sequence[Item] = ()
    services: Mapping[str, ServicePlan] = field(default_factory=dict)
    shown: Mapping[str, ShownFiles] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class FetchSection:
    """One section of `fetch` in a recipe.

    Attributes:
        key: in the recipe. That of a platform's own section is the platform's name.
        model: what it holds; its docstring and the descriptions of its fields are its documentation.
        description: of the key, for documentation.
        plan: from the section to what it asks for. It imports what it asks with when it is called, not before: recipes
            are read often, and asked for rarely. It raises ``RecipeError`` where the section asks for nothing.
    """

    key: str
    model: type[Section]
    description: str
    plan: Callable[[Any, FetchContext], SectionPlan]


@dataclass(frozen=True)
class NeededPackage:
    """A package that fetching needs, for `blift doctor`: its name, and what to do where it is not installed."""

    name: str
    remedy: str


@dataclass(frozen=True)
class Credential:
    """Something secret, for `blift doctor`, which looks whether it is there and never reads it.

    Attributes:
        what: it is.
        variables: of the environment that may hold it.
        files: that may hold it.
        use: what it is for, and how to get it.
    """

    what: str
    variables: Sequence[str]
    files: Sequence[str]
    use: str


@dataclass(frozen=True, kw_only=True)
class Fetching:
    """How a platform is fetched.

    Attributes:
        sections: of `fetch` in recipes; the platform's own, and others that lead to it.
        items: kinds of what can be asked for; what leads to others comes first.
        records: kinds of what comes back.
        packages: that it needs.
        credentials: that it needs.
    """

    sections: Sequence[FetchSection]
    items: Sequence[ItemKind]
    records: Sequence[RecordKind]
    packages: Sequence[NeededPackage] = ()
    credentials: Sequence[Credential] = ()


def module_of_extra(name: str) -> ModuleType:
    """A module whose libraries the extra `fetch` brings.

    Raises:
        RecipeError: they are not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"`fetch` needs the extra `fetch` ({error.name} is not installed). Install blift[fetch]."
        ) from error


def begins_at(day: date | None) -> float | None:
    """Seconds since 1970 at which a day begins, UTC; None for no day."""
    return None if day is None else datetime.combine(day, time(), UTC).timestamp()
