"""Archives of YouTube: info.json files and subtitles."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from blift.connectors.files import InputFile
from blift.connectors.yt_dlp.archive import read_videos
from blift.connectors.yt_dlp.subtitles import FORMATS, BrokenSubtitles, parse_subtitles
from blift.schemas.platform import YOUTUBE
from tests.fuzz.kind import Check, Kind, require
from tests.fuzz.mutate import TOKENS, as_json, mutated, spoiled
from tests.fuzz.values import differs, loads

_VIDEO: dict[str, Any] = {
    "id": "abcdefghijk", "_type": "video", "extractor_key": "Youtube", "ext": "mp4", "title": "A cat",
    "description": "words", "width": 640, "height": 480, "duration": 12.5, "tags": ["cat"], "categories": ["Pets"],
    "age_limit": 0, "availability": "public", "channel_id": "UC" + "a" * 22, "channel": "Cats",
    "channel_follower_count": 1_200, "uploader": "cats", "uploader_id": "@cats", "timestamp": 1_600_000_000,
    "upload_date": "20200913", "epoch": 1_600_090_000, "live_status": "not_live", "is_live": False, "like_count": 5,
    "view_count": 20_000, "comment_count": 7, "language": "en-US",
    "chapters": [{"start_time": 0, "end_time": 4.0, "title": "One"}, {"start_time": 4.0, "end_time": 12.5}],
    "heatmap": [{"start_time": place / 8, "end_time": (place + 1) / 8, "value": place / 100} for place in range(9)],
    "comments": [{"id": "Ugx1", "parent": "root", "text": "so nice", "like_count": 2, "author": "@v",
                  "author_id": "UCv", "timestamp": 1_600_000_100, "author_is_uploader": False, "is_pinned": False},
                 {"id": "Ugx1.2", "parent": "Ugx1", "text": "yes", "timestamp": 1_600_000_200}],
}  # fmt: skip
_COLUMNS = {
    "title": "title",
    "text": "description",
    "width": "width",
    "height": "height",
    "duration_s": "duration",
    "views": "view_count",
    "likes": "like_count",
    "channel_subscribers": "channel_follower_count",
    "author_name": "uploader",
}


def make_info(chance: random.Random) -> bytes:
    """The content of an info.json."""
    content = as_json(_VIDEO if chance.random() < 0.1 else spoiled(_VIDEO, chance)).encode()
    return mutated(content, chance) if chance.random() < 0.25 else content


@contextmanager
def start_info(folder: Path) -> Iterator[Check]:
    """Reads each as a file of the folder."""
    path = folder / "A cat [abcdefghijk].info.json"

    def check(content: bytes) -> str:
        path.write_bytes(content)
        (chunk,) = read_videos([InputFile(str(path), len(content), path.name)], only=YOUTUBE)
        for part, what in ((chunk.posts, "files"), (chunk.comments, "comments")):
            out, lost = part.table.num_rows, part.rejects.num_rows
            require(part.rows_in == out + lost, f"{part.rows_in} {what} in, {out} out, {lost} rejected")
        require(chunk.posts.rows_in == 1, f"a file counts as {chunk.posts.rows_in}")
        if not chunk.posts.table.num_rows:
            return "refused"
        (row,) = chunk.posts.table.to_pylist()
        record = loads(content.removeprefix(b"\xef\xbb\xbf"))
        require(isinstance(record, dict), "it is read, and is no object of JSON")
        for column, name in _COLUMNS.items():
            said = record.get(name)
            require(not differs(row[column], said), f"{column} is {row[column]!r}, and {name} is {said!r:.80}")
        comments = record.get("comments")
        given = len(comments) if isinstance(comments, list) else int(comments is not None)
        require(chunk.comments.rows_in == given, f"{given} comments are given, and {chunk.comments.rows_in} counted")
        return "accepted"

    yield check


class Subtitles(NamedTuple):
    """A subtitle file, and what its name says that it is."""

    format: str
    content: bytes


_VTT = b"""WEBVTT
Kind: captions

00:00:00.000 --> 00:00:02.000 align:start position:0%
hello<00:00:00.500><c> world</c>

00:00:02.000 --> 00:00:02.010
hello world

00:00:02.010 --> 00:00:04.000
hello world
next &amp; <i>line</i>
"""
_SRT = b"1\n00:00:00,000 --> 00:00:02,000\nhello world\n\n2\n00:00:02,000 --> 00:00:04,000\nnext\nline\n"
_SRV3 = b"""<?xml version="1.0" encoding="utf-8" ?><timedtext format="3"><body>
<p t="0" d="2000"><s>hello</s><s t="500"> world</s></p><p t="2000" d="1500">next &amp;<br/>line</p></body>
</timedtext>"""
_JSON3: dict[str, Any] = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 2_000, "segs": [{"utf8": "hello"}, {"utf8": " world", "tOffsetMs": 500}]},
        {"tStartMs": 2_000, "dDurationMs": 10, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {"tStartMs": 2_010, "dDurationMs": 1_500, "segs": [{"utf8": "next line"}]},
    ],
}
_OF_SUBTITLES = (
    *TOKENS, b"-->", b" --> ", b"00:00:01.000", b"99999:59:59.999", b"00:00:00,5", b"\n\n", b"WEBVTT", b"<c>", b"</c>",
    b"<00:00:01.000>", b"&#x110000;", b"&#0;", b"&lt;", b'<!DOCTYPE x [<!ENTITY a "b">]>', b"&a;", b'<p t="1" d="2">',
    b'<p t="-1"/>', b"<s t='1'>", b'encoding="utf-16"', b'encoding="x"', b"<![CDATA[", b"<p " * 50, b"<a>" * 200,
)  # fmt: skip


def make_subtitles(chance: random.Random) -> Subtitles:
    """A subtitle file of any format."""
    format_ = chance.choice(FORMATS)
    if format_ == "json3" and chance.random() < 0.7:
        return Subtitles(format_, as_json(spoiled(_JSON3, chance)).encode())
    content = {"vtt": _VTT, "srt": _SRT, "srv3": _SRV3, "json3": as_json(_JSON3).encode()}[format_]
    return Subtitles(format_, mutated(content, chance, _OF_SUBTITLES))


@contextmanager
def start_subtitles(_: Path) -> Iterator[Check]:
    """Parses each."""

    def check(given: Subtitles) -> str:
        try:
            speech = parse_subtitles(given.content, given.format)
        except BrokenSubtitles as error:
            require(0 < len(str(error)) < 2_000, "a sentence of any length")
            return "refused"
        for start_s, end_s, words in speech:
            require(math.isfinite(start_s) and 0 <= start_s <= end_s < math.inf, f"a time is {start_s}, {end_s}")
            require(words.strip() == words != "", f"the words are {words!r:.40}")
            words.encode()
        require(speech == sorted(speech, key=lambda segment: segment[:2]), "out of order")
        if given.format == "json3":
            _same_words(given.content, [words for _, _, words in speech])
        return "accepted" if speech else "no speech"

    yield check


#: With one of these, a line may hold what is not said: sounds, names of speakers, marks of direction.
_BESIDE_WORDS = frozenset(
    "[](){}\\\\>-\u2013\u2014:\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
) | frozenset(map(chr, range(0x2669, 0x2670)))


def _same_words(content: bytes, found: list[str]) -> None:
    """The words of all events, as JSON has them; lines of one time and the same words are one."""
    record = loads(content.removeprefix(b"\xef\xbb\xbf"))
    require(isinstance(record, dict), "it is read, and is no object of JSON")
    segments = [event.get("segs", []) for event in record.get("events", [])]
    said = [" ".join("".join(word.get("utf8", "") for word in words).split()) for words in segments]
    require(len(found) <= len(said), f"of {len(said)} lines there are {len(found)}")
    for words in filter(None, said):
        if _BESIDE_WORDS.isdisjoint(words):
            require(any(not differs(one, words) for one in found), f"nobody says {words!r:.40}")


INFO = Kind("info.json", large=100_000, small=150, make=make_info, start=start_info)
SUBTITLES = Kind("subtitles", large=100_000, small=400, make=make_subtitles, start=start_subtitles)
