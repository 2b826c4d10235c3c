"""What input files hold: a digest of each, taken again only where size or time of change differ from those noted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

import xxhash

from blift.connectors.filesystem import is_here, open_to_read, stored_digest
from blift.pipelines.engine.run_folder import StageRecord

_PIECE_BYTES = 8 << 20


class Named(Protocol):
    """A file to read: path or address, name relative to its source, size."""

    @property
    def path(self) -> str:
        """Where it is opened."""

    @property
    def name(self) -> str:
        """What it is called, wherever its folder lies."""

    @property
    def size_bytes(self) -> int:
        """Its size."""


class Digest(Protocol):
    """What takes a digest, as in `hashlib`."""

    @property
    def digest_size(self) -> int:
        """Bytes of the digest."""

    def update(self, piece: bytes, /) -> None:
        """Add a piece."""

    def hexdigest(self) -> str:
        """The digest of all pieces."""


def contents(
    files: Sequence[Named], known: StageRecord | None, digest: Callable[[], Digest] = xxhash.xxh3_128
) -> dict[str, Any]:
    """The facts on input files for a stage's record.

    Args:
        files: in the order in which they are listed.
        known: what the stage noted the last time.
        digest: which one is taken of files of this machine. Of others it is what their store states.

    Returns:
        ``files``: name, size and digest of each, which decide the result; ``times``: when each was changed, in
        nanoseconds, which only saves reading it again.

    Raises:
        OSError: a file is not there, or a store does not answer.
    """
    times = [os.stat(file.path).st_mtime_ns if is_here(file.path) else None for file in files]
    before = _before(known, 2 * digest().digest_size)
    noted = [
        None if time is None else before.get((file.name, file.size_bytes, time))
        for file, time in zip(files, times, strict=True)
    ]
    unknown = [file.path for file, digest in zip(files, noted, strict=True) if digest is None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        taken = iter(list(pool.map(partial(_taken, digest=digest), unknown)))
    digests = [next(taken) if found is None else found for found in noted]
    facts = [[file.name, file.size_bytes, found] for file, found in zip(files, digests, strict=True)]
    return {"files": facts, "times": times}


def _before(known: StageRecord | None, digits: int) -> dict[tuple[str, int, int], str]:
    """Noted digests of files of this machine, by name, size and time of change; only those with this many digits."""
    inputs = known.inputs if known else {}
    files, times = inputs.get("files", []), inputs.get("times", [])
    return {
        (name, size, time): digest
        for (name, size, digest), time in zip(files, times, strict=False)
        if isinstance(digest, str) and len(digest) == digits and time is not None
    }


def _taken(path: str, digest: Callable[[], Digest]) -> str:
    if not is_here(path):
        return stored_digest(path)
    whole = digest()
    try:
        with open_to_read(path) as stream:
            while piece := stream.read(_PIECE_BYTES):
                whole.update(piece)
    except OSError:
        return ""  # the stage says of each file that it cannot read what is wrong with it
    return whole.hexdigest()
