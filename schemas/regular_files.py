"""Reading the files that people hand over, such as recipes, templates and lists: whole, but never without end."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

_PIECE_BYTES = 1 << 20


class Unreadable(Exception):
    """A file cannot be read. Its text says why, as a part of a sentence."""


def read_regular_file(path: Path, max_bytes: int) -> bytes:
    """The content of a regular file; links are followed, and nothing waits for a pipe or reads a device.

    Raises:
        Unreadable: it is missing, no regular file, larger than ``max_bytes``, or the system refuses.
    """
    try:
        # A pipe that nobody writes to would wait here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or "its name is not valid") from error
    try:
        _check_kind(os.fstat(descriptor).st_mode)
        with open(descriptor, "rb", closefd=False) as stream:
            content = _read(stream, max_bytes)
    except OSError as error:
        raise Unreadable(error.strerror or "the system refuses") from error
    finally:
        os.close(descriptor)
    return content


def _read(stream: BinaryIO, max_bytes: int) -> bytes:
    content = bytearray()
    while piece := stream.read(_PIECE_BYTES):
        content += piece
        if len(content) > max_bytes:
            raise Unreadable(f"it has more than {max_bytes:,} bytes")
    return bytes(content)


def _check_kind(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise Unreadable("it is a folder")
    if not stat.S_ISREG(mode):
        raise Unreadable("it is a device, a pipe or a socket, not a regular file")
