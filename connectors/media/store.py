"""The media store: files named by their content, and rows that were measured before, on any filesystem of Beam's."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
from contextlib import suppress

import pyarrow as pa

from blift.connectors.collection.items import StoredFile
from blift.connectors.filesystem import delete, exists, is_here, make_folder, read_bytes
from blift.connectors.parquet import replace_file, take_in
from blift.connectors.web.content import HEAD_BYTES, content_type
from blift.connectors.web.refusals import Refused
from blift.schemas.errors import OutputError
from blift.schemas.reasons import Absent

_KEYFRAMES, _MEASURED, _FILES = "keyframes", "measured", "files"
_PIECE = 1 << 20


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


class FileStore:
    """A folder of downloaded files: ``files/<aa>/<sha256>.<ending>``, the ending by their bytes.

    One file for one content, wherever it came from. A file appears whole or not at all.

    Args:
        root: path or address of the folder.
    """

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/") or "/"

    def keep(self, path: str, address: str) -> StoredFile:
        """Take in a finished file, which is moved or deleted.

        Args:
            path: of the file, on this machine; for a store on the same disk it is only renamed, else copied.
            address: where it came from.

        Raises:
            Refused: it is neither image nor video.
            OutputError: the store cannot be written.
        """
        digest, size_bytes, head = _digest(path)
        found = content_type(head)
        if found is None:
            raise Refused(Absent.NOT_MEDIA, "its bytes are no image or video")
        name = posixpath.join(_FILES, digest[:2], f"{digest}.{found.ending}")
        target = posixpath.join(self._root, name)
        try:
            self._move(path, target)
        except OSError as error:
            raise OutputError(f"Cannot write {target}: {error}. Check the disk, and run this again.") from error
        return StoredFile(address, digest, name, size_bytes, found.name)

    def drop(self, name: str) -> None:
        """Delete a file by its name in the store; one that is gone is none's loss."""
        with suppress(OSError):
            delete(posixpath.join(self._root, name))

    def _move(self, path: str, target: str) -> None:
        if is_here(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
        if not exists(target) and not _renamed(path, target):
            take_in(path, *posixpath.split(target))
        with suppress(FileNotFoundError):
            os.unlink(path)


def _renamed(path: str, target: str) -> bool:
    """Rename a file, whose content is on the disk before its new name is; False where the target is on another."""
    if not is_here(target):
        return False
    with open(path, "rb") as stream:
        os.fsync(stream.fileno())
    try:
        os.replace(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _digest(path: str) -> tuple[str, int, bytes]:
    """sha256, size and beginning of a file."""
    sha256, size_bytes, head = hashlib.sha256(), 0, b""
    with open(path, "rb") as stream:
        while piece := stream.read(_PIECE):
            head = head or piece[:HEAD_BYTES]
            sha256.update(piece)
            size_bytes += len(piece)
    return sha256.hexdigest(), size_bytes, head
