"""Files by path or address: those of this machine by its own calls, all others by Beam's filesystems.

Beam takes most of a second to import; who works on this machine's files alone does without.
"""

from __future__ import annotations

import errno
import glob
import os
import posixpath
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from blift.connectors.wildcards import paths_matching

if TYPE_CHECKING:
    from blift.connectors.store import Store


@dataclass(frozen=True, order=True)
class Entry:
    """A file in a folder: its full path, its size, and when it was changed last, in seconds since 1970."""

    path: str
    size_bytes: int
    changed_s: float


def is_here(path: str) -> bool:
    """Whether a path is one of this machine, and no address."""
    return "://" not in path


def within(folder: str, path: str) -> str:
    """A path below a folder where it is relative; an absolute path stays, and an address, unlike with `join`."""
    return posixpath.join(folder, path) if is_here(path) else path


def open_to_read(path: str) -> BinaryIO:
    """The bytes of a file as they are, whatever it is packed with; it can be sought in.

    Raises:
        OSError: it cannot be opened, or is a pipe or a device, which may have no end.
    """
    if is_here(path):
        return open(path, "rb", opener=_open_file)
    return _store(path).open_to_read()


def _open_file(path: str, flags: int) -> int:
    """The descriptor of a file of this machine; nobody waits for the other end of a pipe."""
    found = os.open(path, flags | os.O_NONBLOCK)
    mode = os.fstat(found).st_mode
    if stat.S_ISREG(mode):
        return found
    os.close(found)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    raise PermissionError(errno.EPERM, "it is a pipe or a device, and no file", path)


def open_to_write(path: str) -> BinaryIO:
    """A new file, in place of one that is there; folders of this machine are made.

    Raises:
        OSError: it cannot be written.
    """
    if is_here(path):
        make_folder(posixpath.dirname(path) or ".")
        return open(path, "wb")
    return _store(path).open_to_write()


def read_bytes(path: str) -> bytes:
    """The content of a file.

    Raises:
        OSError: it cannot be read.
    """
    with open_to_read(path) as stream:
        return stream.read()


def stored_digest(address: str) -> str:
    """What a store says of the content of an object, such as its ETag; another content has another.

    Raises:
        OSError: the store does not answer.
    """
    return _store(address).checksum()


def exists(path: str) -> bool:
    """Whether there is such a file; folders count on this machine alone."""
    if is_here(path):
        return os.path.exists(path)
    return _store(path).exists()


def matching(folder: str, pattern: str) -> list[Entry]:
    """The files in a folder that a pattern matches, sorted by path; none where there is no such folder.

    Args:
        folder: taken as it is, whatever brackets and stars are in its name.
        pattern: relative to it; ``*`` stays within a folder, and names that begin with a dot are for patterns that do.

    Raises:
        OSError: the filesystem does not answer.
    """
    if is_here(folder):
        paths = (posixpath.join(folder, name) for name in glob.iglob(pattern, root_dir=folder))
        return sorted(_entries(filter(os.path.isfile, paths)))
    return matched(posixpath.join(glob.escape(folder), pattern))


def matched(pattern: str) -> list[Entry]:
    """The files that a path or an address with wildcards matches, sorted by path; ``**`` goes into folders.

    Raises:
        OSError: the filesystem does not answer.
        ValueError: no filesystem takes such an address, or a wildcard is invalid.
    """
    if is_here(pattern):
        return sorted(_entries(paths_matching(pattern)))
    return sorted(
        Entry(each.path, each.size_in_bytes, each.last_updated_in_seconds)
        for each in _store(pattern).matched()
        if not each.path.endswith("/")
    )


def _entries(paths: Iterable[str]) -> Iterator[Entry]:
    for path in paths:
        with suppress(FileNotFoundError):  # gone since it was listed
            facts = os.stat(path)
            yield Entry(path, facts.st_size, facts.st_mtime)


def delete(path: str) -> None:
    """Delete one file.

    Raises:
        OSError: it may not be deleted, or is not there, which S3, Google Cloud Storage and HDFS do not tell.
    """
    if is_here(path):
        os.remove(path)
        return
    _store(path).delete()


def rename(source: str, target: str) -> None:
    """Rename a file, over one that is there. Only this machine's filesystems do so in one step everywhere.

    There, content and name are on the disk when this returns: whoever then names the file elsewhere names no file that
    a loss of power empties.

    Raises:
        OSError: it cannot be renamed.
    """
    if is_here(target):
        _sync(source)
        os.replace(source, target)
        _sync(posixpath.dirname(target) or ".")
        return
    if exists(target):
        delete(target)
    _store(source).rename(target)


def has_folders(path: str) -> bool:
    """Whether files lie in folders there, as on this machine and on HDFS: a file can be seen while it is written."""
    return is_here(path) or _store(path).has_folders()


def make_folder(path: str) -> None:
    """Make a folder with those above it, unless it is there. On this machine its name is on the disk afterwards.

    Raises:
        OSError: it cannot be made.
    """
    if is_here(path):
        made, above = [], path
        while above and not os.path.lexists(above):
            made.append(above)
            above = posixpath.dirname(above)
        os.makedirs(path, exist_ok=True)
        for folder in made:
            _sync(posixpath.dirname(folder) or ".")
        return
    if not exists(path):
        with suppress(FileExistsError):  # another worker made it
            _store(path).make_folder()


def _sync(path: str) -> None:
    """Wait until what is written of a file or of the names in a folder is on the disk."""
    found = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(found)
    finally:
        os.close(found)


def require_bucket(address: str) -> None:
    """Check that what an address names can be written to the store: its bucket is there.

    Raises:
        InputError: it is not there, or the store lacks a package, an option or credentials.
        OSError: the store does not answer, or refuses.
    """
    from blift.connectors import object_stores  # noqa: PLC0415 - imports Beam

    object_stores.require_bucket(address)


def _store(address: str) -> Store:
    """The filesystem of an address, once it is certain that it can be used."""
    from blift.connectors.object_stores import beams  # noqa: PLC0415 - imports Beam
    from blift.connectors.store import Store  # noqa: PLC0415 - imports Beam

    return Store(address, beams(address))
