"""An edition of a dataset: its version and what it changes; and the facts that its card and metadata tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cached_property

from blift.connectors.shard import Shard
from blift.pipelines.engine.card_parts import data_files
from blift.pipelines.engine.run_folder import Manifest, StageRecord
from blift.pipelines.recipe.result import Card
from blift.pipelines.stages.publish.versions import Difference
from blift.pipelines.stages.release import layout
from blift.schemas.definition import Definition, definition
from blift.schemas.errors import InputError
from blift.schemas.records import RECORDS
from blift.transforms.accounting import FunnelRow

#: Where the Hub is, whatever server a publication goes to: an address in a card is for its readers.
HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Edition:
    """Which version of a dataset this is, and what it changes."""

    version: str
    previous: str | None
    changed: Difference


@dataclass(frozen=True)
class SplitFacts:
    """A split of a configuration: the pattern of its files, how many they are, their rows, their bytes on disk."""

    name: str
    pattern: str
    files: int
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Facts:
    """What is known of a release: a run's manifest, read for the Hub."""

    manifest: Manifest
    card: Card
    repo: str

    @cached_property
    def shards(self) -> dict[str, Shard]:
        """The released shards, by their path in the dataset."""
        return {shard.path.removeprefix(layout.FOLDER): shard for shard in self._record.shards}

    @property
    def _record(self) -> StageRecord:
        if layout.STAGE not in self.manifest.stages:
            raise InputError("The run folder has no release. Run `blift publish --dry-run` to make one.")
        return self.manifest.stages[layout.STAGE]

    @cached_property
    def configs(self) -> dict[str, list[SplitFacts]]:
        """The published configurations, with their splits."""
        placed = [Shard(path, shard.rows, shard.size_bytes, shard.sha256) for path, shard in self.shards.items()]
        return {
            name: [_split(files["split"], files["path"], placed) for files in parts]
            for name, parts in data_files(placed, layout.PUBLISHED)
        }

    @property
    def tables(self) -> dict[str, str]:
        """The table of every published configuration."""
        return {name: table for name, _, table in layout.PUBLISHED if name in self.configs}

    @cached_property
    def definitions(self) -> dict[str, Definition]:
        """The tables, by configuration."""
        return {name: definition(RECORDS[table]) for name, table in self.tables.items()}

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
            if kind == layout.POSTED:
                found.setdefault(rest[0], {})[rest[1]] = count
        return found

    @property
    def funnel(self) -> Iterator[FunnelRow]:
        """The rows of the funnel, stage by stage."""
        for record in self.manifest.stages.values():
            yield from record.funnel

    @property
    def inputs(self) -> Mapping[str, object]:
        """What the collect stage read."""
        return self.manifest.stages["collect"].inputs if "collect" in self.manifest.stages else {}


def _split(name: str, pattern: str, shards: list[Shard]) -> SplitFacts:
    own = [shard for shard in shards if fnmatch(shard.path, pattern)]
    return SplitFacts(name, pattern, len(own), sum(s.rows for s in own), sum(s.size_bytes for s in own))
