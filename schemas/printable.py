"""How text from outside is shown: what a terminal or a reader would not see as it is, as an escape."""

from __future__ import annotations

import re

#: Characters that `json` has a short escape for.
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
#: What may be unprintable: everything but the letters, digits and signs of ASCII.
_CANDIDATE = re.compile(r"[^ -~]")


def printable(text: str) -> str:
    r"""The text on one line, with each character that is not printable as JSON escapes it, such as ``\u001b``.

    Control characters (C0, C1), line and paragraph separators, marks that change the direction of writing, lone
    surrogates of file names that are no UTF-8: all that `str.isprintable` denies. What is printable stays as it is, so
    that a text that was escaped already does not change.
    """
    return _CANDIDATE.sub(_escaped, text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character.isprintable():
        return character
    if character in _SHORT:
        return _SHORT[character]
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
