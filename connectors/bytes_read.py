"""How much of its archives this process has read, for a display while a local run goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


class BytesRead:
    """Bytes of files as they are stored, packed or not. A file that is read twice counts twice.

    Threads may tell and ask at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._streams: dict[str, BinaryIO] = {}
        self._begun: dict[str, int] = {}
        self._finished = self._unplanned = 0

    def clear(self) -> None:
        """Count from nothing."""
        with self._lock:
            self._streams, self._begun, self._finished, self._unplanned = {}, {}, 0, 0

    def begin(self, path: str) -> None:
        """From here on, what is read of a file counts."""
        with self._lock:
            self._begun[path] = 0

    @contextmanager
    def reading(self, path: str, stream: BinaryIO) -> Iterator[None]:
        """A file is open as long as this lasts; the position of the stream says how much of it was read."""
        with self._lock:
            if path in self._begun:
                self._streams[path] = stream
        try:
            yield
        finally:
            with self._lock:
                if self._streams.get(path) is stream:
                    self._note(path, self._streams.pop(path))

    def finish(self, path: str, size_bytes: int) -> None:
        """A file was read as far as it is needed: all of it counts."""
        with self._lock:
            self._begun.pop(path, None)
            self._finished += size_bytes

    def add(self, size_bytes: int) -> None:
        """A file must be read that was not expected to be."""
        with self._lock:
            self._unplanned += size_bytes

    def figures(self) -> tuple[int, int]:
        """How many bytes were read, and how many were to be read that were not expected."""
        with self._lock:
            for path, stream in self._streams.items():
                self._note(path, stream)
            return self._finished + sum(self._begun.values()), self._unplanned

    def _note(self, path: str, stream: BinaryIO) -> None:
        if path in self._begun:
            self._begun[path] = max(self._begun[path], stream.tell())


#: Of this process.
bytes_read = BytesRead()
