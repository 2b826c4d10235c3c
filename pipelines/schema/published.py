"""Tables as data have them: those of a run folder or of any folder of Parquet files, and those on the Hub."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.filesystem import open_to_read
from blift.pipelines.engine.run_folder import MANIFEST
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.schema.side import Side, side_of_definitions
from blift.schemas.arrow import TABLE_KEY, VERSION_KEY, definition_of
from blift.schemas.baseline import BASELINES, load
from blift.schemas.configs import LISTS
from blift.schemas.definition import STATES_TYPES, Definition
from blift.schemas.errors import InputError, SchemaError

#: The first bytes of files.
_PARQUET, _ARROW_FILE = b"PAR", b"ARROW1"


def side_of_shards(folder: str) -> Side:
    """The tables of the Parquet files below a folder, each version once. Lists of a run folder are no tables.

    Raises:
        InputError: there are none, or one is damaged.
    """
    found: dict[tuple[str, str], Definition] = {}
    is_run = not os.path.isdir(folder) or (Path(folder) / MANIFEST).is_file()
    for path in _shards(folder):
        if is_run and path.parent.name == LISTS:
            continue
        one = definition_of_file(str(path), default=path.stem)
        found.setdefault((one.table, one.version), one)
    if not found:
        raise InputError(f"{folder} holds no baselines and no Parquet files.")
    return side_of_definitions(folder, list(found.values()))


def _shards(folder: str) -> list[Path]:
    """The Parquet files below a folder, or of an earlier dataset of a run folder."""
    if os.path.isdir(folder):
        return sorted(Path(folder).rglob("*.parquet"))
    kept = run_folder(folder)
    return [Path(kept.file(shard.path)) for shard in kept.require_manifest().shards if shard.path.endswith(".parquet")]


def definition_of_file(path: str, default: str) -> Definition:
    """The definition of the table in a Parquet or Arrow file, or the table ``default`` where it does not say which.

    Raises:
        InputError: the file is damaged, or of another format.
    """
    try:
        with open_to_read(path) as stream:
            start = stream.read(len(_ARROW_FILE))
            stream.seek(0)
            if start.startswith(_PARQUET):
                return stated(pq.read_schema(stream), default)
            opened = pa.ipc.open_file(stream) if start == _ARROW_FILE else pa.ipc.open_stream(stream)
            return stated(opened.schema, default)
    except (OSError, pa.ArrowException, UnicodeDecodeError) as error:
        reason = str(error).rstrip(".")
        raise InputError(f"{path} is no Parquet or Arrow file that can be read: {reason}.") from error


def stated(schema: pa.Schema, default: str) -> Definition:
    """The definition of a schema that may say which table and version it is.

    A baseline of that version states more than Arrow does; it counts where it says the same of types.
    """
    metadata = schema.metadata or {}
    table, version = metadata.get(TABLE_KEY, b"").decode() or default, metadata.get(VERSION_KEY, b"").decode()
    found = definition_of(schema, table, version)
    try:
        baseline = load(BASELINES / f"{table}-{version}.json")
    except SchemaError:
        return found
    return baseline if baseline.stating(STATES_TYPES) == found else found


def side_on_hub(name: str, repo: str, revision: str) -> Side:
    """The tables of a dataset on the Hub at a revision.

    Raises:
        InputError: blift did not publish it.
        PublishError: it may not be read.
    """
    from blift.connectors.hub.client import Hub  # noqa: PLC0415 - an extra, needed by who reads from the Hub alone
    from blift.pipelines.engine.run_folder import MANIFEST  # noqa: PLC0415 - the same
    from blift.pipelines.stages.publish.compare import hub_definitions  # noqa: PLC0415 - the same
    from blift.pipelines.stages.publish.files import PublishedManifest  # noqa: PLC0415 - the same

    hub = Hub(repo)
    snapshot = hub.snapshot(revision)
    if MANIFEST not in snapshot.files:
        raise InputError(f"{repo} at {revision} has no {MANIFEST}: blift did not publish it.")
    published = PublishedManifest.parse(hub.read(MANIFEST, snapshot.commit), f"{MANIFEST} of {repo}")
    unique = {(one.table, one.version): one for one in hub_definitions(hub, snapshot, published).values()}
    return side_of_definitions(name, list(unique.values()))
