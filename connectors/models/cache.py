"""Answers that were paid for, kept by what was asked, so that no picture is asked the same twice."""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import dataclass
from typing import Any

import msgspec

from blift.connectors.filesystem import open_to_read
from blift.connectors.models.prompt import Description
from blift.connectors.parquet import replace_file
from blift.schemas.count import Count
from blift.schemas.errors import OutputError

_MAX_ENTRY_BYTES = 1 << 20


@dataclass(frozen=True)
class Kept:
    """An answer as it is kept, with what it cost."""

    description: Description
    prompt_tokens: Count
    tokens: Count


class _Entry(msgspec.Struct):
    """What a file holds: an answer, and the sha256 of it and of what was asked."""

    answer: Kept
    sha256: str


class AnswerCache:
    """A folder of answers, one file each, named by the digest of what was asked.

    Each file holds the digest of its answer. What does not match is taken for absent, and asked again: a disk that
    changed a bit, or a hand that moved a file, changes no dataset.

    Args:
        folder: local, or an address on any filesystem that Beam knows.
        asked: everything beside the picture that decides an answer: model, prompt, its version, parameters.
    """

    def __init__(self, folder: str, asked: dict[str, Any]) -> None:
        self._folder = folder
        self._asked = asked

    def path(self, digest: str) -> str:
        """Where the answer about a picture lies."""
        name = self._name(digest)
        return posixpath.join(self._folder, name[:2], f"{name}.json")

    def _name(self, digest: str) -> str:
        asked = json.dumps({**self._asked, "picture": digest}, sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()

    def get(self, digest: str) -> Kept | None:
        """The answer about a picture; None where there is none, or where its file is damaged."""
        try:
            with open_to_read(self.path(digest)) as stream:
                entry = msgspec.json.decode(stream.read(_MAX_ENTRY_BYTES), type=_Entry)
        except (OSError, ValueError, RecursionError):
            return None
        return entry.answer if entry.sha256 == _sha256(self._name(digest), entry.answer) else None

    def put(self, digest: str, kept: Kept) -> None:
        """Keep an answer; a reader sees all of it or nothing.

        Raises:
            OutputError: it cannot be written.
        """
        content = msgspec.json.encode(_Entry(kept, _sha256(self._name(digest), kept)))
        try:
            replace_file(self.path(digest), content)
        except OutputError:
            if self.get(digest) is None:  # else another worker wrote the same file at the same moment
                raise


def _sha256(name: str, kept: Kept) -> str:
    """The digest of an answer to what was asked, which ``name`` is the digest of."""
    return hashlib.sha256(name.encode() + msgspec.json.encode(kept)).hexdigest()
