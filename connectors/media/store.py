"""The media store: files named by their content, and rows that were measured before, on any filesystem of Beam's."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
import re
from contextlib import suppress

import pyarrow as pa

from blift.connectors.collection.items import StoredFile
from blift.connectors.filesystem import delete, exists, is_here, make_folder, read_bytes, rename
from blift.connectors.inside import check_file, check_folder, check_paths
from blift.connectors.parquet import file_sha256, replace_file, take_in
from blift.connectors.web.content import HEAD_BYTES, content_type
from blift.connectors.web.refusals import Refused
from blift.schemas.errors import InputError, OutputError
from blift.schemas.reasons import Absent
from blift.schemas.registry import SCHEMAS

_KEYFRAMES, _MEASURED, _FILES = "keyframes", "measured", "files"
_KEYFRAME = re.compile(r"keyframes/[0-9a-f]{2}/([0-9a-f]{64})\.jpg")
_DIGEST_BYTES = hashlib.sha256().digest_size
_PIECE = 1 << 20


class MediaStore:
    """A folder: ``keyframes/<aa>/<sha256>.jpg`` and ``measured/<settings>/<aa>/<sha256>.arrow``.

    ``aa`` are the first two digits of the digest. A file appears whole or not at all. The name of a keyframe says what
    is in it; a row begins with the sha256 of the rest. What does not match is taken for absent, and made again: a disk
    may have changed it, and so may whoever handed over the folder.

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
        """The row of the table `media` that was measured of a file with the same settings.

        None where there is none, where it or one of its keyframes is not as it was written, or where it is of another
        file.

        Raises:
            OutputError: the store cannot be read.
        """
        content = self._read(self._name_of_row(sha256))
        row = _row_in(content) if content is not None else None
        if row is None or row.column("sha256").to_pylist() != [sha256]:
            return None
        keyframes = [scene["keyframe"] for scene in row.column("scenes")[0].as_py() if scene["keyframe"] is not None]
        return row if all(map(self._holds, keyframes)) else None

    def put_measured(self, sha256: str, row: pa.Table) -> None:
        """Keep the row of a file.

        Raises:
            OutputError: the store cannot be written.
        """
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, row.schema) as writer:
            writer.write_table(row)
        content = bytes(sink.getvalue())
        self._write(self._name_of_row(sha256), hashlib.sha256(content).digest() + content)

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


def _row_in(content: bytes) -> pa.Table | None:
    """The row of a file, checked before any of it is used; None where it is not what was written."""
    digest, row = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(row).digest() != digest:
        return None
    try:
        table = pa.ipc.open_stream(row).read_all()
        table.validate(full=True)
    except (OSError, pa.ArrowException):
        return None
    return table if table.schema.equals(SCHEMAS["media"]) and table.num_rows == 1 else None


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
        check_folder(self._root, posixpath.dirname(name))
        try:
            self._move(path, target, digest)
        except OSError as error:
            raise OutputError(f"Cannot write {target}: {error}. Check the disk, and run this again.") from error
        return StoredFile(address, digest, name, size_bytes, found.name)

    def drop(self, name: str) -> None:
        """Delete a file by its name in the store; one that is gone is none's loss.

        Raises:
            InputError: the name leads elsewhere.
        """
        check_paths(self._root, [name])
        with suppress(OSError):
            delete(posixpath.join(self._root, name))

    def _move(self, path: str, target: str, sha256: str) -> None:
        make_folder(os.path.dirname(target))
        there = exists(target) and file_sha256(target) == sha256
        if not there and not _renamed(path, target):
            take_in(path, *posixpath.split(target))
        with suppress(FileNotFoundError):
            os.unlink(path)


def _renamed(path: str, target: str) -> bool:
    """Rename a file; False where the target is on another disk."""
    if not is_here(target):
        return False
    try:
        rename(path, target)
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
