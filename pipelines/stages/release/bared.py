"""One file of media as it may leave: found where it was measured, still the same, without metadata."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from blift.connectors.media.bare_picture import NotBare, bare_picture
from blift.connectors.media.bare_video import bare_video
from blift.connectors.media.local import local_file
from blift.connectors.parquet import file_sha256
from blift.schemas.errors import InputError
from blift.schemas.reasons import Unpublished

#: What is raised where a file is not there, on any filesystem.
_ABSENT = (OSError, InputError)


class Withheld(Exception):
    """A file that is not published; why, and what was found."""

    def __init__(self, reason: Unpublished, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class BareFile:
    """A file of this machine that may leave: path, digest, size in bytes, name in a dataset, what was taken out."""

    path: str
    sha256: str
    size_bytes: int
    name: str
    removed: frozenset[str]


@contextmanager
def bared(paths: Sequence[str], sha256: str, *, video: bool) -> Iterator[BareFile]:
    """The file of that digest without metadata, for as long as the context lasts.

    Args:
        paths: where it may lie.

    Raises:
        Withheld: it is not there, is another, or its metadata cannot be taken out alone.
    """
    with tempfile.TemporaryDirectory(prefix="blift-") as scratch:
        target = posixpath.join(scratch, "bare")
        ending, removed = _written(paths, sha256, target, video=video)
        digest = file_sha256(target)
        name = f"{digest[:2]}/{digest}.{ending}"
        yield BareFile(target, digest, os.path.getsize(target), name, removed)


def _written(paths: Sequence[str], sha256: str, target: str, *, video: bool) -> tuple[str, frozenset[str]]:
    changed = None
    for path in paths:
        try:
            with local_file(path) as local:
                if file_sha256(local) == sha256:
                    return _bare(local, target, video=video)
                changed = path
        except NotBare as error:
            raise Withheld(Unpublished.METADATA_STAYS, f"{path}: {error}") from error
        except _ABSENT:
            continue
    if changed:
        raise Withheld(Unpublished.FILE_CHANGED, f"{changed} is another file than the one that was measured")
    raise Withheld(Unpublished.NO_FILE, f"{', '.join(paths) or sha256} is no longer there")


def _bare(local: str, target: str, *, video: bool) -> tuple[str, frozenset[str]]:
    if video:
        return bare_video(local, target)
    with open(local, "rb") as source:
        made = bare_picture(source.read())
    with open(target, "wb") as sink:
        sink.write(made.content)
    return made.ending, made.removed
