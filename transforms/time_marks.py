"""Time marks in comments: the moments of a video that people name, such as `2:31 that jump` or a link with `t=151`.

A mark is written as `m:ss` or `h:mm:ss`. Times of day, scores, ratios, verses and lap times have the same form, so what
stands around it decides (`blift.transforms.not_time_marks`): where a reader could not tell, it is no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from blift.transforms.not_time_marks import AFTER, BEFORE

#: A comment with more marks is a list, such as a table of contents or noise: none of them is a reaction.
MOST_MARKS = 50
#: Characters around a mark that are looked at.
_AROUND = 48

#: Letters that a mark does not touch. Scripts without blanks between words touch it.
_LETTER = "0-9A-Za-z\u00c0-\u024f"
_COLON = "[:\uff1a]"
_TIME = rf"(?:[0-9]{{1,2}}{_COLON}[0-5]?[0-9]{_COLON}[0-5][0-9]|[0-9]{{1,3}}{_COLON}[0-5][0-9])"
_RANGE = (
    r"(?:\s?(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|~|\u301c|\u2192|->)\s?"
    r"|\s(?:to|until|till|thru|through|bis|al?|\u00e0)\s)"
)
_LIST = r"(?:\s?(?:,|;|/|&|\+)\s?(?:and\s|or\s)?|\s(?:and|or|und|oder|y|o|et|ou|e)\s)"
#: One mark, or several that are said together: what stands around them is of all.
_MARKS = re.compile(
    rf"(?<![{_LETTER}:\uff1a])(?<![0-9][.,/-]){_TIME}(?:(?:{_RANGE}|{_LIST}){_TIME})*"
    rf"(?:(?=(?:min|ish)(?![{_LETTER}]))|(?![{_LETTER}%:\uff1a]))(?![.,/][0-9])"
)
_ONE = re.compile(_TIME)
_IS_RANGE = re.compile(_RANGE)

_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}|\\]+", re.IGNORECASE)
#: Markdown's and HTML's links: words, and where they lead to.
_LINK = re.compile(
    r"\[(?P<words>[^\[\]]{0,300})\]\((?P<address>https?://[^\s()]{1,2000}(?:\([^\s()]*\)[^\s()]*)?)[^()]{0,200}\)"
    r"|<a\s[^<>]{0,300}href=[\"']?(?P<href>https?://[^\"'\s<>]{1,2000})[^<>]{0,300}>(?P<shown>[^<>]{0,300})</a>",
    re.IGNORECASE,
)
_AT = re.compile(r"(?:(?P<h>\d{1,2})h)?(?:(?P<m>\d{1,3})m)?(?:(?P<s>\d{1,6})s?)?", re.IGNORECASE)
_AT_NAMES = ("t", "start", "time_continue")


class TimeMark(NamedTuple):
    """A moment of a video that a text names: seconds from its start; the end of a range, where it names one."""

    start_s: int
    end_s: int | None = None


def time_marks(text: str, links: Mapping[str, bool | None] | None = None) -> list[TimeMark]:
    """The time marks in a comment, in order, each once.

    Args:
        text: of the comment.
        links: for the addresses in it (see ``addresses_in``): true where one leads to the video that the comment is on,
            false where to another video, None where to something else. A link to the video counts by its time, and a
            comment that links to another video names moments of nobody knows which.
    """
    known = links or {}
    here = [address for address in addresses_in(text) if known.get(address)]
    found = [TimeMark(at) for at in map(_time_of, here) if at is not None]
    if not any(known.get(address) is False for address in addresses_in(text)):
        found += _written(_words(text))
    once = list(dict.fromkeys(found))
    return once if len(once) <= MOST_MARKS else []


def may_have_marks() -> str:
    """A regular expression, of Rust, that every text with a mark matches: few others do."""
    return r"[0-9][:\uff1a][0-5][0-9]|[?&#;](?:t|start|time_continue)="


def addresses_in(text: str) -> list[str]:
    """The addresses in a text, in order."""
    return _ADDRESS.findall(text)


def _words(text: str) -> str:
    """The text, with the words of links and without addresses."""
    return _ADDRESS.sub(" ", _LINK.sub(lambda found: f" {found['words'] or found['shown'] or ''} ", text))


def _written(text: str) -> Iterator[TimeMark]:
    for found in _MARKS.finditer(text):
        before, after = text[max(0, found.start() - _AROUND) : found.start()], text[found.end() : found.end() + _AROUND]
        if AFTER.match(after.partition("\n")[0]) or BEFORE.search(before.rpartition("\n")[2]):
            continue
        yield from _marks_of(found[0])


def _marks_of(text: str) -> Iterator[TimeMark]:
    """The marks that are said together; two with a range between them are one."""
    times = [(_seconds(one[0]), one.start(), one.end()) for one in _ONE.finditer(text)]
    place = 0
    while place < len(times):
        start, _, end_of_first = times[place]
        place += 1
        if place < len(times) and _IS_RANGE.fullmatch(text, end_of_first, times[place][1]) and times[place][0] > start:
            yield TimeMark(start, times[place][0])
            place += 1
        else:
            yield TimeMark(start)


def _seconds(written: str) -> int:
    parts = [int(part) for part in re.split(_COLON, written)]
    return sum(part * 60**power for power, part in enumerate(reversed(parts)))


@cache
def _time_of(address: str) -> int | None:
    """The second at which an address begins a video: `t=151`, `t=2m31s`, `#t=1h2m3s`."""
    try:
        parts = urlsplit(address.replace("&amp;", "&"))
    except ValueError:
        return None
    for name, value in parse_qsl(f"{parts.query}&{parts.fragment}"):
        found = _AT.fullmatch(value) if name in _AT_NAMES and value else None
        if found:
            return int(found["h"] or 0) * 3600 + int(found["m"] or 0) * 60 + int(found["s"] or 0)
    return None
