"""Files of this machine that a path with wildcards matches, as Beam's filesystems read wildcards of addresses."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator

#: A wildcard, a set of characters in brackets, or a single character. A set may begin with `]`; a bracket that is never
#: closed is a character.
_PIECE = re.compile(r"\*\*|\*|\?|\[!?+\]?+[^\]]*+\]|.", re.DOTALL)
_MARKS = {"**": ".*", "*": r"[^/\\]*", "?": "."}
_FIRST = re.compile(r"[*?\[]")


def paths_matching(pattern: str) -> Iterator[str]:
    """Paths of the files that a pattern matches, in no order; a link to a folder is not followed.

    Args:
        pattern: ``*`` stays within a folder, ``**`` does not, ``?`` is one character, and ``[...]`` is one of some. One
            that ends with a slash is for all files of the folder.

    Raises:
        ValueError: a set of characters in it is invalid, such as ``[z-a]``.
    """
    pattern = f"{pattern}*" if pattern.endswith("/") else pattern
    wanted = _expression(pattern)
    top = folder_before_wildcards(pattern)
    # No deeper than the pattern goes: a folder of archives may lie above folders with millions of files.
    deepest = None if "**" in pattern else sum(map(pattern.count, "/?["))
    for folder, folders, names in os.walk(top or "."):
        below = folder if top else folder.removeprefix(".").removeprefix("/")
        for name in names:
            path = posixpath.join(below, name)
            if wanted.fullmatch(path):
                yield path
        if deepest is not None and posixpath.join(below, "").count("/") >= deepest:
            folders.clear()


def folder_before_wildcards(pattern: str) -> str:
    """The part of a pattern up to the folder that holds its first wildcard or, where it has none, its file."""
    first = _FIRST.search(pattern)
    return posixpath.dirname(pattern[: first.start() if first else None])


def _expression(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile("".join(map(_part, _PIECE.findall(pattern))), re.DOTALL)
    except re.error as error:
        raise ValueError(f"{error.msg} in its wildcards") from error


def _part(piece: str) -> str:
    """A piece of a pattern as a regular expression has it."""
    if piece == "[" or piece[0] != "[":
        return _MARKS.get(piece) or re.escape(piece)
    content = re.sub(r"([\\\[&~|])", r"\\\1", piece[1:-1])
    if content[0] in "!^":
        content = ("^" if content[0] == "!" else r"\^") + content[1:]
    return f"[{content}]"
