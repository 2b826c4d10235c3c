"""Subtitle files as speech: WebVTT, SubRip, srv3 and json3, automatic captions de-rolled."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from blift.connectors.malformed import Malformed
from blift.connectors.yt_dlp.decode import LONGEST_S, decode, is_number

#: start_s, end_s and text of a blift.schemas.platform.SpeechSegment.
SpeechTuple = tuple[float, float, str]

_ARROW = "-->"
_TIME = r"(?:([0-9]{1,5}):)?([0-5]?[0-9]):([0-5]?[0-9])[.,]([0-9]{1,3})"
_TIMING = re.compile(rf"\s*{_TIME}\s*{_ARROW}\s*{_TIME}(?:\s.*)?")
_WORD_TIME = re.compile(r"<(?:[0-9]+:)?[0-9]{2}:[0-9]{2}\.[0-9]{3}>")
_TAG = re.compile(r"<(?:/?[A-Za-z][^<>]*|[0-9:.]+)>")

#: What subtitles note beside words: sounds in brackets, positions, music, a change of speaker, and who speaks.
_NOT_SAID = re.compile(r"\[[^\[\]]*\]|\{\\[^{}]*\}|\\[hnN]|[\u2669-\u266f]|>>+|(?:^|(?<=\s))[-\u2013\u2014](?=\s)")
#: Who speaks, before what is said.
_SPEAKER = re.compile(r"[A-Z][A-Z .'-]{1,30}:(?=\s|$)")
#: Marks of direction and order that nobody sees.
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]")
#: A line that is all in parentheses tells of a sound; one that names who wrote the subtitles is not said.
_IN_PARENTHESES = re.compile(r"\([^()]*\)")
_CREDITS = re.compile(
    r"(?:sub(?:title[sd]?|s)|caption(?:s|ed)|transcri(?:bed|ption|pt)|translat(?:ed|ion|or))\b.{0,40}\b(?:by|:).*",
    re.IGNORECASE,
)
#: Times are rounded to milliseconds: what overlaps by no more follows.
_OVERLAP_S = 0.0015
#: A segment without a length is taken to last so long at most, seconds.
_LENGTH_S = 2.0

#: Automatic captions show a finished line alone for 10 ms before it rolls up; nobody reads a line that fast.
_ROLL_S = 0.05


class BrokenSubtitles(ValueError):
    """A subtitle file that is not what its name says."""


class _Cue(NamedTuple):
    start_s: float
    end_s: float
    lines: list[str]  # with their tags


def parse_subtitles(data: bytes, format_: str) -> list[SpeechTuple]:
    """The speech in a subtitle file, in its order in time, without markup and without what is shown twice.

    Args:
        data: the file.
        format_: one of ``FORMATS``.

    Raises:
        BrokenSubtitles: the file is not of this format.
    """
    segments = [(start, end, _said(words)) for start, end, words in _PARSERS[format_](data)]
    return _lasting(_once(sorted((each for each in segments if each[2]), key=lambda each: each[:2])))


def _said(words: str) -> str:
    """What is said of what is shown: without sounds in brackets, notes of music, and who speaks."""
    words = _INVISIBLE.sub("", words)
    if _IN_PARENTHESES.fullmatch(words) or _CREDITS.fullmatch(words):
        return ""
    left = " ".join(_NOT_SAID.sub(" ", words).split())
    return _SPEAKER.sub("", left, count=1).strip() if _SPEAKER.match(left) else left


def _once(speech: Sequence[SpeechTuple]) -> list[SpeechTuple]:
    """Segments in order, those with the same words at one time made one: styled files show a line several times."""
    kept: list[SpeechTuple] = []
    for start, end, words in speech:
        if kept and kept[-1][2] == words and start < kept[-1][1] - _OVERLAP_S:
            kept[-1] = (kept[-1][0], max(kept[-1][1], end), words)
        else:
            kept.append((start, end, words))
    return kept


def _lasting(speech: Sequence[SpeechTuple]) -> list[SpeechTuple]:
    """Segments that all last: one without a length ends where a later one begins, at most some seconds later."""
    found = []
    begins = later = LONGEST_S
    for start, end, words in reversed(speech):
        if start < begins:
            begins, later = start, begins
        found.append((start, end if end > start else min(later, start + _LENGTH_S), words))
    return sorted(found)


def _vtt(data: bytes) -> list[SpeechTuple]:
    content = _text(data)
    if not content.startswith("WEBVTT"):
        raise BrokenSubtitles("a WebVTT file begins with WEBVTT")
    return _speech_of(_cues(content))


def _srt(data: bytes) -> list[SpeechTuple]:
    content = _text(data)
    cues = _cues(content)
    if content.strip() and not cues:
        raise BrokenSubtitles("it has text and no times")
    return _speech_of(cues)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise BrokenSubtitles(f"it is not UTF-8: {error.reason} at byte {error.start}") from error


def _cues(content: str) -> list[_Cue]:
    """The cues of WebVTT and SubRip: a line with two times, then text up to an empty line."""
    cues: list[_Cue] = []
    shown: list[str] | None = None
    for number, line in enumerate(content.split("\n"), start=1):
        if _ARROW in line:
            times = _TIMING.fullmatch(line)
            if not times:
                raise BrokenSubtitles(f"line {number} has no two times around {_ARROW}")
            shown = []
            cues.append(_Cue(_seconds(*times.groups()[:4]), _seconds(*times.groups()[4:]), shown))
        elif not line:
            shown = None
        elif shown is not None:
            shown.append(line)
    return cues


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> float:
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return (whole * 1000 + int(fraction.ljust(3, "0"))) / 1000


def _speech_of(cues: list[_Cue]) -> list[SpeechTuple]:
    """The text of every cue; in captions that roll, only the lines that the cue before did not show."""
    shown = [[line for line in map(_plain, cue.lines) if line] for cue in cues]
    rolling = _rolls(cues, shown)
    speech = []
    before: list[str] = []
    for cue, lines in zip(cues, shown, strict=True):
        known = _overlap(before, lines) if rolling else 0
        speech.append((cue.start_s, max(cue.start_s, cue.end_s), " ".join(lines[known:])))
        before = lines
    return speech


def _rolls(cues: list[_Cue], shown: list[list[str]]) -> bool:
    """Whether these are automatic captions: words have times, or lines stay alone for an instant.

    The second survives a conversion to SubRip, the first does not.
    """
    if any(_WORD_TIME.search(line) for cue in cues for line in cue.lines):
        return True
    return any(
        cue.end_s - cue.start_s < _ROLL_S and lines and lines == before[-len(lines) :]
        for cue, lines, before in zip(cues[1:], shown[1:], shown, strict=False)
    )


def _overlap(before: list[str], lines: list[str]) -> int:
    """How many of the first lines are the last ones of the cue before."""
    longest = min(len(before), len(lines))
    return next((size for size in range(longest, 0, -1) if before[-size:] == lines[:size]), 0)


def _plain(line: str) -> str:
    """The words of a line: without tags, entities unescaped, blanks made single."""
    return " ".join(html.unescape(_TAG.sub("", line)).split())


def _json3(data: bytes) -> list[SpeechTuple]:
    try:
        events = decode(data, frozenset({"events"})).get("events", [])
    except Malformed as error:
        raise BrokenSubtitles(error.detail) from error
    if not isinstance(events, list):
        raise BrokenSubtitles("events is not a list")
    speech, rolling = [], False
    for event in events:
        segments = event.get("segs", []) if isinstance(event, dict) else None
        if not isinstance(segments, list) or not all(isinstance(segment, dict) for segment in segments):
            raise BrokenSubtitles("an event has no list of segments")
        words = [segment.get("utf8", "") for segment in segments]
        if not all(isinstance(word, str) for word in words):
            raise BrokenSubtitles("a segment's utf8 is no text")
        rolling = rolling or any("tOffsetMs" in segment for segment in segments)
        if words:
            times = event.get("tStartMs", 0), event.get("dDurationMs", 0)
            speech.append(_timed(*times, " ".join("".join(words).split())))
    return _clipped(speech) if rolling else speech


def _srv3(data: bytes) -> list[SpeechTuple]:
    try:
        root: Element = defusedxml.ElementTree.fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise BrokenSubtitles(f"it is not XML that can be trusted: {error}") from error
    if root.tag != "timedtext":
        raise BrokenSubtitles(f"its root is {root.tag[:40]!r}, not 'timedtext'")
    speech, rolling = [], False
    for paragraph in root.iter("p"):
        rolling = rolling or any("t" in word.attrib for word in paragraph.iter("s"))
        try:
            times = int(paragraph.get("t", 0)), int(paragraph.get("d", 0))
        except ValueError as error:
            raise BrokenSubtitles(f"a time is no number of milliseconds: {error}") from error
        speech.append(_timed(*times, _words(paragraph)))
    return _clipped(speech) if rolling else speech


def _words(paragraph: Element) -> str:
    pieces = [paragraph.text or ""]
    for part in paragraph:
        pieces += [" " if part.tag == "br" else part.text or "", part.tail or ""]
    return " ".join("".join(pieces).split())


def _timed(start_ms: Any, duration_ms: Any, words: str) -> SpeechTuple:
    for value in (start_ms, duration_ms):
        if not is_number(value) or not 0 <= value <= LONGEST_S * 1000:
            raise BrokenSubtitles("a time is no number of milliseconds")
    return start_ms / 1000, (start_ms + duration_ms) / 1000, words


def _clipped(speech: list[SpeechTuple]) -> list[SpeechTuple]:
    """Automatic captions: a line stays while the next one is spoken, and here ends where that begins."""
    spoken = [segment for segment in speech if segment[2]]
    starts = [start for start, _, _ in spoken]
    return [
        (start, min(end, following) if following > start else end, words)
        for (start, end, words), following in zip(spoken, [*starts[1:], LONGEST_S], strict=False)
    ]


#: Best first: json3 and srv3 say when each line is spoken, where the others show it twice.
_PARSERS: dict[str, Callable[[bytes], list[SpeechTuple]]] = {
    "json3": _json3,
    "srv3": _srv3,
    "vtt": _vtt,
    "srt": _srt,
}
FORMATS = tuple(_PARSERS)
