"""What input files hold: a digest of each, taken again only where size or time of change differ from those noted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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


def contents(files: Sequence[Named], known: StageRecord | None) -> dict[str, Any]:
    """The facts on input files for a stage's record.

    Args:
        files: in the order in which they are listed.
        known: what the stage noted the last time.

    Returns:
        ``files``: name, size and digest of each, which decide the result; ``times``: when each was changed, in
        nanoseconds, which only saves reading it again.

    Raises:
        OSError: a file is not there, or a store does not answer.
    """
    times = [os.stat(file.path).st_mtime_ns if is_here(file.path) else None for file in files]
    before = _before(known)
    noted = [
        None if time is None else before.get((file.name, file.size_bytes, time))
        for file, time in zip(files, times, strict=True)
    ]
    unknown = [file.path for file, digest in zip(files, noted, strict=True) if digest is None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        taken = iter(list(pool.map(_digest, unknown)))
    digests = [next(taken) if digest is None else digest for digest in noted]
    facts = [[file.name, file.size_bytes, digest] for file, digest in zip(files, digests, strict=True)]
    return {"files": facts, "times": times}


def _before(known: StageRecord | None) -> dict[tuple[str, int, int], str]:
    """Digests by name, size and time of change, of files of this machine."""
    inputs = known.inputs if known else {}
    files, times = inputs.get("files", []), inputs.get("times", [])
    return {
        (name, size, time): digest
        for (name, size, digest), time in zip(files, times, strict=False)
        if isinstance(digest, str) and time is not None
    }


def _digest(path: str) -> str:
    if not is_here(path):
        return stored_digest(path)
    digest = xxhash.xxh3_128()
    try:
        with open_to_read(path) as stream:
            while piece := stream.read(_PIECE_BYTES):
                digest.update(piece)
    except OSError:
        return ""  # the stage says of each file that it cannot read what is wrong with it
    return digest.hexdigest()
