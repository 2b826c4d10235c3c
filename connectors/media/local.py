"""A file of media on this machine's disk, wherever it lies."""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from blift.connectors.filesystem import is_here, open_to_read

#: How much of a distant file is fetched at a time.
_PIECE = 8 << 20
#: Characters of an ending that a format may have.
_LONGEST_ENDING = 16


@contextmanager
def local_file(path: str) -> Iterator[str]:
    """The file on this machine's disk, fetched where it is not there.

    A copy has the ending of the file's name: FFmpeg guesses a format by it too, and must find the same everywhere.

    Raises:
        OSError: it cannot be read; so does Beam's error of distant filesystems.
    """
    if is_here(path):
        os.stat(path)
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="blift-", suffix=_ending(path)) as copy:
        with open_to_read(path) as stream:
            while piece := stream.read(_PIECE):
                copy.write(piece)
        copy.flush()
        yield copy.name


def _ending(path: str) -> str:
    ending = posixpath.splitext(posixpath.basename(path))[1]
    return ending if len(ending) <= _LONGEST_ENDING else ""
