"""The datasets whose columns are described or compared: run folders, and versions on the Hub."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

import pyarrow as pa

from blift.connectors.hub.dataset import HubFile, read_table
from blift.connectors.hub.extra import require_hub
from blift.connectors.hub.named import named_on_hub
from blift.connectors.parquet import read_batches
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import MANIFEST, Manifest, RunFolder
from blift.pipelines.engine.versions import is_run_folder, run_folder
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import InputError
from blift.schemas.statistics import Dataset, Drift, Statistics, TokenizerName
from blift.transforms.statistics.counts import Tokens, count, merged
from blift.transforms.statistics.describe import describe, drift

#: Configurations that are described only where they are named: another has the same pairs, or they are no part of it.
_LEFT_OUT = ("chat", "chat_without_media", "rejects")
_BATCH_ROWS = 10_000


@dataclass(frozen=True)
class ShardOfRun:
    """A shard of a run folder."""

    folder: str
    shard: Shard

    def read(self, table: str) -> Iterator[pa.Table]:
        """Its rows, some at a time."""
        return read_batches(self.folder, self.shard, table, _BATCH_ROWS)


@dataclass(frozen=True)
class FileOfHub:
    """A file of a published version."""

    file: HubFile

    def read(self, table: str) -> Iterator[pa.Table]:
        """Its rows, some at a time."""
        return read_table(self.file, table)


@dataclass(frozen=True)
class File:
    """A file of a configuration, and how many rows its manifest says it has."""

    config: str
    table: str
    rows: int
    content: ShardOfRun | FileOfHub

    def counts(self, tokens: Tokens | None) -> pa.Table:
        """What occurs how often in its columns.

        Raises:
            BliftError: it is missing or damaged.
        """
        return merged(count(rows, tokens) for rows in self.content.read(self.table))


@dataclass(frozen=True)
class Side:
    """A dataset: its name, and the files of its configurations. ``decides`` is what its content follows from."""

    name: Dataset
    files: Sequence[File]
    decides: Mapping[str, str]

    @property
    def rows(self) -> dict[str, int]:
        """The rows of each configuration."""
        found: dict[str, int] = {}
        for file in self.files:
            found[file.config] = found.get(file.config, 0) + file.rows
        return found

    def counts(self, tokens: Tokens | None, started: Callable[[str], None]) -> dict[str, pa.Table]:
        """What occurs how often in the columns of each configuration; ``started`` is told which it is at."""
        found = {}
        for config in self.rows:
            started(config)
            found[config] = merged(file.counts(tokens) for file in self.files if file.config == config)
        return found


def wanted(configs: Collection[str] | None) -> list[str]:
    """The configurations to describe; None for all that tell something of their own."""
    names = [name for name, _, _ in CONFIGS]
    return [name for name in names if (name in configs if configs is not None else name not in _LEFT_OUT)]


def side_of(name: str, configs: Collection[str] | None) -> Side:
    """The dataset that a person names: a run folder (`RUN@previous` for the one before), or `OWNER/NAME@v1.0.0`.

    Raises:
        InputError: it is neither, or is damaged.
        PublishError: the Hub does not give it.
    """
    if is_run_folder(name) or "://" in name:
        folder = run_folder(name)
        return run_side(folder, folder.require_manifest(), configs)
    found = named_on_hub(name)
    if not found:
        raise InputError(f"{name} is neither a run folder nor a dataset. Write a dataset as OWNER/NAME@v1.0.0.")
    return _hub_side(found.repo, found.revision, configs)


def run_side(folder: RunFolder, manifest: Manifest, configs: Collection[str] | None) -> Side:
    """A run folder, as its manifest has it."""
    chosen = wanted(configs)
    shards = [
        (config, table, shard)
        for config, place, table in CONFIGS
        if config in chosen
        for shard in sorted(manifest.shards)
        if shard.path.startswith(f"{place}/")
    ]
    files = [File(config, table, shard.rows, ShardOfRun(folder.path, shard)) for config, table, shard in shards]
    name = Dataset(manifest.recipe, manifest.fingerprint)
    return Side(name, files, {shard.path: shard.sha256 for *_, shard in shards})


def _hub_side(repo: str, revision: str | None, configs: Collection[str] | None) -> Side:
    require_hub()
    from blift.connectors.hub.client import MAIN, Hub  # noqa: PLC0415 - an extra
    from blift.pipelines.stages.publish.files import PublishedManifest  # noqa: PLC0415 - the same

    hub = Hub(repo)
    snapshot = hub.snapshot(revision or MAIN)
    if MANIFEST not in snapshot.files:
        raise InputError(f"{repo} at {snapshot.commit[:10]} has no {MANIFEST}: blift did not publish it.")
    published = PublishedManifest.parse(hub.read(MANIFEST, snapshot.commit), f"{MANIFEST} of {repo}")
    chosen = wanted(configs)
    files = [
        File(config, table, published.rows.get(path, 0), FileOfHub(HubFile(repo, snapshot.commit, path, digest)))
        for config, place, table in CONFIGS
        if config in chosen
        for path, digest in sorted(snapshot.files.items())
        if fnmatch(path, f"{place}/*.parquet")
    ]
    name = f"{repo}@{revision}" if revision else repo
    return Side(Dataset(name, snapshot.commit), files, {repo: snapshot.commit})


def statistics_of(
    now: Side,
    counts: Mapping[str, pa.Table],
    tokenizer: TokenizerName | None,
    then: tuple[Side, Mapping[str, pa.Table]] | None,
) -> Statistics:
    """Statistics out of the counts of a dataset, and of the one that it is compared with."""
    tables = [describe(name, now.rows[name], found) for name, found in counts.items()]
    return Statistics(
        dataset=now.name, tokenizer=tokenizer, tables=tables, drift=_drift(counts, *then) if then else None
    )


def _drift(counts: Mapping[str, pa.Table], then: Side, before: Mapping[str, pa.Table]) -> Drift:
    columns = [
        column for name, found in counts.items() if name in before for column in drift(name, found, before[name])
    ]
    return Drift(then.name, columns, sorted(counts.keys() ^ before.keys()))
