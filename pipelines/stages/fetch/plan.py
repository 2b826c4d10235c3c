"""What a run of a fetch folder is told: what to ask for, whom, how fast, and what to leave out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from blift.connectors.fetch.items import Item
from blift.connectors.fetching import ServicePlan, ShownFiles
from blift.connectors.web.manners import Budget


@dataclass(frozen=True)
class FetchPlan:
    """A run of a fetch folder.

    Attributes:
        folder: of the fetch folder, on this machine.
        items: to begin with.
        services: who is asked, by name.
        shown: by kind of records, which media of their posts are fetched.
        budget: of the run.
    """

    folder: str
    items: Sequence[Item]
    services: Mapping[str, ServicePlan]
    shown: Mapping[str, ShownFiles] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    @property
    def manners_folder(self) -> str:
        """Where workers share turns."""
        return os.path.join(self.folder, ".manners")
