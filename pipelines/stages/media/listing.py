"""Where the files of media lie, noted in the run folder: whoever publishes them later has not the recipe's sources."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam
import pyarrow as pa

from blift.connectors.parquet import shard_name, write_parquet
from blift.connectors.shard import Shard
from blift.pipelines.stages.media.lists import FOLDER, LISTED, STORE_KEY
from blift.transforms.media.files import ListedFile

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
    schema = LISTED.with_metadata({STORE_KEY: _inside(folder, store).encode()})
    return write_parquet(pa.table(columns, schema), folder, shard_name(f"{FOLDER}files", place, lists))


def _inside(folder: str, path: str) -> str:
    """The path relative to the run folder, where it lies there: such a folder may be moved."""
    prefix = folder.rstrip("/") + "/"
    return path.removeprefix(prefix)
