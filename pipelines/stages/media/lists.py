"""Lists of the files of media in a run folder, read: where each file lies, and the media store."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath

import pyarrow as pa

from blift.connectors.filesystem import is_here, within
from blift.connectors.inside import check_inside
from blift.connectors.parquet import read_parquet
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.configs import LISTS
from blift.schemas.errors import InputError

#: Folder of the lists in a run folder. They name paths of this machine, and are never published.
FOLDER = f"{LISTS}/"
#: A file: name relative to its source, path to open (relative to the run folder where it lies there), size in bytes.
LISTED = pa.schema([pa.field("file", pa.string()), pa.field("path", pa.string()), pa.field("size_bytes", pa.int64())])
#: Where the metadata of a list say the address of the media store.
STORE_KEY = b"blift.store"


def read_list(folder: str, shard: Shard) -> pa.Table:
    """One list, as ``LISTED``, with paths that can be opened.

    Raises:
        InputError: it is missing or damaged, or names a file by a way that leads out of the run folder.
    """
    rows = _stored(folder, shard)
    return rows.set_column(1, LISTED.field(1), pa.array(_paths(folder, rows), pa.string())).cast(LISTED)


def _stored(folder: str, shard: Shard) -> pa.Table:
    rows = read_parquet(folder, shard)
    if not rows.schema.equals(LISTED) or any(column.null_count for column in rows.columns):
        raise InputError(f"{posixpath.join(folder, shard.path)} is no list of files. Build it again.")
    return rows


def _paths(folder: str, rows: pa.Table) -> list[str]:
    return [_opened(folder, name) for name in rows.column("path").to_pylist()]


def store_of(folder: RunFolder, shard: Shard) -> str:
    """Address of the media store, as a list says.

    Raises:
        InputError: the list is missing or damaged.
    """
    schema = read_parquet(folder.path, shard, []).schema
    return _opened(folder.path, (schema.metadata or {}).get(STORE_KEY, b"store").decode(errors="replace"))


def _opened(folder: str, path: str) -> str:
    """The place that a list names: one of the machine that built, or one below the run folder.

    Raises:
        InputError: it is relative, and leads out of the folder or through a link.
    """
    if not path.startswith("/") and is_here(path):
        check_inside(folder, path)
    return within(folder, path)


def changed(path: str) -> list[int] | None:
    """Size and time of change of a file, in nanoseconds; None where there is none, or it is not of this machine."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def there(folder: RunFolder, lists: list[Shard], *, times: bool = True) -> tuple[str, int]:
    """A digest of what lies where files were listed, so that one that comes back is published; and their bytes."""
    digest, size = hashlib.sha256(), 0
    for shard in lists:
        rows = _stored(folder.path, shard)
        facts = [found if times else found and found[:1] for found in map(changed, _paths(folder.path, rows))]
        digest.update(json.dumps(facts).encode())
        size += sum(rows.column("size_bytes").to_pylist())
    return digest.hexdigest(), size
