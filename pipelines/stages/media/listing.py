"""Where the files of media lie, noted in the run folder: whoever publishes them later has not the recipe's sources."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
from collections.abc import Sequence

import apache_beam as beam
import pyarrow as pa

from blift.connectors.filesystem import is_here, within
from blift.connectors.inside import check_inside
from blift.connectors.parquet import read_parquet, shard_name, write_parquet
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import InputError
from blift.transforms.media.files import ListedFile

#: Folder of the lists in a run folder. They name paths of this machine, and are never published.
FOLDER = "files/"
#: A file: name relative to its source, path to open (relative to the run folder where it lies there), size in bytes.
LISTED = pa.schema([pa.field("file", pa.string()), pa.field("path", pa.string()), pa.field("size_bytes", pa.int64())])
_STORE = b"blift.store"
#: Files of one list.
_FILES = 10_000


class NoteFiles(beam.PTransform[beam.pvalue.PBegin, beam.PCollection[Shard]]):
    """Writes the lists of files, and the address of the media store with them."""

    def __init__(self, files: Sequence[ListedFile], folder: str, store: str) -> None:
        super().__init__()
        self._lists = [files[first : first + _FILES] for first in range(0, len(files), _FILES)]
        self._folder, self._store = folder, store

    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection[Shard]:
        parts = [(place, list(files)) for place, files in enumerate(self._lists)]
        return (
            begin
            | "Lists to note" >> beam.Create(parts)
            | "Spread lists to note" >> beam.Reshuffle()
            | "Note" >> beam.Map(note, folder=self._folder, store=self._store, lists=len(parts))
        )


def note(element: tuple[int, Sequence[ListedFile]], folder: str, store: str, lists: int) -> Shard:
    """Write one of so many lists: its place among them, and its files.

    Raises:
        OutputError: it cannot be written.
    """
    place, files = element
    rows = [[name, _inside(folder, path), size] for path, name, size, *_ in files]
    columns = dict(zip(LISTED.names, zip(*rows, strict=True), strict=True))
    schema = LISTED.with_metadata({_STORE: _inside(folder, store).encode()})
    return write_parquet(pa.table(columns, schema), folder, shard_name(f"{FOLDER}files", place, lists))


def _inside(folder: str, path: str) -> str:
    """The path relative to the run folder, where it lies there: such a folder may be moved."""
    prefix = folder.rstrip("/") + "/"
    return path.removeprefix(prefix)


def read_list(folder: str, shard: Shard) -> pa.Table:
    """One list, as ``LISTED``, with paths that can be opened.

    Raises:
        InputError: it is missing or damaged, or names a file by a way that leads out of the run folder.
    """
    rows = read_parquet(folder, shard)
    if not rows.schema.equals(LISTED) or any(column.null_count for column in rows.columns):
        raise InputError(f"{posixpath.join(folder, shard.path)} is no list of files. Build it again.")
    full = [_opened(folder, name) for name in rows.column("path").to_pylist()]
    return rows.set_column(1, LISTED.field(1), pa.array(full, pa.string())).cast(LISTED)


def store_of(folder: RunFolder, shard: Shard) -> str:
    """Address of the media store, as a list says.

    Raises:
        InputError: the list is missing or damaged.
    """
    schema = read_parquet(folder.path, shard, []).schema
    return _opened(folder.path, (schema.metadata or {}).get(_STORE, b"store").decode(errors="replace"))


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
        rows = read_list(folder.path, shard)
        facts = [found if times else found and found[:1] for found in map(changed, rows.column("path").to_pylist())]
        digest.update(json.dumps(facts).encode())
        size += sum(rows.column("size_bytes").to_pylist())
    return digest.hexdigest(), size
