"""What a run of a fetch folder is told: what to ask for, whom, how fast, and what to leave out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from blift.connectors.fetch.items import SERVICE, Fetcher, Item, Kind, Service
from blift.connectors.web.manners import Budget, Manners


@dataclass(frozen=True)
class ServicePlan:
    """One service in a worker process.

    Attributes:
        threads: how many ask at the same time.
        make: makes what one of them asks with; can be pickled.
        batches: how many items of a kind are asked for together, where it is more than one.
    """

    threads: int
    make: Callable[[Manners], Fetcher]
    batches: Mapping[Kind, int] = field(default_factory=dict)


@dataclass(frozen=True)
class ShownFiles:
    """Which media of Reddit posts are collected.

    Attributes:
        hosts: as rules for posts name them (`reddit`, `imgur`, ...).
        videos: ask YouTube for the videos that posts link to.
    """

    hosts: frozenset[str]
    videos: bool


@dataclass(frozen=True)
class FetchPlan:
    """A run of a fetch folder.

    Attributes:
        folder: of the fetch folder, on this machine.
        items: to begin with.
        services: who is asked.
        shown: media of Reddit posts; None where none are collected.
        budget: of the run.
    """

    folder: str
    items: Sequence[Item]
    services: Mapping[Service, ServicePlan]
    shown: ShownFiles | None = None
    budget: Budget = field(default_factory=Budget)

    def kinds(self, service: Service) -> list[Kind]:
        """What a service is asked for; what leads to more comes last, so that little is under way at a time."""
        return [kind for kind in reversed(Kind) if SERVICE[kind] is service]

    @property
    def manners_folder(self) -> str:
        """Where workers share turns."""
        return os.path.join(self.folder, ".manners")
