"""Answers that were paid for, kept by what was asked, so that no picture is asked the same twice."""

from __future__ import annotations

import hashlib
import json
import posixpath
from dataclasses import asdict, dataclass
from typing import Any

from blift.connectors.filesystem import open_to_read
from blift.connectors.malformed import Malformed, loads
from blift.connectors.models.prompt import Description
from blift.connectors.parquet import replace_file
from blift.schemas.errors import OutputError

_MAX_ENTRY_BYTES = 1 << 20


@dataclass(frozen=True)
class Kept:
    """An answer as it is kept, with what it cost."""

    description: Description
    prompt_tokens: int
    tokens: int


class AnswerCache:
    """A folder of answers, one file each, named by the digest of what was asked.

    Args:
        folder: local, or an address on any filesystem that Beam knows.
        asked: everything beside the picture that decides an answer: model, prompt, its version, parameters.
    """

    def __init__(self, folder: str, asked: dict[str, Any]) -> None:
        self._folder = folder
        self._asked = asked

    def path(self, digest: str) -> str:
        """Where the answer about a picture lies."""
        asked = json.dumps({**self._asked, "picture": digest}, sort_keys=True)
        name = hashlib.sha256(asked.encode()).hexdigest()
        return posixpath.join(self._folder, name[:2], f"{name}.json")

    def get(self, digest: str) -> Kept | None:
        """The answer about a picture; None where there is none, or where its file is damaged."""
        try:
            with open_to_read(self.path(digest)) as stream:
                return _kept(loads(stream.read(_MAX_ENTRY_BYTES)))
        except (OSError, Malformed):
            return None

    def put(self, digest: str, kept: Kept) -> None:
        """Keep an answer; a reader sees all of it or nothing.

        Raises:
            OutputError: it cannot be written.
        """
        content = json.dumps(asdict(kept), sort_keys=True, indent=1).encode()
        try:
            replace_file(self.path(digest), content)
        except OutputError:
            if self.get(digest) is None:  # else another worker wrote the same file at the same moment
                raise


def _kept(entry: object) -> Kept | None:
    match entry:
        case {
            "description": {"caption": str() as caption, "tags": [*tags], "screen_text": (str() | None) as screen_text},
            "prompt_tokens": int() as prompt_tokens,
            "tokens": int() as tokens,
        } if all(isinstance(tag, str) for tag in tags):
            return Kept(Description(caption, tuple(tags), screen_text), prompt_tokens, tokens)
    return None
