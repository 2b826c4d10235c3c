"""Recorded objects, as the server that gave them held them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blift.connectors.files import InputFile
from blift.connectors.lines import Lines, read_lines
from tests.reddit_server.site import Data

#: What whoever recorded them added.
ADDED = frozenset({"_recorded_at", "_meta", "retrieved_on", "retrieved_utc", "updated_on"})
_PLAIN = re.compile(r"&(?!amp;|lt;|gt;)|<|>")


def recorded(path: Path) -> list[Data]:
    """The objects of an archive, in its order, without what the recording added; entities become what they stand for.

    Answers of Reddit's API come in two forms; one that holds a bare ``&``, ``<`` or ``>`` came with ``raw_json``.
    """
    found = []
    for line in lines_of(path):
        data = {name: value for name, value in json.loads(line).items() if name not in ADDED}
        found.append(data if is_plain(data) else unescaped(data))
    return found


def lines_of(path: Path) -> Iterator[bytes]:
    """The lines of an archive."""
    for part in read_lines(InputFile(str(path), path.stat().st_size, path.name)):
        assert isinstance(part, Lines), part
        yield from part.data.split(b"\n")


def is_plain(value: Any) -> bool:
    """A string in it has what the escaped form cannot have."""
    return any(_PLAIN.search(text) for text in strings(value))


def strings(value: Any) -> Iterator[str]:
    """All strings of a JSON value but names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def unescaped(value: Any) -> Any:
    """The value with the three entities resolved, once."""
    if isinstance(value, str):
        return value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    if isinstance(value, list):
        return [unescaped(one) for one in value]
    return {name: unescaped(one) for name, one in value.items()} if isinstance(value, dict) else value


def escaped(value: Any) -> Any:
    """The value as Reddit gives it without ``raw_json``."""
    if isinstance(value, str):
        return html.escape(value, quote=False)
    if isinstance(value, list):
        return [escaped(one) for one in value]
    return {name: escaped(one) for name, one in value.items()} if isinstance(value, dict) else value
