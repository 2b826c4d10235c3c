"""Files of media kept in a folder under their content: linked where the disk is the same one, copied elsewhere."""

from __future__ import annotations

import hashlib
import os
import posixpath
import uuid
from collections.abc import Sequence
from contextlib import suppress

from blift.connectors.filesystem import exists, is_here, make_folder, open_to_read, rename
from blift.connectors.inside import check_folder
from blift.connectors.media.local import local_file
from blift.connectors.parquet import file_sha256, replace_file, take_in
from blift.connectors.web.content import HEAD_BYTES, content_type
from blift.schemas.errors import InputError, OutputError

#: What is raised where a file is not there, on any filesystem.
_ABSENT = (OSError, InputError)


class FileGone(Exception):
    """A file that is not where it was, or is another now; the text says which."""


def keep_file(paths: Sequence[str], sha256: str, folder: str, place: str) -> str:
    """Keep the file of a digest as ``<place>/<aa>/<sha256>.<ending>``, the ending by its bytes; gives that name.

    A hard link costs no space. What is there already with that content is left alone.

    Args:
        paths: where the file may lie.
        folder: path or address of the folder; ``place`` is relative to it.

    Raises:
        FileGone: it lies at none of the paths, or is another there.
        OutputError: the folder cannot be written.
    """
    changed = None
    for path in paths:
        try:
            with local_file(path) as local:
                if file_sha256(local) == sha256:
                    return _taken(local, sha256, folder, place)
                changed = path
        except _ABSENT:
            continue
    if changed:
        raise FileGone(f"{changed} is another file than the one that was measured")
    raise FileGone(f"{', '.join(paths) or sha256} is no longer there")


def keep_bytes(content: bytes, ending: str, folder: str, place: str) -> str:
    """Keep some bytes as ``<place>/<aa>/<sha256>.<ending>``; gives that name.

    Raises:
        OutputError: the folder cannot be written.
    """
    digest = hashlib.sha256(content).hexdigest()
    name = _name(place, digest, ending)
    if not _holds(folder, name, digest, None):
        replace_file(posixpath.join(folder, name), content)
    return name


def _taken(path: str, sha256: str, folder: str, place: str) -> str:
    with open_to_read(path) as stream:
        found = content_type(stream.read(HEAD_BYTES))
    name = _name(place, sha256, found.ending if found else "bin")
    try:
        if not _holds(folder, name, sha256, path) and not _linked(path, posixpath.join(folder, name)):
            take_in(path, folder, name)
    except OSError as error:
        raise OutputError(f"Cannot write {posixpath.join(folder, name)}: {error}. Check the disk.") from error
    return name


def _name(place: str, sha256: str, ending: str) -> str:
    return posixpath.join(place, sha256[:2], f"{sha256}.{ending}")


def _holds(folder: str, name: str, sha256: str, source: str | None) -> bool:
    """Whether the folder has a file of that name and content; makes the folder of the name.

    ``source`` is a file of this machine that has the content: another name of it needs not be read.
    """
    check_folder(folder, posixpath.dirname(name))
    path = posixpath.join(folder, name)
    make_folder(posixpath.dirname(path))
    if not exists(path):
        return False
    is_source = source is not None and is_here(path) and os.path.samefile(source, path)
    return is_source or file_sha256(path) == sha256


def _linked(path: str, target: str) -> bool:
    """Give a file a second name; False where it cannot have one there."""
    if not is_here(target) or os.path.islink(path):
        return False
    part = f"{target}.{uuid.uuid4().hex}.partial"
    try:
        os.link(path, part)
    except OSError:
        return False
    try:
        rename(part, target)
    finally:
        with suppress(FileNotFoundError):  # a rename over a link to the same file leaves both names
            os.unlink(part)
    return True
