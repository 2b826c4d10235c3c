"""An edition of a dataset: its version and what it changes; and the facts that its card tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from blift.connectors.shard import Shard
from blift.pipelines.engine.card import Published, dataset_card
from blift.pipelines.engine.card_parts import Config, configs_of
from blift.pipelines.engine.funnel import cell
from blift.pipelines.engine.run_folder import Manifest, StageRecord
from blift.pipelines.recipe.result import Card
from blift.pipelines.stages.publish.versions import Difference
from blift.pipelines.stages.release import layout
from blift.schemas.definition import Definition, definition
from blift.schemas.errors import InputError
from blift.schemas.records import RECORDS
from blift.schemas.statistics import Statistics

#: Path of the picture of the funnel in a published dataset.
PICTURE = "funnel.svg"


@dataclass(frozen=True)
class Edition:
    """Which version of a dataset this is, and what it changes."""

    version: str
    previous: str | None
    changed: Difference

    @property
    def description(self) -> str:
        """What it changes, as Markdown, for the card and for the commit."""
        if self.previous is None:
            return "The first version."
        lines = [f"- {sentence}" for sentence in self.changed.schemas]
        lines += [
            f"- `{config}`: {rows.added:,} rows added, {rows.removed:,} removed, {rows.changed:,} changed"
            for config, rows in self.changed.rows.items()
            if rows.any
        ]
        if not lines:
            return f"Since {self.previous} only the card or the recipe changed."
        return "\n".join([f"Since {self.previous}:\n", *lines])


@dataclass(frozen=True)
class Facts:
    """What is known of a release: a run's manifest, read for the Hub."""

    manifest: Manifest
    card: Card
    repo: str
    statistics: Statistics | None = None

    @cached_property
    def shards(self) -> dict[str, Shard]:
        """The released shards, by their path in the dataset."""
        return {shard.name.removeprefix(layout.FOLDER): shard for shard in self._record.shards}

    @property
    def _record(self) -> StageRecord:
        if layout.STAGE not in self.manifest.stages:
            raise InputError("The run folder has no release. Run `blift publish --dry-run` to make one.")
        return self.manifest.stages[layout.STAGE]

    @cached_property
    def configs(self) -> list[Config]:
        """The published configurations, with their splits."""
        placed = [Shard(path, shard.rows, shard.size_bytes, shard.sha256) for path, shard in self.shards.items()]
        return configs_of(placed, layout.PUBLISHED)

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """The tables, by configuration."""
        return {config.name: definition(RECORDS[config.table]) for config in self.configs}

    @property
    def replaced(self) -> dict[str, dict[str, int]]:
        """Personal data that was replaced, by configuration and kind."""
        found: dict[str, dict[str, int]] = {}
        for what, count in self._record.findings.items():
            config, _, kind = what.partition(" ")
            if kind in layout.KINDS:
                found.setdefault(config, {})[kind] = count
        return found

    @property
    def bared(self) -> dict[str, dict[str, int]]:
        """Files of media from which metadata were taken, and among them those with a location, by configuration."""
        found: dict[str, dict[str, int]] = {}
        for what, count in self._record.findings.items():
            config, _, kind = what.partition(" ")
            if kind in layout.REMOVED:
                found.setdefault(config, dict.fromkeys(layout.REMOVED, 0))[kind] = count
        return found

    @property
    def withheld(self) -> dict[str, dict[str, int]]:
        """Rows that the release kept back, by configuration and reason."""
        return {row.table: row.rejected for row in self._record.funnel if row.rejected}

    @property
    def withdrawn(self) -> int:
        """Withdrawn posts and comments within samples; the gate lets none pass."""
        return self._record.findings.get(layout.WITHDRAWN, 0)

    @property
    def posted(self) -> dict[str, dict[str, int]]:
        """Samples by platform and month (`2021-07`) in which they were posted."""
        found: dict[str, dict[str, int]] = {}
        for what, count in self._record.findings.items():
            kind, *rest = what.split(" ")
            if kind == layout.POSTED and len(rest) == 2:  # noqa: PLR2004 - platform and month
                found.setdefault(rest[0], {})[rest[1]] = count
        return found

    def card_text(self, edition: Edition) -> str:
        """The card of an edition."""
        names = [config.name for config in self.configs]
        media = [name for name, *_ in (*layout.BESIDE, *layout.HOLDING) if name in names]
        published = Published(
            repo=self.repo,
            version=edition.version,
            changes=edition.description,
            configs=self.configs,
            beside=[(name, folder) for name, folder, _ in layout.BESIDE if name in names],
            embedded=[name for name, *_ in layout.HOLDING if name in names],
            picture=PICTURE,
            posted=self.posted,
            replaced=self.replaced,
            bared={name: self.bared.get(name, dict.fromkeys(layout.REMOVED, 0)) for name in media},
            withheld={name: _counted(self.withheld.get(name, {})) for name in media},
        )
        return dataset_card(self.card, self.manifest, published, self.statistics)


def _counted(reasons: Mapping[str, int]) -> str:
    return ", ".join(f"{cell(reason)} {count:,}" for reason, count in reasons.items())
