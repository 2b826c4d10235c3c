"""The media store: files named by their content, and rows that were measured before, on any filesystem of Beam's."""

from __future__ import annotations

import hashlib
import posixpath

import pyarrow as pa

from blift.connectors.filesystem import exists, make_folder, read_bytes
from blift.connectors.parquet import replace_file
from blift.schemas.errors import OutputError

_KEYFRAMES, _MEASURED = "keyframes", "measured"


class MediaStore:
    """A folder: ``keyframes/<aa>/<sha256>.jpg`` and ``measured/<settings>/<aa>/<sha256>.arrow``.

    ``aa`` are the first two digits of the digest. A file appears whole or not at all; one that is there is never
    written again, since its name says what is in it.

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
        self._write(name, jpeg)
        return name

    def measured(self, sha256: str) -> pa.Table | None:
        """The row that was measured of a file with the same settings; None where there is none that can be read."""
        path = posixpath.join(self._root, self._name_of_row(sha256))
        try:
            return pa.ipc.open_stream(read_bytes(path)).read_all() if exists(path) else None
        except (OSError, pa.ArrowInvalid):
            return None  # a row that cannot be read is measured again

    def put_measured(self, sha256: str, row: pa.Table) -> None:
        """Keep the row of a file.

        Raises:
            OutputError: the store cannot be written.
        """
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, row.schema) as writer:
            writer.write_table(row)
        self._write(self._name_of_row(sha256), bytes(sink.getvalue()), replace=True)

    def _name_of_row(self, sha256: str) -> str:
        return posixpath.join(_MEASURED, self._settings, sha256[:2], f"{sha256}.arrow")

    def _write(self, name: str, content: bytes, *, replace: bool = False) -> None:
        path = posixpath.join(self._root, name)
        try:
            if not replace and exists(path):
                return
            folder = posixpath.dirname(path)
            if folder not in self._made:
                make_folder(folder)
                self._made.add(folder)
            replace_file(path, content)
        except OSError as error:
            raise OutputError(f"Cannot write {path} in the media store: {error}. Check `media.store`.") from error
