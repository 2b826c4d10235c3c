"""What reading archive files gave, kept in the run folder: an update takes it over and reads no file a second time.

A part is a Parquet file with a row for each element that a reader gave, in their order. What it holds depends on the
files and on settings, and not on other files: whether a comment is on a post of the dataset is asked each time anew.
"""

from __future__ import annotations

import json
import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput

from blift.connectors.filesystem import open_to_read
from blift.connectors.inside import check_paths
from blift.connectors.parquet import file_sha256, row_groups
from blift.pipelines.stages.ingest.units import ENDING, PREFIX, Part
from blift.schemas.arrow import conform
from blift.schemas.count import Count
from blift.schemas.errors import InputError, SchemaError
from blift.transforms.accounting import TALLY, Tally, TallyKey

#: The tag of the main output.
MAIN = ""
_SCHEMA = pa.schema([pa.field("output", pa.string(), False), pa.field("content", pa.binary(), False)])
_IPC_OPTIONS = pa.ipc.IpcWriteOptions(compression="zstd")

#: What a reader gives: tables, and tables, counts and sentences under a tag.
Element: TypeAlias = pa.Table | TaggedOutput


def keeping(elements: Iterable[Element], part: Part | None, folder: str) -> Iterator[Element]:
    """Elements as a reader gives them; once all were taken, the part is there. None keeps nothing.

    Raises:
        OutputError: the part cannot be written.
    """
    if part is None:
        yield from elements
        return
    counts: Counter[TallyKey] = Counter()
    with row_groups(_SCHEMA, folder, f"{PREFIX}{part.key}{ENDING}") as kept:
        for element in elements:
            tag, value = (element.tag, element.value) if isinstance(element, TaggedOutput) else (MAIN, element)
            if tag == TALLY:
                key, rows = value
                counts[key] += rows
            elif not isinstance(value, pa.Table):
                kept.write(_row(tag, str(value).encode()))
            elif value.num_rows:
                kept.write(_row(tag, _encoded(value)))
            yield element
        kept.write(_row(TALLY, json.dumps(list(counts.items())).encode()))


def _row(tag: str, content: bytes) -> pa.Table:
    return pa.table([[tag], [content]], schema=_SCHEMA)


def _encoded(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_IPC_OPTIONS) as writer:
        writer.write_table(table.combine_chunks())
    return bytes(sink.getvalue())


class KeptPart:
    """A part that is whole, to read.

    Args:
        parquet: the file. ``where``: its path.
        stage: whose counts are in it.
        schemas: of the tables under each tag; the empty tag is that of the main output.

    Raises:
        InputError: it is none that blift writes. So do the methods.
    """

    def __init__(self, parquet: pq.ParquetFile, where: str, stage: str, schemas: Mapping[str, pa.Schema]) -> None:
        self._parquet, self._where, self._stage, self._schemas = parquet, where, stage, schemas
        if parquet.schema_arrow != _SCHEMA or parquet.metadata.num_rows != parquet.num_row_groups:
            raise _no_part(where)
        self._tags: list[str] = parquet.read(["output"]).column("output").to_pylist()

    def tables(self, tag: str) -> Iterator[pa.Table]:
        """The tables under one tag."""
        for place, found in enumerate(self._tags):
            if found == tag:
                yield self._table(tag, place)

    def elements(self) -> Iterator[Element]:
        """All elements, in their order."""
        for place, tag in enumerate(self._tags):
            if tag == TALLY:
                yield from self._tally(place).emit()
            elif tag in self._schemas:
                table = self._table(tag, place)
                yield table if tag == MAIN else TaggedOutput(tag, table)
            else:
                yield TaggedOutput(tag, self._content(place).to_pybytes().decode())

    def _content(self, place: int) -> pa.Buffer:
        try:
            return self._parquet.read_row_group(place, ["content"]).column("content")[0].as_buffer()
        except (OSError, pa.ArrowException) as error:
            raise _no_part(self._where) from error

    def _tally(self, place: int) -> Tally:
        try:
            found = msgspec.json.decode(self._content(place), type=list[tuple[TallyKey, Count]])
        except msgspec.MsgspecError as error:
            raise _no_part(self._where) from error
        return Tally(self._stage, Counter(dict(found)))

    def _table(self, tag: str, place: int) -> pa.Table:
        try:
            table = pa.ipc.open_stream(self._content(place)).read_all()
            table.validate(full=True)
            return conform(table, self._schemas[tag])
        except (OSError, pa.ArrowException, SchemaError) as error:
            raise _no_part(self._where) from error


def _no_part(where: str) -> InputError:
    return InputError(f"{where} does not hold what blift keeps of an archive. Delete it, and build again.")


@contextmanager
def taken_over(
    part: Part | None, folder: str, stage: str, schemas: Mapping[str, pa.Schema]
) -> Iterator[KeptPart | None]:
    """A part that is there and has the content that its name says, to read; else None. ``schemas``: by tag.

    Raises:
        InputError: it lies behind a link, or its content is none that blift writes.
    """
    if part is None or part.path is None:
        yield None
        return
    check_paths(folder, [part.path])
    where = posixpath.join(folder, part.path)
    if not _is_whole(where):
        yield None
        return
    with open_to_read(where) as stream, _opened(stream, where) as parquet:
        yield KeptPart(parquet, where, stage, schemas)


def _opened(stream: BinaryIO, where: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(stream, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise _no_part(where) from error


def _is_whole(path: str) -> bool:
    """Whether the content of a part is what its name says."""
    try:
        return path.endswith(f"-{file_sha256(path)[:16]}{ENDING}")
    except InputError:
        return False
