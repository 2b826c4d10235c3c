"""Subtitle files become speech: what is said, once, with its times."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.yt_dlp.beside import group_siblings, media_file, subtitle_files, tracks
from blift.connectors.yt_dlp.subtitles import FORMATS, BrokenSubtitles, parse_subtitles

#: The first three lines of automatic captions, as YouTube writes them: each line is shown while it is spoken,
#: alone for 10 ms, and again above the next one.
AUTOMATIC_VTT = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.389 align:start position:0%
 
the<00:00:00.480><c> past</c><00:00:00.880><c> is</c><00:00:01.120><c> a</c><00:00:01.280><c> vast</c>

00:00:02.389 --> 00:00:02.399 align:start position:0%
the past is a vast
 

00:00:02.399 --> 00:00:04.150 align:start position:0%
the past is a vast
and<00:00:02.560><c> mysterious</c><00:00:03.120><c> land</c>

00:00:04.150 --> 00:00:04.160 align:start position:0%
and mysterious land
 

00:00:04.160 --> 00:00:06.000 align:start position:0%
and mysterious land
[Music]

00:00:06.000 --> 00:00:06.010 align:start position:0%
[Music]
 

00:00:06.010 --> 00:00:08.000 align:start position:0%
[Music]
[Music]
"""  # noqa: W293

SPOKEN = [
    (0.16, 2.389, "the past is a vast"),
    (2.399, 4.15, "and mysterious land"),
]

MANUAL_VTT = """WEBVTT
Kind: captions
Language: en

STYLE
::cue(c.colorE5E5E5) { color: rgb(229,229,229); }

NOTE made by hand

intro
00:01.000 --> 00:03.500 line:90%
<v Steve>Here we find <i>the most</i>
amazing&nbsp;creatures &amp; plants</v>

00:03.500 --> 00:04.000
No.

00:04.000 --> 01:00:05.250
No.
"""

AUTOMATIC_SRV3 = """<?xml version="1.0" encoding="utf-8" ?><timedtext format="3">
<head><ws id="0"/><ws id="1" mh="2" ju="0" sd="3"/>
<wp id="0"/><wp id="1" ap="6" ah="20" av="100" rc="2" cc="40"/></head>
<body><w t="0" id="1" wp="1" ws="1"/>
<p t="160" d="3990" w="1"><s ac="0">the</s><s t="320" ac="0"> past</s><s t="720" ac="0"> is</s></p>
<p t="2389" d="1761" w="1" a="1">
</p>
<p t="2399" d="3601" w="1"><s ac="0">and</s><s t="161" ac="0"> mysterious &amp; old</s></p>
</body></timedtext>"""

AUTOMATIC_JSON3 = {
    "wireMagic": "pb3",
    "events": [
        {"tStartMs": 0, "dDurationMs": 6000, "id": 1, "wpWinPosId": 1, "wsWinStyleId": 1},
        {
            "tStartMs": 160,
            "dDurationMs": 3990,
            "wWinId": 1,
            "segs": [{"utf8": "the", "acAsrConf": 0}, {"utf8": " past", "tOffsetMs": 320}],
        },
        {"tStartMs": 2389, "dDurationMs": 1761, "wWinId": 1, "aAppend": 1, "segs": [{"utf8": "\n"}]},
        {
            "tStartMs": 2399,
            "dDurationMs": 3601,
            "segs": [{"utf8": "and"}, {"utf8": " old", "tOffsetMs": 161}],
        },
    ],
}


def test_automatic_captions_say_every_line_once() -> None:
    assert parse_subtitles(AUTOMATIC_VTT.encode(), "vtt") == SPOKEN


def test_line_endings_and_a_byte_order_mark_change_nothing() -> None:
    windows = "\ufeff" + AUTOMATIC_VTT.replace("\n", "\r\n")
    assert parse_subtitles(windows.encode(), "vtt") == SPOKEN


def test_automatic_captions_converted_to_subrip_say_every_line_once() -> None:
    blocks = [
        ("00:00:00,160 --> 00:00:02,389", "the past is a vast"),
        ("00:00:02,389 --> 00:00:02,399", "the past is a vast"),
        ("00:00:02,399 --> 00:00:04,150", "the past is a vast\nand mysterious land"),
        ("00:00:04,150 --> 00:00:04,160", "and mysterious land"),
    ]
    subrip = "\n\n".join(f"{number}\n{times}\n{text}" for number, (times, text) in enumerate(blocks, start=1))
    assert parse_subtitles(subrip.encode(), "srt") == SPOKEN[:2]


def test_manual_captions_lose_markup_and_keep_what_is_said_twice() -> None:
    assert parse_subtitles(MANUAL_VTT.encode(), "vtt") == [
        (1.0, 3.5, "Here we find the most amazing creatures & plants"),
        (3.5, 4.0, "No."),
        (4.0, 3605.25, "No."),
    ]


def test_subrip_keeps_what_only_looks_like_a_tag() -> None:
    subrip = b"1\n00:00:01,5 --> 00:00:02,000\nI <3 you\n\n2\n00:00:02,000 --> 00:00:03,000\n<b>a</b> < b\n"
    assert parse_subtitles(subrip, "srt") == [(1.5, 2.0, "I <3 you"), (2.0, 3.0, "a < b")]


def test_srv3_ends_a_line_where_the_next_begins() -> None:
    assert parse_subtitles(AUTOMATIC_SRV3.encode(), "srv3") == [
        (0.16, 2.399, "the past is"),
        (2.399, 6.0, "and mysterious & old"),
    ]


def test_srv3_of_two_speakers_keeps_its_overlap_and_breaks() -> None:
    lines = b'<p t="0" d="3000">one<br/>two</p><p t="1000" d="500">three</p>'
    manual = b'<timedtext format="3"><body>' + lines + b"</body></timedtext>"
    assert parse_subtitles(manual, "srv3") == [(0.0, 3.0, "one two"), (1.0, 1.5, "three")]


def test_json3_ends_a_line_where_the_next_begins() -> None:
    assert parse_subtitles(json.dumps(AUTOMATIC_JSON3).encode(), "json3") == [
        (0.16, 2.399, "the past"),
        (2.399, 6.0, "and old"),
    ]


@pytest.mark.parametrize(
    ("format_", "content"),
    [
        ("json3", b'{"events": [{"segs": [{"utf8": "\\n", "tOffsetMs": 3}]}]}'),
        ("srv3", b'<timedtext format="3"><body><p t="0" d="9"><s t="3"> </s></p></body></timedtext>'),
        ("vtt", b"WEBVTT\n\n00:00.000 --> 00:01.000\n<00:00:00.500><c> </c>\n"),
    ],
)
def test_automatic_captions_in_which_nothing_is_said_are_no_speech(format_: str, content: bytes) -> None:
    assert parse_subtitles(content, format_) == []


@pytest.mark.parametrize("format_", ["vtt", "json3", "srv3"])
def test_no_captions_are_no_speech(format_: str) -> None:
    empty = {"vtt": b"WEBVTT\n\n", "json3": b'{"events": []}', "srv3": b'<timedtext format="3"/>'}
    assert parse_subtitles(empty[format_], format_) == []


@pytest.mark.parametrize(
    ("data", "format_", "problem"),
    [
        (b"", "vtt", "begins with WEBVTT"),
        (b"<html>429 Too Many Requests</html>", "vtt", "begins with WEBVTT"),
        (b"WEBVTT\n\n00:01 --> later\nHello", "vtt", "line 3 has no two times"),
        (b"WEBVTT\n\n\xff\xfe", "vtt", "not UTF-8"),
        (b"Too many requests", "srt", "text and no times"),
        (b"{", "json3", "Expecting"),
        (b"[]", "json3", "holds a list"),
        (b'{"events": 3}', "json3", "events is not a list"),
        (b'{"events": [{"segs": [3]}]}', "json3", "no list of segments"),
        (b'{"events": [{"segs": [{"utf8": 3}]}]}', "json3", "is no text"),
        (b'{"events": [{"tStartMs": -1, "segs": [{"utf8": "a"}]}]}', "json3", "milliseconds"),
        (b"<timedtext>", "srv3", "not XML that can be trusted"),
        (b"<transcript/>", "srv3", "its root is 'transcript'"),
        (b'<timedtext><p t="soon">a</p></timedtext>', "srv3", "milliseconds"),
    ],
)
def test_a_broken_file_says_what_is_wrong(data: bytes, format_: str, problem: str) -> None:
    with pytest.raises(BrokenSubtitles, match=problem):
        parse_subtitles(data, format_)


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><timedtext><p t="0" d="1">&b;</p></timedtext>',
        '<!DOCTYPE t [<!ENTITY f SYSTEM "file:///etc/passwd">]><timedtext><p t="0" d="1">&f;</p></timedtext>',
    ],
)
def test_xml_that_expands_or_includes_is_refused(document: str) -> None:
    with pytest.raises(BrokenSubtitles, match="can be trusted"):
        parse_subtitles(document.encode(), "srv3")


@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode), format_=st.sampled_from(FORMATS))
def test_bytes_are_speech_or_broken(data: bytes, format_: str) -> None:
    for beginning in (b"", b"WEBVTT\n\n00:01.000 --> 00:02.000\n", b'{"events": ', b"<timedtext>"):
        try:
            speech = parse_subtitles(beginning + data, format_)
        except BrokenSubtitles:
            continue
        assert all(0 <= start < end and text == text.strip() != "" for start, end, text in speech)


INFO = "yt/a.b [xaQJbozY_Is].info.json"


def order(codes: list[str], language: str | None = None, **captions: dict[str, list[str]]) -> list[str]:
    siblings = [f"yt/a.b [xaQJbozY_Is].{code}" for code in codes]
    found, _ = tracks(subtitle_files(INFO, siblings), captions, language)
    return [f"{track.code}.{track.format} {track.source}" for track in found]


def test_manual_tracks_stand_before_automatic_and_unnamed_ones() -> None:
    codes = ["fr.vtt", "en.vtt", "xx.vtt", "de.vtt"]
    assert order(codes, subtitles={"de": []}, automatic_captions={"en": [], "de": []}) == [
        "de.vtt manual",
        "en.vtt automatic",
        "fr.vtt None",
        "xx.vtt None",
    ]


def test_speech_is_in_the_language_that_is_spoken() -> None:
    codes = ["ar.vtt", "en.vtt", "fr-orig.vtt", "ja.vtt", "en-GB.vtt"]
    automatic = {"automatic_captions": {code.partition(".")[0]: [] for code in codes}}
    assert order(codes, "ja", **automatic) == ["ja.vtt automatic"]
    assert order(codes, **automatic) == ["fr-orig.vtt automatic"]
    assert order(codes, "en-US", **automatic) == ["en.vtt automatic", "en-GB.vtt automatic"]
    assert order(["de.vtt", "en.vtt", "en-orig.vtt"], subtitles={"de": []}, automatic_captions={"en-orig": []}) == [
        "en-orig.vtt automatic",
        "en.vtt None",
    ]
    assert order(["ar.vtt", "de.vtt", "en.vtt"]) == ["en.vtt None", "ar.vtt None", "de.vtt None"]


def test_translations_are_no_speech_and_are_told() -> None:
    files = subtitle_files(INFO, ["yt/a.b [xaQJbozY_Is].en.vtt", "yt/a.b [xaQJbozY_Is].de.vtt"])
    assert tracks(files, {"subtitles": {"en": [], "de": []}}, "ja") == (
        [],
        "the subtitles are translations (de, en), and ja is spoken; they are not taken for speech",
    )


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("[Music]", None),
        ("\u266a la la la \u266a", "la la la"),
        (">> JOHN: Good evening. [applause]", "Good evening."),
        ("- Who is there?", "Who is there?"),
        ("(door creaks)", None),
        ("It was (as far as I know) a cat", "It was (as far as I know) a cat"),
        ("{\\an8}Up here", "Up here"),
        ("Subtitles by the Amara.org community", None),
        ("\u200bNASA: we have a well-known problem", "we have a well-known problem"),
        ("We saw: nothing - and no one", "We saw: nothing and no one"),
    ],
)
def test_speech_is_what_is_said(shown: str, said: str | None) -> None:
    speech = parse_subtitles(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{shown}\n".encode(), "vtt")
    assert speech == ([] if said is None else [(1.0, 2.0, said)])


def test_a_line_that_is_shown_several_times_at_once_is_said_once() -> None:
    cue = "00:01.000 --> 00:03.000\nHello\n\n00:01.500 --> 00:04.000\nHello\n\n00:05.000 --> 00:05.000\nBye\n"
    assert parse_subtitles(f"WEBVTT\n\n{cue}".encode(), "vtt") == [(1.0, 4.0, "Hello"), (5.0, 7.0, "Bye")]


def test_the_most_precise_format_of_a_language_stands_first() -> None:
    named = order(["en.srt", "en.vtt", "en.srv3", "en.json3"], subtitles={"en": []})
    assert [name.split()[0] for name in named] == ["en.json3", "en.srv3", "en.vtt", "en.srt"]


def test_files_that_are_no_subtitles_of_this_video_are_passed_over() -> None:
    assert order(["live_chat.json", "info.json", "mp4", "jpg", "part2.en.vtt"]) == []
    assert subtitle_files(INFO, ["yt/another.en.vtt"]) == []


def test_siblings_belong_to_the_longest_stem() -> None:
    listing = [
        "yt/a.info.json",
        "yt/a.mp4",
        "yt/a.en.vtt",
        "yt/a.en.info.json.gz",
        "yt/a.en.mkv",
        "yt/b.mp4",
        "other/a.mp4",
        "yt/alone.info.json",
    ]
    assert group_siblings(reversed(listing)) == {
        "yt/a.info.json": ["yt/a.mp4"],
        "yt/a.en.info.json.gz": ["yt/a.en.mkv", "yt/a.en.vtt"],
    }


def test_the_media_file_is_the_video_in_the_records_container() -> None:
    beside = ["yt/v.webm", "yt/v.mp4", "yt/v.m4a", "yt/v.f137.mp4", "yt/v.mp4.part", "yt/vv.mkv"]
    assert media_file("yt/v.info.json", beside, "webm") == "v.webm"
    assert media_file("yt/v.info.json", beside, "m4a") == "v.mp4"
    assert media_file("yt/v.info.json", ["yt/v.m4a"], None) is None


def test_a_segment_without_a_length_stands_in_order_once_it_has_one() -> None:
    events = [
        {"tStartMs": 0, "segs": [{"utf8": "hello world"}]},
        {"tStartMs": 0, "dDurationMs": 1500, "segs": [{"utf8": "next"}]},
    ]
    assert parse_subtitles(json.dumps({"events": events}).encode(), "json3") == [
        (0, 1.5, "next"),
        (0, 2, "hello world"),
    ]
