"""Moments of videos that comments name, and what only looks like one."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from blift.transforms.reactions import with_marks
from blift.transforms.time_marks import MOST_MARKS, TimeMark, may_have_marks, time_marks

_LABELS = Path(__file__).parent / "labels" / "time_marks.csv"

_NONE = """
see you at 5:30 pm|at 5:30pm|17:30 Uhr|um 17:30 Uhr gehts los|5:30 AM|5:30 p.m.|from 5:30-6:30 pm
5:30 o'clock|5:30 tonight
it's 3:00 in the morning|its 2:47 and im still here|woke up at 6:30|alarm at 6:00|8:00 GMT|12:34:56Z|9:00 to 17:00 Uhr
on Monday at 14:30|Friday 20:15|14:30 on Friday|tomorrow 12:30|12:30 tomorrow|a las 5:30
午後5:30|오후 5:30|в 17:30 мск|2:31 pm
won 2:1|2:1|the score was 21:19|we won 21:15|Bayern beat them 10:12|Deutschland gewinnt 3:10
16:9|16:10 aspect ratio|aspect ratio is 16:10|16:10 monitor|1:24 scale|scale 1:24|odds 1:20|1:10 ratio|mix 1:10
John 3:16|1 Cor 13:04|Genesis 1:26-27|Psalm 119:11|Matthew 5:44|Rev 21:04|Surah 2:15|John (3:16)|1.Mose 1:26
on 2020-01-29 15:13:50 UTC|3/4/2020 10:15|Jan 5th at 10:30|May 4, 2021 10:30
the mile in 4:59|ran it in 24:30|lap time 1:23.4|1:35s|1:30 hours|1:30h
with 2:31 left in the 4th|the video is 10:01 long
it took 2:31|3:10 to Yuma|00:1A:2B:3C|::1|10.0.0.1:8080|localhost:3000|3.2:31|01:02:03:04|2:31%|2:75|99:99
in 2 days on [**2020-01-29 15:13:50 UTC**](https://example.org/?i=2020-01-29%2015:13:50)
"""

_SOME = {
    "2:31 that jump": [151],
    "1:02:03": [3723],
    "at 0:45 lol": [45],
    "0:45, 1:30 and 2:00": [45, 90, 120],
    "(2:31) [2:32] **2:33** _2:34_": [151, 152, 153, 154],
    "@2:31, (~2:40) lol...2:50": [151, 160, 170],
    "timestamp: 2:31": [151],
    "2:31🤣 2：32": [151, 152],
    "在2:31的时候": [151],
    "2:31에서": [151],
    "2:31ish": [151],
    "bei 2:31min": [151],
    "1:30 am i the only one who heard that": [90],
    "part at 12:05 is gold.": [725],
    "who else paused at 4:20": [260],
    "2:31/3:10": [151, 190],
    "0:00 intro\n1:15 verse\n2:30 end": [0, 75, 150],
    "75:30": [4530],
    "10:01:05": [36065],
    "is that john at 3:16": [196],
    "20:15 and 21:30 are the best": [1215, 1290],
    "right at 2:30 minutes": [150],
    "2:31 2:31 2:31": [151],
    "[here at 2:31](https://example.org)": [151],
}


@pytest.mark.parametrize("text", [each for line in _NONE.split("\n")[1:-1] for each in line.split("|")])
def test_what_only_looks_like_a_moment_is_none(text: str) -> None:
    assert time_marks(text) == []


@pytest.mark.parametrize("text", _SOME)
def test_a_moment_is_found_where_people_write_it(text: str) -> None:
    assert [mark.start_s for mark in time_marks(text)] == _SOME[text]
    assert not pl.Series([text]).str.contains(may_have_marks()).not_().any()


def test_a_range_is_one_moment_with_an_end() -> None:
    assert time_marks("2:10-2:20 and from 1:00 to 1:05") == [TimeMark(130, 140), TimeMark(60, 65)]
    assert time_marks("2:31-2:10") == [TimeMark(151), TimeMark(130)]


def test_a_link_counts_where_it_leads_to_the_video() -> None:
    here, other = "https://youtu.be/aaaaaaaaaaa?t=", "https://youtu.be/bbbbbbbbbbb?t="
    links = {
        f"{here}151": True, f"{here}2m31s": True, f"{here}1h2m3s": True, f"{here}now": True, f"{other}9": False,
        "https://example.org/?t=7": None,
    }  # fmt: skip
    assert time_marks(f"{here}151", links) == [TimeMark(151)]
    assert time_marks(f"{here}2m31s or {here}1h2m3s", links) == [TimeMark(151), TimeMark(3723)]
    assert time_marks(f"[2:31]({here}2m31s)", links) == [TimeMark(151)]
    assert time_marks(f'<a href="{here}151">2:31</a> wow', links) == [TimeMark(151)]
    assert time_marks(f"{here}now 0:30", links) == [TimeMark(30)]
    assert time_marks(f"{other}9", links) == []
    assert time_marks(f"[at 2:31]({other}9)", links) == []  # of the other video
    assert time_marks("https://example.org/?t=7 0:30", links) == [TimeMark(30)]


def test_a_comment_with_more_marks_than_people_write_names_none() -> None:
    times = [f"{n // 60}:{n % 60:02}" for n in range(MOST_MARKS + 1)]
    assert len(time_marks("\n".join(times[1:]))) == MOST_MARKS
    assert time_marks("\n".join(times)) == []


@given(st.text("0123456789:-,. apmAPM\n/[]()htps?&=Uxy\uff1a", max_size=300))
def test_any_text_has_a_list_of_moments(text: str) -> None:
    found = time_marks(text)
    assert found == list(dict.fromkeys(found))
    assert all(0 <= mark.start_s < 360_000 and (mark.end_s is None or mark.end_s > mark.start_s) for mark in found)
    if found:
        assert pl.Series([text]).str.contains(may_have_marks()).all()


@pytest.mark.shared
def test_the_moments_of_labelled_comments_are_found_and_no_others(shared_data: Path) -> None:
    """500 comments that a person read and labelled: the 156 of YouTube, of Reddit those with two numbers around a colon
    or a link with a time, and others drawn by a hash of their ids."""
    with open(_LABELS, newline="", encoding="utf-8") as stream:
        labels = list(csv.DictReader(stream))
    assert len(labels) == 500
    comments = _comments(shared_data)
    rows = [comments[label["platform"], label["comment_id"]] for label in labels]
    posts = pl.DataFrame({"post_id": sorted({post for post, _ in rows})}).with_columns(media_key="post_id")
    found = with_marks(pl.DataFrame(rows, schema=["post_id", "text"], orient="row"), posts)["marks"].to_list()
    expected = [set(map(int, label["seconds"].split())) for label in labels]
    right = sum(len(one & set(other)) for one, other in zip(expected, found, strict=True))
    assert right / sum(map(len, found)) >= 0.99
    assert right / sum(map(len, expected)) >= 0.95


def _comments(data: Path) -> dict[tuple[str, str], tuple[str, str]]:
    """Post and text of each comment, by platform and id."""
    found = {}
    for path in sorted((data / "youtube" / "info").iterdir()):
        record = json.loads(path.read_bytes())
        for each in record.get("comments") or []:
            found.setdefault(("youtube", each["id"]), (f"youtube:{record['id']}", each["text"]))
    long = {zstd.DecompressionParameter.window_log_max: 31}
    for line in zstd.decompress((data / "reddit" / "RC_recorded.zst").read_bytes(), options=long).splitlines():
        record = json.loads(line)
        found.setdefault(("reddit", record["id"]), (f"reddit:{record.get('link_id')}", record.get("body") or ""))
    return found
