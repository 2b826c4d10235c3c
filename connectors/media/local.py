"""A file of media on this machine's disk, wherever it lies."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from blift.connectors.filesystem import is_here, open_to_read

#: How much of a distant file is fetched at a time.
_PIECE = 8 << 20


@contextmanager
def local_file(path: str) -> Iterator[str]:
    """The file on this machine's disk, fetched where it is not there.

    Raises:
        OSError: it cannot be read; so does Beam's error of distant filesystems.
    """
    if is_here(path):
        os.stat(path)
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="blift-") as copy:
        with open_to_read(path) as stream:
            while piece := stream.read(_PIECE):
                copy.write(piece)
        copy.flush()
        yield copy.name
