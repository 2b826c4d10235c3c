"""Time marks in comments: the moments of a video that people name, such as `2:31 that jump` or a link with `t=151`.

A mark is written as `m:ss` or `h:mm:ss`. The same form has times of day, scores, ratios, verses, lap times and dates, so
what stands around it decides: where a reader could not tell, it is no mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from blift.transforms.verses import BOOKS

#: A comment with more marks is a list, such as a table of contents or noise: none of them is a reaction.
MOST_MARKS = 50
#: Characters around a mark that are looked at.
_AROUND = 48

#: Letters that a mark does not touch. Scripts without blanks between words touch it.
_LETTER = "0-9A-Za-z\u00c0-\u024f"
_COLON = "[:\uff1a]"
_TIME = rf"(?:[0-9]{{1,2}}{_COLON}[0-5]?[0-9]{_COLON}[0-5][0-9]|[0-9]{{1,3}}{_COLON}[0-5][0-9])"
_RANGE = r"(?:\s?(?:-|\u2010|\u2011|\u2012|\u2013|\u2014|~|\u301c|\u2192|->)\s?|\s(?:to|until|till|thru|through|bis|al?|\u00e0)\s)"
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

_ZONES = "UTC|GMT|CES?T|E[SD]?T|P[SD]?T|C[SD]T|M[SD]T|BST|IST|JST|KST|AE[SD]T|MSK|\u043c\u0441\u043a|WIB|SGT"
_DAYS = (
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?s?|montags?|dienstags?|mittwochs?|donnerstags?"
    r"|freitags?|samstags?|sonntags?|lunes|martes|mi\u00e9rcoles|jueves|viernes|s\u00e1bado|domingo|lundi|mardi|mercredi"
    r"|jeudi|vendredi|samedi|dimanche"
)
_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_WHEN = r"today|tonight|tomorrow|yesterday|noon|midnight|heute|morgen|gestern|hoy|ayer|demain|hier|aujourd'hui"
#: What follows a time that is none of the video; case counts where it says so.
_AFTER = re.compile(
    rf"""\s?(?:min\b\.?)?[)\]*_]*\s*(?:
      (?-i:AM|PM)\b | [ap]\.\s?m\b | pm\b
    | am\b(?!\s+i\b\s+(?:the|not|going|just|so|blind|dumb|missing|hearing|seeing|wrong|only|really|right|high|weird|stupid
        |insane|crazy|tripping|deaf|alone|imagining|supposed|mistaken|losing|being)\b)
    | uhr\b | o'?\s?clock\b | hs\b | hrs?\b | hours?\b | h\b | heures?\b | horas?\b | stunden\b
    | (?-i:{_ZONES})\b | (?:local|your|my|our|their)\s+time\b
    | in\s+the\s+(?:morning|evening|afternoon|night)\b | (?:at|last|this|every|each)\s+(?:night|morning|evening|afternoon)\b
    | (?:de|por|en)\s+la\s+(?:tarde|noche|ma\u00f1ana|madrugada)\b | (?:du|ce)\s+(?:soir|matin)\b | da\s+(?:noite|manh\u00e3|tarde)\b
    | (?:\u0443\u0442\u0440\u0430|\u0432\u0435\u0447\u0435\u0440\u0430|\u0434\u043d\u044f|\u043d\u043e\u0447\u0438)\b
    | (?:on\s+|,\s*)?(?:{_DAYS})\b | (?:{_WHEN})\b | every\s?day\b | daily\b
    | (?:long|left|remaining|ago|later|earlier)\b | to\s+go\b | on\s+the\s+clock\b | to\s+yuma\b
    | (?:minutes?|mins?|seconds?|secs?)\s+(?:long|left|remaining|ago|later|of)\b
    | (?:aspect|ratio|scale|odds|model|diecast|replica|monitors?|displays?|screens?|resolution|mile|marathon|pace|split|lap|finish)\b
    | (?:win|loss|victory|defeat|lead|score|scoreline|sieg|niederlage)\b | per\s+(?:mile|km|lap)\b | /\s?(?:mi|km)\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
#: What stands before it, up to the mark.
_BEFORE = re.compile(
    rf"""(?:
      \b(?:{_DAYS}|{_WHEN}|(?:{_MONTHS})\.?\s+[0-9]{{1,2}}(?:st|nd|rd|th)?(?:,?\s+[0-9]{{4}})?)[\s,]*(?:at|@|um|a\s+las|\u00e0|-)?
    | \b[0-9]{{4}}[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}[\s,T]*(?:at|@)? | \b[0-9]{{1,2}}[-/.][0-9]{{1,2}}[-/.](?:[0-9]{{2}}){{1,2}}[\s,]*(?:at|@)?
    | \b(?:it'?s|it\u2019s|it\s+is|es\s+ist)(?:\s+(?:now|only|already|about|almost|nearly|like|literally|currently|past|around))?
    | \b(?:a|son|sobre)\s+las? | \b(?:alarm|clock|bedtime|wake\s+up|woke\s+up|awake|(?:fell|go(?:ing)?\s+to)\s+(?:asleep|sleep|bed)|closes?|opens?|open\s+from)(?:\s+(?:at|until|till|for|says|said|is|to))*
    | \b(?:departs?|arrives?|leaves?|(?:train|bus|flight|class|shift|meeting|church|curfew)(?:\s+(?:is|starts|leaves|departs|begins|was))?)(?:\s+at)?
    | (?:\u4e0a\u5348|\u4e0b\u5348|\u665a\u4e0a|\u65e9\u4e0a|\u51cc\u6668|\u5348\u524d|\u5348\u5f8c|\uc624\uc804|\uc624\ud6c4)
    | \b(?:won|wins?|lost|loses?|lose|beat|beats|beaten|score(?:d|s|line)?|final|finished|ended|leads?|leading|led|trail(?:s|ed|ing)?|draw|drew|tied|defeat(?:ed|s)?|thrashed|crushed|gewinnt|gewonnen|gewann|verloren|verlor|gewinnen|stand|steht|ergebnis|gan\u00f3|perdi\u00f3|marcador)
        (?:\s+(?:was|is|were|it|by|the|them|us|him|her|a|game|match|set|in|at|with|es|of|to|be|mit|gegen|him|[A-Z]\w+)){{0,4}}
    | \b(?:ratios?|scale|odds|aspect|proportions?|diluted?|dilution|mix(?:ed)?|ma\u00dfstab|escala|model|gear(?:ing)?|diecast)(?:\s+(?:of|is|was|at|to|it|in|about|ratio|with|a|the)){{0,3}}
    | \b(?:took|takes|last(?:s|ed)?|for|within|under|sub|duration|length|runtime|long|pace|pb|pr|wr|personal\s+best|world\s+record|(?:lap|finish(?:ing)?|best|race|split|run)\s+time|time\s+of|times?\s+was|record|split|splits|clocked|ran\b.{{0,20}}?|mile\b.{{0,12}}?|marathon\b.{{0,12}}?|[0-9]+\s?(?:k|km|m)\b.{{0,12}}?)(?:\s+(?:was|is|of|in|me|him|about|around|at|a|an|only|the)){{0,3}}
    | \b(?:chapter|ch\.?|verses?|vv?\.?|scripture|bible|psalm|surah?|sura|sure|qur'?an|koran|ayah?|gita|hadith)[\s:]*(?:[A-Za-z'-]+\s)?
    | (?<![a-z])(?:[1-4]|I{{1,3}}|1st|2nd|3rd|first|second|third)?\s?(?:{BOOKS})\.?
    )[\s:,(\[*_~"'-]*$""",
    re.IGNORECASE | re.VERBOSE,
)


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
        if _AFTER.match(after.partition("\n")[0]) or _BEFORE.search(before.rpartition("\n")[2]):
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
