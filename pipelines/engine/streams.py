"""Standard output and standard error of a command: closed, full or without a reader, they do not end the command."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any, TextIO


class StandardStream(io.FileIO):
    """A standard stream that takes everything: what cannot be written any more is dropped.

    Attributes:
        lost: why something was dropped; None where all was written.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "w", closefd=False)
        self.lost: OSError | None = None

    def write(self, piece: Any, /) -> int:
        if self.lost is None:
            try:
                return super().write(piece)
            except OSError as error:
                self.lost = error
        return memoryview(piece).nbytes


def take_over() -> StandardStream:
    """Replace `sys.stdout` and `sys.stderr`; gives standard output.

    A standard descriptor that is closed is opened on the null device first: the next file to be opened would get its
    number, and with it all that libraries print.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free, which is this one
    output, errors = StandardStream(1), StandardStream(2)
    sys.stdout = _text(output, sys.stdout, line_buffering=output.isatty())
    sys.stderr = _text(errors, sys.stderr, line_buffering=True)
    return output


def _text(stream: StandardStream, before: TextIO | None, *, line_buffering: bool) -> TextIO:
    encoding = before.encoding if before else "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(stream), encoding=encoding, errors="backslashreplace", line_buffering=line_buffering
    )


def trouble_of(output: StandardStream) -> str:
    """A sentence where output was lost; empty where all was written, or its reader, such as `head`, had enough."""
    sys.stdout.flush()
    if output.lost is None or output.lost.errno == errno.EPIPE:
        return ""
    return f"Cannot write the output: {output.lost.strerror}."
