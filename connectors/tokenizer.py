"""A tokenizer that a file holds (`tokenizer.json` of Hugging Face's tokenizers), to count the tokens of texts."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from blift.connectors.filesystem import open_to_read
from blift.schemas.errors import InputError, one_line

if TYPE_CHECKING:
    from tokenizers import Tokenizer

#: Those of large vocabularies have 35 MB.
_MAX_BYTES = 256 << 20


@dataclass(frozen=True)
class TokenizerFile:
    """A tokenizer's file: the name by which a person knows it, its path, and the sha256 of its content."""

    name: str
    path: str
    sha256: str

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text, without those that mark its beginning and end.

        Raises:
            InputError: the file is gone, has changed, or is no tokenizer.
        """
        encoded = _loaded(self).encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encoded]


def tokenizer_file(name: str, path: str) -> TokenizerFile:
    """The tokenizer in a file, or in a folder that holds a `tokenizer.json`; ``name`` is what a person calls it.

    Raises:
        InputError: there is none, or the package that reads it is not installed.
    """
    if find_spec("tokenizers") is None:
        raise InputError("Counting tokens needs tokenizers. Install it: pip install 'blift[stats]'.")
    if not path.endswith(".json"):
        path = posixpath.join(path, "tokenizer.json")
    found = TokenizerFile(name, path, hashlib.sha256(_content(path)).hexdigest())
    _loaded(found)
    return found


@lru_cache(maxsize=2)
def _loaded(file: TokenizerFile) -> Tokenizer:
    from tokenizers import Tokenizer  # noqa: PLC0415 - an extra

    content = _content(file.path)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise InputError(f"The tokenizer {file.path} has changed since it was first read. Run the command again.")
    try:
        tokenizer = Tokenizer.from_str(content.decode())
    except Exception as error:
        raise InputError(
            f"{file.path} is no tokenizer ({one_line(error)}). Name a `tokenizer.json` of Hugging Face's tokenizers."
        ) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _content(path: str) -> bytes:
    try:
        with open_to_read(path) as stream:
            content = stream.read(_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"Cannot read the tokenizer {path}: {error}.") from error
    if len(content) > _MAX_BYTES:
        raise InputError(f"The tokenizer {path} has more than {_MAX_BYTES >> 20} MB.")
    return bytes(content)
