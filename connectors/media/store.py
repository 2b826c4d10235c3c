"""The media store: files named by their content, and rows that were measured before, on any filesystem of Beam's."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Collection, Iterable, Mapping

import msgspec
import pyarrow as pa

from blift.connectors.filesystem import exists, make_folder, read_bytes
from blift.connectors.inside import check_file, check_folder
from blift.connectors.parquet import replace_file
from blift.schemas.definition import definition
from blift.schemas.errors import InputError, OutputError
from blift.schemas.media import Media
from blift.schemas.registry import SCHEMAS
from blift.schemas.validation import check_values

_KEYFRAMES, _MEASURED, _COMPARED = "keyframes", "measured", "compared"
_KEYFRAME = re.compile(r"keyframes/[0-9a-f]{2}/([0-9a-f]{64})\.jpg")
_DEFINITION = definition(Media)
_DIGEST_BYTES = hashlib.sha256().digest_size
_TIME = pa.field("time_s", pa.float64())
#: A row as it is kept: the columns of the table `media`, and what else of the file is compared with others. That are
#: sketches (JPEG), marks of an image, and glimpses of a video: hashes of whole frames, and of what is inside bars.
KEPT = pa.schema(
    [
        *list(SCHEMAS["media"]),
        pa.field("drawings", pa.list_(pa.struct([_TIME, pa.field("jpeg", pa.binary())]))),
        pa.field("marks", pa.list_(pa.uint64())),
        pa.field(
            "glimpses",
            pa.list_(pa.struct([_TIME, pa.field("whole", pa.uint64()), pa.field("inside", pa.uint64())])),
        ),
    ]
)


class MediaStore:
    """A folder: ``keyframes/<aa>/<sha256>.jpg``, ``measured/<settings>/<aa>/<sha256>.arrow``; ``compared/`` is alike.

    ``aa`` are the first two digits of the digest. A file appears whole or not at all. The name of a keyframe says what
    is in it; a row, and what was compared, begins with the sha256 of the rest. What does not match counts as absent and
    is made again, because a disk, or the person who handed over the folder, may have changed it.

    Args:
        root: path or address of the folder.
        settings: digest of all that decides what is measured of a file.
    """

    def __init__(self, root: str, settings: str) -> None:
        self._root = root
        self._settings = settings
        self._made: set[str] = set()

    def put_keyframe(self, jpeg: bytes) -> str:
        """Keep a keyframe; gives its name relative to the store.

        Raises:
            OutputError: the store cannot be written.
        """
        digest = hashlib.sha256(jpeg).hexdigest()
        name = posixpath.join(_KEYFRAMES, digest[:2], f"{digest}.jpg")
        if not self._holds(name):
            self._write(name, jpeg)
        return name

    def measured(self, sha256: str) -> pa.Table | None:
        """The row, as ``KEPT``, that was measured of a file with the same settings.

        None where there is none, where it or one of its keyframes is not as it was written, or where it is of another
        file.

        Raises:
            OutputError: the store cannot be read.
        """
        return self.all_measured([sha256]).get(sha256)

    def all_measured(self, digests: Iterable[str]) -> dict[str, pa.Table]:
        """The rows of several files, by their digests, as ``measured`` gives them: values are checked in one go.

        Raises:
            OutputError: the store cannot be read.
        """
        rows = {sha256: row for sha256 in digests if (row := self._row(sha256)) is not None}
        if not _are_sound(rows.values()):
            rows = {sha256: row for sha256, row in rows.items() if _are_sound([row])}
        return {sha256: row for sha256, row in rows.items() if all(map(self._holds, _keyframes(row)))}

    def _row(self, sha256: str) -> pa.Table | None:
        """The row of a file, whose values may be any; None where it is not what was written, or is of another file."""
        content = self._read(self._name_of_row(sha256))
        row = _row_in(content) if content is not None else None
        return row if row is not None and row.column("sha256").to_pylist() == [sha256] else None

    def put_measured(self, sha256: str, row: pa.Table) -> None:
        """Keep the row of a file, as ``KEPT``.

        Raises:
            OutputError: the store cannot be written.
        """
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, row.schema) as writer:
            writer.write_table(row)
        content = bytes(sink.getvalue())
        self._write(self._name_of_row(sha256), hashlib.sha256(content).digest() + content)

    def compared(self, sha256: str) -> dict[str, bool]:
        """With which files, by their digests, this one was compared with the same settings; whether they are one media.

        Raises:
            OutputError: the store cannot be read.
        """
        content = self._read(self._name_of_compared(sha256)) or b""
        digest, found = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(found).digest() != digest:
            return {}
        try:
            of, others = msgspec.json.decode(found, type=tuple[str, dict[str, bool]])
        except msgspec.MsgspecError:
            return {}
        return others if of == sha256 else {}

    def put_compared(self, sha256: str, others: Mapping[str, bool]) -> None:
        """Keep with which files this one was compared.

        Raises:
            OutputError: the store cannot be written.
        """
        content = msgspec.json.encode((sha256, dict(sorted(others.items()))))
        self._write(self._name_of_compared(sha256), hashlib.sha256(content).digest() + content)

    def _name_of_compared(self, sha256: str) -> str:
        return posixpath.join(_COMPARED, self._settings, sha256[:2], f"{sha256}.json")

    def _name_of_row(self, sha256: str) -> str:
        return posixpath.join(_MEASURED, self._settings, sha256[:2], f"{sha256}.arrow")

    def _holds(self, keyframe: str) -> bool:
        """Whether the store has what the name of a keyframe says."""
        named = _KEYFRAME.fullmatch(keyframe)
        content = self._read(keyframe) if named else None
        return named is not None and content is not None and hashlib.sha256(content).hexdigest() == named[1]

    def _read(self, name: str) -> bytes | None:
        """The content of a file; None where there is none that can be read."""
        check_folder(self._root, posixpath.dirname(name))
        path = posixpath.join(self._root, name)
        try:
            check_file(self._root, name)
            return read_bytes(path) if exists(path) else None
        except (OSError, InputError):
            return None

    def _write(self, name: str, content: bytes) -> None:
        path = posixpath.join(self._root, name)
        try:
            folder = posixpath.dirname(path)
            if folder not in self._made:
                check_folder(self._root, posixpath.dirname(name))
                make_folder(folder)
                self._made.add(folder)
            replace_file(path, content)
        except OSError as error:
            raise OutputError(f"Cannot write {path} in the media store: {error}. Check `media.store`.") from error


def _keyframes(row: pa.Table) -> list[str]:
    scenes = pa.compute.list_flatten(row.column("scenes"))
    named: list[str] = pa.compute.struct_field(scenes, "keyframe").drop_null().to_pylist()
    return named


def _row_in(content: bytes) -> pa.Table | None:
    """The row of a file; None where it is not what was written."""
    digest, row = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(row).digest() != digest:
        return None
    try:
        table = pa.ipc.open_stream(row).read_all()
        if not table.schema.equals(KEPT) or table.num_rows != 1:
            return None
        table.validate(full=True)
    except (OSError, pa.ArrowException):
        return None
    return table


def _are_sound(rows: Collection[pa.Table]) -> bool:
    """Whether the values of rows are such as are measured; checked before any of them is used."""
    if not rows:
        return True
    table = pa.concat_tables(rows)
    return not any(check_values(_DEFINITION, table, 0)) and not _is_in_part(table.column("drawings"))


def _is_in_part(drawings: pa.ChunkedArray) -> bool:
    """Whether a sketch is null, or a part of one."""
    sketches = drawings.combine_chunks().flatten()
    return any(array.null_count for array in (sketches, *sketches.flatten()))
