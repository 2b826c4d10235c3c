"""Archives of Reddit become tables: every form that records have had, and every line read or told why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.connectors.files import Chunk, InputFile, match
from blift.connectors.lines import Lines, read_lines
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.schemas.reasons import Reason

Reader = Callable[..., Iterator[Chunk]]

_SUBMISSION_2005: dict[str, Any] = json.loads("""
    {"id": "87", "domain": "downingstreetmemo.com", "author": "user_1a0b", "subreddit": "reddit.com", "selftext": "",
    "title": "The Downing Street Memo", "url": "http://www.downingstreetmemo.com", "score": 187, "ups": 187,
    "num_comments": 392, "over_18": false, "is_self": false, "created_utc": "1119552233", "gilded": 4,
    "retrieved_on": 1440516154, "permalink": "/r/reddit.com/comments/87/the_downing_street_memo/", "media": null,
    "link_flair_text": null, "banned_by": null, "edited": false, "media_embed": {}}""")
_SUBMISSION_2018: dict[str, Any] = json.loads("""
    {"id": "7nbt3p", "author": "user_77ef", "subreddit": "aww", "title": "Meet Rex &amp; Bo", "selftext": "",
    "url": "https://i.redd.it/kz1ux2b8lb701.jpg", "score": 31, "num_comments": 2, "created_utc": 1514764800,
    "retrieved_on": 1520427845, "is_video": false, "subreddit_type": "public", "is_self": false, "over_18": false,
    "permalink": "/r/aww/comments/7nbt3p/meet_rex_bo/", "link_flair_text": "Dogs", "thumbnail_width": 140,
    "preview": {"images": [{"source": {"url": "https://i.redditmedia.com/x.jpg", "width": 3024, "height": 4032}}]}}
    """)
_SUBMISSION_2026: dict[str, Any] = json.loads("""
    {"id": "1q0aaaa", "author": "user_2f29", "subreddit": "Futurology", "title": "A question", "selftext": "Why?",
    "score": 1, "upvote_ratio": 0.87, "num_comments": 0, "created_utc": 1767225600.0, "is_self": true,
    "retrieved_on": 1767225615, "updated_on": 1767225631, "_meta": {"retrieved_2nd_on": 1767355209},
    "subreddit_subscribers": 21000000, "removed_by_category": null, "is_gallery": null, "over_18": false,
    "permalink": "/r/Futurology/comments/1q0aaaa/a_question/", "url_overridden_by_dest": null, "edited": false}""")
_COMMENT_2005: dict[str, Any] = json.loads("""
    {"id": "c2392", "author": "user_fd45", "subreddit": "reddit.com", "link_id": "t3_21918", "parent_id": "t3_21918",
    "body": "reddit is written in emacs", "score": 8, "score_hidden": false, "created_utc": "1165542000",
    "retrieved_on": 1473738411, "banned_by": null, "link_title": "Editor: vi or emacs?", "replies": ""}""")
_COMMENT_2026: dict[str, Any] = json.loads("""
    {"id": "nx0aaaa", "author": "user_548e", "link_id": "t3_1q0aaaa", "parent_id": "t1_nx09999", "body": "Because.",
    "score": 5, "score_hidden": false, "is_submitter": true, "created_utc": 1767229200.0, "subreddit": "Futurology",
    "retrieved_on": 1767229215, "_meta": {"retrieved_2nd_on": 1767355300}}""")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reddit")


def read(folder: Path, reader: Reader, lines: Collection[bytes | dict[str, Any]], **options: Any) -> Chunk:
    """The lines written and read, as one chunk."""
    content = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    (folder / "file").write_bytes(content)
    chunks = list(reader(InputFile(str(folder / "file"), len(content), "RS_2018-01.zst"), **options))
    for chunk in chunks:
        parts = chunk.table.num_rows + chunk.rejects.num_rows + sum(chunk.skipped.values())
        assert chunk.rows_in == parts, "a record was lost"
    return joined(chunks)


def joined(chunks: list[Chunk]) -> Chunk:
    skipped: dict[Reason, int] = {}
    for chunk in chunks:
        for reason, count in chunk.skipped.items():
            skipped[reason] = skipped.get(reason, 0) + count
    table, rejects = (pa.concat_tables(part) for part in zip(*((c.table, c.rejects) for c in chunks), strict=True))
    return Chunk(sum(chunk.rows_in for chunk in chunks), table, rejects, skipped)


def post(folder: Path, record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    (row,) = read(folder, read_submissions, [record | changes]).table.to_pylist()
    return dict(row)


def comment(folder: Path, record: dict[str, Any], **changes: Any) -> dict[str, Any]:
    (row,) = read(folder, read_comments, [record | changes]).table.to_pylist()
    return dict(row)


def fields(row: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_a_link_of_2005(folder: Path) -> None:
    row = post(folder, _SUBMISSION_2005)
    assert fields(row, "post_id", "native_id", "platform", "source", "line") == (
        *("reddit:87", "87", "reddit", "RS_2018-01.zst", 1),
    )
    assert fields(row, "title", "url", "text", "subreddit", "author_name") == (
        *("The Downing Street Memo", "http://www.downingstreetmemo.com", "", "reddit.com", "user_1a0b"),
    )
    assert fields(row, "score", "num_comments", "upvote_ratio", "channel_subscribers") == (187, 392, None, None)
    assert row["posted_at"] == datetime(2005, 6, 23, 18, 43, 53, tzinfo=UTC)
    assert row["retrieved_at"] == moment(1440516154)
    assert row["permalink"] == "https://www.reddit.com/r/reddit.com/comments/87/the_downing_street_memo/"
    assert fields(row, "nsfw", "is_self", "is_gallery", "is_video", "has_poll", "live") == (False,) * 6
    assert fields(row, "deleted", "removed", "tags", "media_urls", "crosspost_of") == (False, False, [], [], None)


def test_a_picture_of_2018_has_the_pixels_of_its_source(folder: Path) -> None:
    row = post(folder, _SUBMISSION_2018)
    assert fields(row, "width", "height", "duration_s") == (3024, 4032, None)
    assert fields(row, "title", "tags") == ("Meet Rex &amp; Bo", ["Dogs"])
    assert row["posted_at"] == datetime(2018, 1, 1, tzinfo=UTC)


def test_a_question_of_2026(folder: Path) -> None:
    row = post(folder, _SUBMISSION_2026)
    assert fields(row, "text", "is_self", "upvote_ratio") == ("Why?", True, 0.87)
    assert fields(row, "channel_subscribers", "url", "width") == (21_000_000, None, None)
    assert row["posted_at"] == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_record_of_an_id_alone_has_the_address_that_reddit_makes_of_it(folder: Path) -> None:
    row = post(folder, {"id": "abc"})
    assert row["permalink"] == "https://www.reddit.com/comments/abc/"
    told = ("title", "text", "score", "posted_at", "retrieved_at", "nsfw", "num_comments", "subreddit", "author_name")
    assert set(fields(row, *told)) == {None}
    assert fields(row, "deleted", "removed", "is_self", "has_poll", "tags") == (False, False, False, False, [])


def test_a_comment_of_2005_on_a_post(folder: Path) -> None:
    row = comment(folder, _COMMENT_2005)
    assert fields(row, "comment_id", "post_id", "parent_id") == ("reddit:c2392", "reddit:21918", None)
    assert fields(row, "text", "score", "rank", "by_poster") == ("reddit is written in emacs", 8, None, None)
    assert fields(row, "posted_at", "retrieved_at") == (moment(1165542000), moment(1473738411))


def test_a_comment_of_2026_on_a_comment(folder: Path) -> None:
    row = comment(folder, _COMMENT_2026)
    assert fields(row, "post_id", "parent_id", "by_poster") == ("reddit:1q0aaaa", "reddit:nx09999", True)
    assert row["retrieved_at"] == moment(1767355300)


@pytest.mark.parametrize("parent", [None, -1, 10**30, "", "t3_1q0aaaa", "1q0aaaa", "no id"])
def test_a_parent_that_is_no_comment_is_none(folder: Path, parent: Any) -> None:
    assert comment(folder, _COMMENT_2026, parent_id=parent)["parent_id"] is None


@pytest.mark.parametrize("hidden", [True, "true", 1])
def test_a_hidden_score_is_unknown(folder: Path, hidden: Any) -> None:
    assert comment(folder, _COMMENT_2026, score=1, score_hidden=hidden)["score"] is None


@pytest.mark.parametrize("hidden", [False, None])
def test_a_score_that_is_not_hidden_is_kept(folder: Path, hidden: bool | None) -> None:
    assert comment(folder, _COMMENT_2026, score=-7, score_hidden=hidden)["score"] == -7


@pytest.mark.parametrize("written", ["1388534400", 1388534400, 1388534400.0, "1388534400.0"])
def test_a_time_is_read_as_text_integer_or_float(folder: Path, written: Any) -> None:
    told = datetime(2014, 1, 1, tzinfo=UTC)
    assert post(folder, _SUBMISSION_2018, created_utc=written)["posted_at"] == told
    assert comment(folder, _COMMENT_2005, created_utc=written)["posted_at"] == told


@pytest.mark.parametrize(
    ("times", "latest"),
    [
        ({}, None),
        ({"retrieved_on": 0, "updated_on": None}, None),
        ({"retrieved_on": 100}, 100),
        ({"retrieved_on": 100, "retrieved_utc": 200}, 200),
        ({"retrieved_on": 100, "updated_on": 300, "retrieved_utc": 200}, 300),
        ({"retrieved_on": 100, "updated_on": 300, "_meta": {"retrieved_2nd_on": 400}}, 400),
        ({"retrieved_on": 500, "updated_on": 300, "_meta": {"retrieved_2nd_on": 400}}, 500),
        ({"retrieved_on": 100, "_meta": {}}, 100),
        ({"retrieved_on": 100, "_recorded_at": "2026-01-02T03:04:05Z"}, 1767323045),
        ({"_recorded_at": "2026-01-02T03:04:05"}, 1767323045),
        ({"_recorded_at": "Fri, 02 Jan 2026 03:04:05 GMT"}, 1767323045),
        ({"_recorded_at": "2026-01-02T03:04:05+01:00", "retrieved_on": 9}, 1767319445),
    ],
)
def test_numbers_were_read_at_the_latest_time_that_says_so(
    folder: Path, times: dict[str, Any], latest: float | None
) -> None:
    expected = None if latest is None else moment(latest)
    assert post(folder, {"id": "a"}, **times)["retrieved_at"] == expected
    assert comment(folder, {"id": "a", "link_id": "t3_b"}, **times)["retrieved_at"] == expected


@pytest.mark.parametrize(
    "odd",
    [
        *("", "yesterday", "0001-01-01", "9999-12-31T23:59:59-23:59", "1960-01-01"),
        "Fri, 02 Jan 2026 03:04:05 +99999999999999999999",
        "Fri, 02 Jan 99999999999999999999 03:04:05 GMT",
    ],
)
def test_a_recording_time_that_is_none_says_nothing(folder: Path, odd: str) -> None:
    assert post(folder, {"id": "a"}, retrieved_on=100, _recorded_at=odd)["retrieved_at"] == moment(100)


_GALLERY: dict[str, Any] = {
    "is_gallery": True,
    "url": "https://www.reddit.com/gallery/1q0aaaa",
    "gallery_data": {"items": [{"media_id": name, "id": 1} for name in ("second", "first", "gone", "failed")]},
    "media_metadata": {
        "first": {"status": "valid", "e": "Image", "m": "image/jpg", "s": {"u": "https://preview.redd.it/f.jpg?s=1"}},
        "second": {"status": "valid", "m": "image/gif", "s": {"mp4": "https://preview.redd.it/s.gif?a=1&amp;b=2"}},
        "failed": {"status": "failed"},
    },
}


def test_a_gallery_has_its_pictures_in_its_order_without_those_that_are_gone(folder: Path) -> None:
    row = post(folder, _SUBMISSION_2026, **_GALLERY)
    assert row["is_gallery"]
    assert row["media_urls"] == ["https://i.redd.it/second.gif", "https://i.redd.it/first.jpg"]


_HOSTED = {"reddit_video": {"width": 1920, "height": 1080, "duration": 34, "fallback_url": "https://v.redd.it/a/x.mp4"}}


def test_reddits_own_video_has_its_pixels_and_seconds(folder: Path) -> None:
    row = post(folder, _SUBMISSION_2018, url="https://v.redd.it/a", is_video=True, media=_HOSTED)
    assert fields(row, "url", "is_video") == ("https://v.redd.it/a", True)
    assert fields(row, "width", "height", "duration_s") == (1920, 1080, 34.0)


def test_an_animation_on_reddits_own_player_is_one(folder: Path) -> None:
    hosted = {"reddit_video": {**_HOSTED["reddit_video"], "is_gif": True}}
    row = post(folder, _SUBMISSION_2018, url="https://v.redd.it/a", is_video=True, media=hosted)
    assert fields(row, "is_video", "is_gif", "duration_s") == (False, True, 34.0)


def test_the_size_of_a_thumbnail_is_none_of_a_linked_video(folder: Path) -> None:
    preview = {"images": [{"source": {"url": "https://x", "width": 480, "height": 360}}]}
    embed = {"type": "youtube.com", "oembed": {"width": 600, "height": 338}}
    row = post(folder, _SUBMISSION_2018, url="https://youtu.be/dQw4w9WgXcQ", media=embed, preview=preview)
    assert fields(row, "width", "height") == (None, None)


def test_a_crosspost_shows_what_the_post_shows_that_it_repeats(folder: Path) -> None:
    parent = {"id": "b", "url": "https://v.redd.it/a", "is_video": True, "media": _HOSTED}
    changes = {
        "crosspost_parent": "t3_b",
        "crosspost_parent_list": [parent],
        "url": "/r/aww/comments/b/",
        "media": None,
    }
    row = post(folder, _SUBMISSION_2018, **changes)
    assert fields(row, "crosspost_of", "url", "is_video") == ("reddit:b", "https://v.redd.it/a", True)
    assert fields(row, "width", "height", "duration_s") == (1920, 1080, 34.0)


@pytest.mark.parametrize("parents", [[], None, [{"id": 5}], "odd"])
def test_a_crosspost_without_its_parent_shows_its_own_address(folder: Path, parents: Any) -> None:
    row = post(folder, _SUBMISSION_2018, crosspost_parent="t3_b", crosspost_parent_list=parents)
    assert fields(row, "crosspost_of", "url") == ("reddit:b", "https://i.redd.it/kz1ux2b8lb701.jpg")


@pytest.mark.parametrize("nested", ["odd", 5, [1], {"reddit_video": 5}, {"reddit_video": {"width": -1}}])
def test_an_odd_description_of_media_is_left_out_and_the_post_stays(folder: Path, nested: Any) -> None:
    row = post(folder, {"id": "a"}, media=nested, preview=nested, gallery_data=nested, media_metadata=nested)
    assert fields(row, "width", "height", "duration_s", "media_urls") == (None, None, None, [])


@pytest.mark.parametrize(("poll", "has_poll"), [({"options": [{"text": "Ja"}]}, True), (None, False), ({}, False)])
def test_a_poll(folder: Path, poll: Any, *, has_poll: bool) -> None:
    assert post(folder, _SUBMISSION_2026, poll_data=poll)["has_poll"] is has_poll


@pytest.mark.parametrize(
    ("changes", "deleted", "removed"),
    [
        ({}, False, False),
        ({"removed_by_category": "moderator"}, False, True),
        ({"removed_by_category": "automod_filtered"}, False, True),
        ({"removed_by_category": "reddit"}, False, True),
        ({"removed_by_category": "deleted", "author": "[deleted]"}, True, False),
        ({"removed_by_category": "author"}, True, False),
        ({"selftext": "[removed]", "author": "[deleted]"}, False, True),
        ({"selftext": "[removed]"}, False, True),
        ({"selftext": "[deleted]"}, True, False),
        ({"selftext": "[deleted]", "author": "[deleted]"}, True, False),
        ({"author": "[deleted]", "removed_by_category": None}, False, False),
        ({"removed": True}, False, True),
        ({"banned_by": "AutoModerator"}, False, True),
        ({"banned_by": True}, False, True),
        ({"banned_by": False}, False, False),
        ({"banned_by": None, "removed": False}, False, False),
    ],
)
def test_posts_that_were_withdrawn(folder: Path, changes: dict[str, Any], *, deleted: bool, removed: bool) -> None:
    row = post(folder, _SUBMISSION_2026, **changes)
    assert fields(row, "deleted", "removed") == (deleted, removed)
    assert (row["text"] is None) == ("selftext" in changes)


@pytest.mark.parametrize(
    ("changes", "deleted", "removed"),
    [
        ({}, False, False),
        ({"body": "[removed]", "author": "[deleted]"}, False, True),
        ({"body": "[removed]"}, False, True),
        ({"body": "[deleted]", "author": "[deleted]"}, True, False),
        ({"author": "[deleted]"}, False, False),
        ({"banned_by": "AutoModerator"}, False, True),
    ],
)
def test_comments_that_were_withdrawn(folder: Path, changes: dict[str, Any], *, deleted: bool, removed: bool) -> None:
    row = comment(folder, _COMMENT_2026, **changes)
    assert fields(row, "deleted", "removed") == (deleted, removed)
    assert (row["text"] is None) == ("body" in changes)


_DEEP = b"[" * 100_000 + b"]" * 100_000
_BAD: list[tuple[bytes, Reason]] = [
    (b"not json", Reason.NOT_JSON),
    (b'{"id": "a"', Reason.NOT_JSON),
    (b"\x00\x00\x00\x00", Reason.NOT_JSON),
    (b'{"id": "a\x00"}', Reason.NOT_JSON),
    (b'{"id": "a", "x": ' + _DEEP + b"}", Reason.NOT_JSON),
    (b'{"id": "a", "media": ' + _DEEP + b"}", Reason.NOT_JSON),
    (b'{"id": "\xff"}', Reason.NOT_UTF8),
    (b'{"id": "a", "author": "caf\xe9"}', Reason.NOT_UTF8),
    (b'[{"id": "a"}]', Reason.NOT_AN_OBJECT),
    (b"null", Reason.NOT_AN_OBJECT),
    (b"17", Reason.NOT_AN_OBJECT),
    (b'"id"', Reason.NOT_AN_OBJECT),
    (b"{}", Reason.MISSING_FIELD),
    (b'{"link_id": "t3_b"}', Reason.MISSING_FIELD),
    (b'{"id": null, "link_id": "t3_b"}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "score": "many"}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "score": 1.5}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "created_utc": -1}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "created_utc": 253402300800}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "created_utc": 1e999}', Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "score": ' + b"9" * 30 + b"}", Reason.WRONG_TYPE),
    (b'{"id": "a", "link_id": "t3_b", "score": ' + b"9" * 5_000 + b"}", Reason.WRONG_TYPE),
    (b'{"id": "", "link_id": "t3_b"}', Reason.WRONG_TYPE),
    (b'{"id": "\\ud800", "link_id": "t3_b"}', Reason.WRONG_TYPE),
    (b'{"id": "12345678901234", "link_id": "t3_b"}', Reason.WRONG_TYPE),
]


@pytest.mark.parametrize(("line", "reason"), _BAD)
@pytest.mark.parametrize(("reader", "table"), [(read_submissions, "post"), (read_comments, "comment")])
def test_a_line_that_is_no_record_is_rejected_for_its_reason(
    folder: Path, reader: Reader, table: str, line: bytes, reason: Reason
) -> None:
    good = _SUBMISSION_2026 if table == "post" else _COMMENT_2026
    chunk = read(folder, reader, [good, line, good])
    assert chunk.table.column("line").to_pylist() == [1, 3]
    (row,) = chunk.rejects.to_pylist()
    told = fields(row, "stage", "rule", "reason", "record_table", "source", "line")
    assert told == ("ingest", "read", reason.value, table, "RS_2018-01.zst", 2)
    assert row["detail"]


@pytest.mark.parametrize("link_id", [None, -5, "", "t1_b", "t3_-", "t3_b c"])
def test_a_comment_whose_post_is_no_id_is_of_the_wrong_type(folder: Path, link_id: Any) -> None:
    (row,) = read(folder, read_comments, [_COMMENT_2005 | {"link_id": link_id}]).rejects.to_pylist()
    assert row["reason"] == Reason.WRONG_TYPE


def test_a_rejected_line_is_kept_as_it_stood(folder: Path) -> None:
    bad = b'{"id": "caf\xe9"} ' + b"x" * 100_000
    (row,) = read(folder, read_submissions, [bad]).rejects.to_pylist()
    assert row["payload"] == bad.decode(errors="replace")[: 64 << 10]
    assert row["detail"] == "invalid continuation byte at byte 11"


def test_a_lone_surrogate_becomes_the_replacement_character(folder: Path) -> None:
    line = b'{"id": "a", "link_id": "t3_b", "title": "\\ud83d x \\udc00", "body": "y \\ud83d", "\\ud800": "\\udfff"}'
    assert read(folder, read_submissions, [line]).table.column("title").to_pylist() == ["\ufffd x \ufffd"]
    assert read(folder, read_comments, [line]).table.column("text").to_pylist() == ["y \ufffd"]


def test_a_pair_of_surrogates_is_one_character(folder: Path) -> None:
    assert read(folder, read_submissions, [b'{"id": "a", "title": "\\ud83d\\udc36"}']).table["title"][0].as_py() == "🐶"


@pytest.mark.parametrize("name", ["score", "upvote_ratio", "created_utc", "ups", "retrieved_on"])
def test_nan_is_unknown_as_pandas_writes_it_and_the_post_stays(folder: Path, name: str) -> None:
    (row,) = read(folder, read_submissions, [f'{{"id": "a", "title": "t", "{name}": NaN}}'.encode()]).table.to_pylist()
    told = fields(row, "title", "score", "upvote_ratio", "posted_at", "retrieved_at")
    assert told == ("t", None, None, None, None)


@pytest.mark.parametrize("name", ["title", "author", "subreddit", "id"])
def test_nan_for_a_text_that_every_record_has_is_of_the_wrong_type(folder: Path, name: str) -> None:
    line = '{"id": "a", "title": "t", "%s": NaN}' % name  # noqa: UP031 - braces
    (row,) = read(folder, read_submissions, [line.encode()]).rejects.to_pylist()
    assert fields(row, "reason", "detail") == (Reason.WRONG_TYPE, f"{name} is NaN, which is no value")


@pytest.mark.parametrize("name", ["title", "selftext", "score", "upvote_ratio", "created_utc", "over_18", "_meta"])
@pytest.mark.parametrize("value", ["Infinity", "-Infinity", "1e400", "-1" + "0" * 400 + ".0"])
def test_a_number_beyond_all_numbers_is_of_the_wrong_type(folder: Path, name: str, value: str) -> None:
    line = '{"id": "a", "%s": %s}' % (name, value)  # noqa: UP031 - braces
    (row,) = read(folder, read_submissions, [line.encode()]).rejects.to_pylist()
    assert row["reason"] == Reason.WRONG_TYPE
    unread = line.replace(name, "ups")
    assert read(folder, read_submissions, [unread.encode()]).table.num_rows == 1


def test_a_huge_integer_beside_half_a_surrogate_pair_is_nothing_where_nobody_reads_it(folder: Path) -> None:
    line = b'{"id": "a", "title": "\\ud83d", "ups": 1' + b"0" * 400 + b', "media": {"x": 1' + b"0" * 40 + b"}}"
    assert read(folder, read_submissions, [line]).table.column("title").to_pylist() == ["\ufffd"]
    wrong = line.replace(b"ups", b"score")
    assert read(folder, read_submissions, [wrong]).rejects.column("reason").to_pylist() == ["wrong_type"]


def test_the_number_of_the_fault_campaign(folder: Path, shared_data: Path) -> None:
    line = (shared_data / "cases" / "faults" / "19-nan-as-text" / "x.ndjson").read_bytes().strip()
    assert read(folder, read_submissions, [line]).rejects.column("reason").to_pylist() == ["wrong_type"]


def test_a_huge_integer_in_a_field_that_nobody_reads_is_nothing(folder: Path) -> None:
    line = b'{"id": "a", "ups": ' + b"9" * 5_000 + b"}"
    assert read(folder, read_submissions, [line]).table.column("native_id").to_pylist() == ["a"]


def test_the_largest_counts_and_the_latest_time_are_kept(folder: Path) -> None:
    row = post(folder, {"id": "a"}, score=-(2**63), num_comments=2**63 - 1, created_utc=253_402_300_799)
    assert fields(row, "score", "num_comments") == (-(2**63), 2**63 - 1)
    assert row["posted_at"] == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_empty_lines_and_carriage_returns_are_no_records(folder: Path) -> None:
    chunk = read(folder, read_submissions, [b"", b'{"id": "a"}\r', b" \t\r", b'{"id": "b"}', b""])
    assert chunk.rows_in == 2
    assert chunk.table.column("line").to_pylist() == [2, 4]


@pytest.mark.parametrize("empty", [b"", b" ", b"\r"])
def test_several_records_on_a_line_are_read_and_an_empty_line_does_not_make_up_for_them(
    folder: Path, empty: bytes
) -> None:
    chunk = read(folder, read_submissions, [b'{"id": "a"} {"id": "b"}', empty, b'{"id": "c"}'])
    assert chunk.table.select(["native_id", "line"]).to_pylist() == [
        {"native_id": "a", "line": 1},
        {"native_id": "b", "line": 1},
        {"native_id": "c", "line": 3},
    ]
    assert (chunk.rows_in, chunk.rejects.num_rows) == (3, 0)


def test_a_record_of_the_wrong_type_takes_no_other_of_its_line_with_it(folder: Path) -> None:
    chunk = read(folder, read_submissions, [b'{"id": "a", "score": []} {"id": "b"}', b'{"id": "c"}'])
    assert chunk.table.column("native_id").to_pylist() == ["b", "c"]
    assert chunk.rejects.select(["reason", "line"]).to_pylist() == [{"reason": "wrong_type", "line": 1}]


def test_a_record_on_two_lines_is_one(folder: Path) -> None:
    chunk = read(folder, read_submissions, [b'{"id":', b'"a"}', b'{"id": "b"} {"id": "c"}'])
    assert (chunk.rows_in, chunk.table.column("line").to_pylist()) == (3, [1, 3, 3])


def test_an_empty_file_has_no_chunks(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert list(read_submissions(InputFile(f"{tmp_path}/empty", 0, "empty"))) == []


def test_the_tables_of_bad_and_good_chunks_have_the_same_columns(folder: Path) -> None:
    for reader in (read_submissions, read_comments):
        good, bad = (read(folder, reader, [line]).table.schema for line in (_COMMENT_2026, b"bad"))
        (folder / "long").write_bytes(b"x" * 100)
        (long,) = reader(InputFile(str(folder / "long"), 100, "long"), max_line_bytes=10)
        assert good == bad == long.table.schema
        assert long.rejects.column("reason").to_pylist() == ["line_too_long"]


def test_other_subreddits_are_skipped_and_counted(folder: Path) -> None:
    lines = [_SUBMISSION_2005, _SUBMISSION_2018, b"bad", _SUBMISSION_2026, {"id": "a"}, {"id": "b", "subreddit": "AWW"}]
    chunk = read(folder, read_submissions, lines, subreddits={"aww", "futurology"})
    assert chunk.table.column("line").to_pylist() == [2, 4, 6]
    assert chunk.table.column("subreddit").to_pylist() == ["aww", "Futurology", "AWW"]
    assert (chunk.rows_in, chunk.rejects.num_rows, chunk.skipped) == (6, 1, {Reason.OTHER_SUBREDDIT: 2})


def test_no_wanted_subreddit_skips_all_and_no_filter_none(folder: Path) -> None:
    assert read(folder, read_submissions, [_SUBMISSION_2018], subreddits=[]).skipped == {Reason.OTHER_SUBREDDIT: 1}
    assert read(folder, read_submissions, [_SUBMISSION_2018]).skipped == {}


_GOOD = [_SUBMISSION_2005, _SUBMISSION_2018, _SUBMISSION_2026, _COMMENT_2005, _COMMENT_2026]
_MIXED = st.lists(
    st.sampled_from([json.dumps(record).encode() for record in _GOOD])
    | st.sampled_from([line for line, _ in _BAD if len(line) < 1_000])
    | st.sampled_from([b"", b"\r", b'{"id": "a", "score": NaN}'])
    | st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")),
    max_size=12,
)


@given(lines=_MIXED, block_bytes=st.integers(1, 2_000), is_filtered=st.booleans())
@settings(max_examples=50)
def test_every_record_is_read_rejected_or_skipped_whatever_the_block(
    folder: Path, lines: list[bytes], block_bytes: int, *, is_filtered: bool
) -> None:
    for reader in (read_submissions, read_comments):
        options = {"subreddits": {"aww"}} if is_filtered and reader is read_submissions else {}
        # One chunk at least, and no byte order mark at the beginning.
        whole = read(folder, reader, [b'{"id": "first"}', *lines], **options)
        assert whole.rows_in == 1 + sum(1 for line in lines if line.strip())
        in_blocks = read(folder, reader, [b'{"id": "first"}', *lines], block_bytes=block_bytes, **options)
        assert in_blocks.table.equals(whole.table)
        assert sorted_rejects(in_blocks).equals(sorted_rejects(whole))
        assert (in_blocks.rows_in, in_blocks.skipped) == (whole.rows_in, whole.skipped)


def sorted_rejects(chunk: Chunk) -> pa.Table:
    return chunk.rejects.sort_by("line").combine_chunks()


@pytest.mark.shared
@pytest.mark.parametrize(("kind", "reader"), [("RS", read_submissions), ("RC", read_comments)])
def test_every_line_of_real_archives_is_read_with_its_values(shared_data: Path, kind: str, reader: Reader) -> None:
    names = {"native_id": "id", "score": "score"}
    names |= {"title": "title", "num_comments": "num_comments"} if kind == "RS" else {"text": "body"}
    for file in match([f"{shared_data}/reddit/{kind}_*"]):
        chunk = joined(list(reader(file, block_bytes=4 << 20)))
        lines = [line for part in read_lines(file) if isinstance(part, Lines) for line in part.data.split(b"\n")]
        assert (chunk.rows_in, chunk.rejects.num_rows) == (len(lines), 0)
        records = [json.loads(line) for line in lines]
        for column, name in names.items():
            found = chunk.table.column(column).to_pylist()
            wanted = [expected(record, name) for record in records]
            # Emotes of subreddits (`[](/name)`) and addresses of Reddit's own pictures are no words.
            changed = [was for now, was in zip(found, wanted, strict=True) if now != was]
            assert all("[](" in was or "redd.it/" in was for was in changed)
            assert len(changed) in (0, 10)


def expected(record: dict[str, Any], name: str) -> Any:
    """The value as it stands in the record; hidden scores and withdrawn texts are none."""
    value = record.get(name)
    is_unknown = (name == "score" and record.get("score_hidden")) or value in ("[removed]", "[deleted]")
    return None if is_unknown and name != "title" else value
