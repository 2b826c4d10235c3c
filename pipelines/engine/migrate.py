"""`blift migrate`: a run folder whose tables are all in their present versions."""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version as version_of
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.filesystem import open_to_read
from blift.connectors.parquet import read_shard, take_in, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import CARD, MANIFEST, RECIPE, REPLACED, Manifest, RunFolder, StageRecord
from blift.pipelines.engine.stage_run import dataset_fingerprint
from blift.pipelines.engine.versions import amend, referenced
from blift.pipelines.recipe.file import recipe_of_result
from blift.schemas.arrow import TABLE_KEY, VERSION_KEY
from blift.schemas.errors import InputError, OutputError
from blift.schemas.migration import losses
from blift.schemas.records import RECORDS

_RELEASE = "release"
_LEFT_OUT = (f"{_RELEASE}/", f"{REPLACED}/")


@dataclass(frozen=True)
class Migrated:
    """What became of a run folder: the versions of its tables before and now, and what was lost, in sentences."""

    manifest: Manifest
    versions: dict[str, tuple[str, str]]
    losses: list[str]


def migrate(source: RunFolder, target: RunFolder) -> Migrated:
    """Write a run folder with the tables of another one in their present versions; the other one stays as it is.

    Its release, which `blift publish` makes anew, is left out. A later build finds none of its stages done: what a
    migration makes of old rows need not be what a build makes.

    Raises:
        InputError: the source is no run folder of this machine, or is damaged.
        SchemaError: a table is of a version that no migration carries to the present one.
        OutputError: the target has files, or cannot be written.
    """
    _check_places(source, target)
    manifest = source.require_manifest()
    target.create()
    with source.locked(), target.locked():
        if target.read_manifest() is not None:
            raise OutputError(f"{target.path} is a run folder already. Choose a new folder.")
        _copy_others(source, target, manifest)
        moved = _Moved(source, target, {}, [])
        stages = {name: moved.record(record) for name, record in manifest.stages.items() if name != _RELEASE}
        shards = [shard for record in stages.values() for shard in record.shards]
        fingerprint = dataset_fingerprint(shards)
        made = replace(manifest, blift=version_of("blift"), stages=stages, fingerprint=fingerprint)
        recipe = recipe_of_result(source.recipe_text(), Path(source.file(RECIPE)))
        amend(target, recipe.recipe.card, made)
    return Migrated(made, moved.versions, moved.losses)


def _check_places(source: RunFolder, target: RunFolder) -> None:
    for folder in (source, target):
        if not folder.is_local:
            raise InputError(f"{folder.path} is not on this machine. Copy the run folder here, and migrate the copy.")
    if os.path.realpath(source.path) == os.path.realpath(target.path):
        raise OutputError(f"{target.path} is the run folder itself, which stays as it is. Choose a new folder.")


@dataclass
class _Moved:
    """Shards on their way from one run folder to another, and what was seen of them."""

    source: RunFolder
    target: RunFolder
    versions: dict[str, tuple[str, str]]
    losses: list[str]

    def record(self, record: StageRecord) -> StageRecord:
        """A stage's record with its shards in the target."""
        before = len(self.losses)
        shards = [self._shard(shard) for shard in record.shards]
        return replace(record, shards=shards, notes=[*record.notes, *self.losses[before:]])

    def _shard(self, shard: Shard) -> Shard:
        table, version = _table_in(self.source.file(shard.path))
        if table not in RECORDS:
            taken = take_in(self.source.file(shard.path), self.target.path, shard.path)
            return replace(shard, size_bytes=taken.size_bytes, sha256=taken.sha256)
        rows = read_shard(self.source.path, shard, table)
        if table not in self.versions:
            self.versions[table] = (version, RECORDS[table].version)
            self.losses += [f"{table}: {sentence}" for sentence in losses(table, version)]
        return write_shard(rows, table, self.target.path, shard.path)


def _table_in(path: str) -> tuple[str, str]:
    """The table in a file, and its version; empty where it is of none.

    Raises:
        InputError: it cannot be read.
    """
    if not path.endswith(".parquet"):
        return "", ""
    try:
        with open_to_read(path) as stream:
            metadata = pq.read_schema(stream).metadata or {}
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"Cannot read the shard {path}: {str(error).rstrip('.')}. Restore it.") from error
    return metadata.get(TABLE_KEY, b"").decode(), metadata.get(VERSION_KEY, b"").decode()


def _copy_others(source: RunFolder, target: RunFolder, manifest: Manifest) -> None:
    """Copy what is a file of no dataset: the recipe and the store of media. Replaced datasets are left out."""
    shards = referenced(source, manifest)
    for name in _files_of(source.path):
        if name not in shards and name not in (MANIFEST, CARD) and not name.startswith((".", *_LEFT_OUT)):
            os.makedirs(posixpath.dirname(target.file(name)), exist_ok=True)
            shutil.copy2(source.file(name), target.file(name), follow_symlinks=False)


def _files_of(folder: str) -> Iterator[str]:
    for parent, _, names in os.walk(folder):
        yield from sorted(posixpath.relpath(posixpath.join(parent, name), folder) for name in names)


def told(migrated: Migrated, folder: RunFolder) -> Iterable[str]:
    """Lines for people."""
    for table, (before, now) in sorted(migrated.versions.items()):
        yield f"{table} {before} -> {now}" if before != now else f"{table} {now}"
    yield from (f"lost: {sentence}" for sentence in migrated.losses)
    fingerprint = migrated.manifest.fingerprint[:16]
    yield f"{folder.path} is the same dataset in the present versions, fingerprint {fingerprint}."
