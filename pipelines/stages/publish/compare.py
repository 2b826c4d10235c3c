"""Two versions of a dataset side by side: rows added, removed, changed, and what that asks of the next version."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from blift.connectors.hub.client import Hub, Snapshot
from blift.connectors.parquet import read_parquet, read_shard, table_version
from blift.pipelines.engine.run_folder import MANIFEST, Manifest, RunFolder
from blift.pipelines.stages.publish.edition import Facts
from blift.pipelines.stages.publish.files import PublishedManifest
from blift.pipelines.stages.publish.versions import Difference, difference
from blift.pipelines.stages.release import layout
from blift.pipelines.stages.release import stage as release
from blift.schemas.baseline import BASELINES, load
from blift.schemas.configs import CONFIGS
from blift.schemas.definition import Definition
from blift.schemas.errors import InputError
from blift.transforms.digests import SCHEMA as DIGESTS
from blift.transforms.digests import compare, row_digests
from blift.transforms.row_changes import RowChanges
from blift.transforms.tables import concat

_AGAIN = "Release the run folder again."


@dataclass(frozen=True)
class Side:
    """One version: definitions of its tables, and digests of its rows, by configuration."""

    definitions: Mapping[str, Definition]
    digests: Mapping[str, pa.Table]


def compared(old: Side, new: Side) -> Difference:
    """What changed from one to the other; configurations without digests are compared by their tables alone."""
    none = DIGESTS.empty_table()
    rows = {
        config: compare(old.digests.get(config, none), new.digests.get(config, none))
        for config in {**old.digests, **new.digests}
    }
    return difference(rows, old.definitions, new.definitions)


def run_side(folder: RunFolder, *, released: bool) -> Side:
    """A run folder, as built or as released.

    Raises:
        InputError: it is no run folder, or has no release.
    """
    manifest = folder.read_manifest()
    if manifest is None:
        raise InputError(f"{folder.path} has no {MANIFEST}: it is no run folder.")
    if not released:
        names = [name for name, _, _ in CONFIGS]
        return _read(folder, release.parts(manifest, names))
    if layout.STAGE not in manifest.stages:
        path = shlex.quote(folder.path)
        raise InputError(f"{folder.path} has no release to compare. Make one: blift publish {path} --dry-run")
    return _released(folder, manifest)


def _read(folder: RunFolder, parts: Iterable[layout.Part]) -> Side:
    found: dict[str, list[pa.Table]] = {}
    definitions = {}
    for part in parts:
        digests = row_digests(read_shard(folder.path, part.shard, part.table), part.table)
        found.setdefault(part.config, []).append(digests)
        if part.config not in definitions:
            version = table_version(folder.path, part.shard)
            definitions[part.config] = load(BASELINES / f"{part.table}-{version}.json")
    return Side(definitions, {config: concat(tables, DIGESTS) for config, tables in found.items()})


def _released(folder: RunFolder, manifest: Manifest) -> Side:
    shards = manifest.stages[layout.STAGE].shards
    digests: dict[str, pa.Table] = {}
    definitions = {}
    for name, place, table in layout.PUBLISHED:
        own = [shard for shard in shards if fnmatch(shard.path, f"{layout.FOLDER}{place}/*.parquet")]
        if own:
            definitions[name] = load(BASELINES / f"{table}-{table_version(folder.path, own[0])}.json")
        path = f"{layout.FOLDER}{layout.digests_path(name)}"
        for shard in shards:
            if shard.name == path:
                digests[name] = _digests_of(read_parquet(folder.path, shard), folder.file(path), _AGAIN)
    return Side(definitions, digests)


def _digests_of(rows: pa.Table, where: str, way_out: str) -> pa.Table:
    """Digests of rows, as they were read.

    Raises:
        InputError: they are none.
    """
    if not rows.schema.equals(DIGESTS) or any(column.null_count for column in rows.columns):
        raise InputError(f"{where} holds no digests of rows. {way_out}")
    return rows


def hub_side(hub: Hub, snapshot: Snapshot) -> Side:
    """A published version.

    Raises:
        InputError: blift did not publish it.
        PublishError: it may not be read.
    """
    if MANIFEST not in snapshot.files:
        raise InputError(f"{hub.repo} at {snapshot.commit[:10]} has no {MANIFEST}: blift did not publish it.")
    text = hub.read(MANIFEST, snapshot.commit)
    published = PublishedManifest.parse(text, f"{MANIFEST} of {hub.repo}")
    return Side(hub_definitions(hub, snapshot, published), hub_digests(hub, snapshot, published.tables))


def hub_definitions(hub: Hub, snapshot: Snapshot, published: PublishedManifest) -> dict[str, Definition]:
    """The definitions of a published version's tables, by configuration."""
    return {
        name: _definition_of(hub.read(path, snapshot.commit), f"{path} of {hub.repo}")
        for name, path in published.schemas.items()
    }


def _definition_of(text: bytes | str, where: str) -> Definition:
    """A table's definition out of a published schema file.

    Raises:
        InputError: it is none.
    """
    try:
        return Definition.model_validate_json(text)
    except ValidationError as error:
        raise InputError(f"{where} is no definition of a table ({error.error_count()} faults).") from error


def hub_digests(hub: Hub, snapshot: Snapshot, configs: Iterable[str]) -> dict[str, pa.Table]:
    """The digests of the rows of some configurations of a published version.

    Raises:
        InputError: a file of them is damaged.
        PublishError: one may not be read.
    """
    paths = {config: layout.digests_path(config) for config in configs}
    return {
        config: _published_digests(hub.read(path, snapshot.commit), f"{path} of {hub.repo}")
        for config, path in paths.items()
        if path in snapshot.files
    }


def _published_digests(content: bytes, where: str) -> pa.Table:
    """The digests of rows in a published file.

    Raises:
        InputError: it is damaged, or holds something else.
    """
    again = "Delete it there and publish again, or compare with another version."
    try:
        rows = pq.read_table(pa.BufferReader(content), page_checksum_verification=True)
        rows.validate(full=True)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        raise InputError(f"{where} is damaged ({str(error).rstrip('.')}). {again}") from error
    return _digests_of(rows, where, again)


def changed_since(
    hub: Hub, head: Snapshot, published: PublishedManifest, facts: Facts, folder: RunFolder
) -> Difference:
    """What a release changes of the published version; digests of rows are fetched where they differ.

    Raises:
        PublishError: the published version may not be read.
        InputError: the release is damaged, or the published version is.
    """
    paths = {config: layout.digests_path(config) for config in facts.definitions}
    new = {config: shard for config, path in paths.items() if (shard := facts.shards.get(path))}
    differing = [config for config, shard in new.items() if published.files.get(paths[config]) != shard.sha256]
    old = hub_digests(hub, head, differing)
    rows = {config: RowChanges() for config in new}
    for config in differing:
        own = _digests_of(read_parquet(folder.path, new[config]), folder.file(new[config].path), _AGAIN)
        rows[config] = compare(old.get(config, DIGESTS.empty_table()), own)
    return difference(rows, hub_definitions(hub, head, published), facts.definitions)


def json_text(changed: Difference, lowest: str | None) -> str:
    """A difference for programs."""
    rows = {
        config: {"added": change.added, "removed": change.removed, "changed": change.changed}
        for config, change in changed.rows.items()
    }
    level = changed.level.name.lower()
    return json.dumps({"rows": rows, "schemas": changed.schemas, "raises": level, "next": lowest}, indent=1)
