"""The files of the media store: downloads, named by their content, on any filesystem of Beam's."""

from __future__ import annotations

import errno
import hashlib
import os
import posixpath
from contextlib import suppress

from blift.connectors.fetch.items import StoredFile
from blift.connectors.filesystem import delete, exists, is_here, make_folder, rename
from blift.connectors.inside import check_folder, check_paths
from blift.connectors.parquet import file_sha256, take_in
from blift.connectors.web.content import HEAD_BYTES, content_type
from blift.connectors.web.refusals import Refused
from blift.schemas.errors import OutputError
from blift.schemas.reasons import Absent

_FILES = "files"
_PIECE = 1 << 20


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
