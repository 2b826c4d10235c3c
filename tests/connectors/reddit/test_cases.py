"""Records after public bug reports, and what they are: deleted, removed, or in an odd form that archives have had."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from blift.connectors.files import Chunk, InputFile
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.posts import withdrawal
from blift.connectors.reddit.records import Submission, decode_line
from blift.connectors.reddit.texts import without_embeds
from blift.schemas.errors import InputError
from blift.schemas.reasons import Absent, Reason

_POST = {
    "id": "aa01",
    "author": "writer_one",
    "created_utc": 1609459200,
    "retrieved_on": 1612137600,
    "title": "A quiet harbour in the morning",
    "selftext": "",
    "url": "https://i.redd.it/aa01aaaaaaa.jpg",
    "permalink": "/r/pics/comments/aa01/a_quiet_harbour/",
    "subreddit": "pics",
    "score": 10,
    "num_comments": 2,
    "over_18": False,
    "is_self": False,
}
_COMMENT = {
    "id": "c1",
    "link_id": "t3_aa01",
    "parent_id": "t3_aa01",
    "author": "reader_two",
    "body": "what a lovely quiet harbour this is",
    "created_utc": 1609462800,
    "retrieved_on": 1612137600,
    "score": 3,
    "subreddit": "pics",
}


def read(folder: Path, content: bytes, *, comments: bool = False) -> list[Chunk]:
    path = folder / "records.ndjson"
    path.write_bytes(content)
    file = InputFile(str(path), len(content), path.name)
    return list(read_comments(file) if comments else read_submissions(file))


def post(folder: Path, **fields: Any) -> dict[str, Any]:
    """The row of a submission that differs from the usual one by these fields."""
    [chunk] = read(folder, json.dumps(_POST | fields).encode())
    [row] = chunk.table.to_pylist()
    return row


def comment(folder: Path, **fields: Any) -> dict[str, Any]:
    [chunk] = read(folder, json.dumps(_COMMENT | fields).encode(), comments=True)
    [row] = chunk.table.to_pylist()
    return row


def taken_back(row: dict[str, Any]) -> tuple[bool, bool]:
    return row["deleted"], row["removed"]


DELETED, REMOVED, STANDS = (True, False), (False, True), (False, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[deleted]", DELETED),
        ("[deleted by user]", DELETED),
        (r"\[deleted\]", DELETED),
        ("**[Deleted]** ", DELETED),
        ("[removed by user]", DELETED),
        ("Comment deleted by user", DELETED),
        ("user deleted comment :(", DELETED),
        ("river cat This post was mass deleted and anonymized with [Redact](https://redact.dev)", DELETED),
        ("[removed]", REMOVED),
        ("[ Removed by Reddit ]", REMOVED),
        ("[removed by reddit]", REMOVED),
        ("[ Removed by moderator ]", REMOVED),
        ("[removed too quickly to be archived]", REMOVED),
        ("[deleted by moderator]", REMOVED),
        ("Comment removed by moderator", REMOVED),
        ("[unavailable]", REMOVED),
        ("Sorry, this post has been removed by the moderators of r/pics.", REMOVED),
        ("[Removed by reddit in response to a copyright notice.]", REMOVED),
        ("I removed the [deleted] file", STANDS),
        ("[deleted scenes] are great", STANDS),
        ("[removed the stain] nice", STANDS),
        ("deleted", STANDS),
        ("why was this post removed by the mods? I liked it", STANDS),
        ("The post was removed by the city after 40 years", STANDS),
    ],
)
def test_what_stands_in_place_of_a_text_says_who_took_it_back(
    text: str, expected: tuple[bool, bool], tmp_path: Path
) -> None:
    row = comment(tmp_path, body=text)
    assert taken_back(row) == expected
    assert (row["text"] is None) == (expected != STANDS)


@pytest.mark.parametrize("author", ["[deleted]", "someone_x"])
def test_a_comment_that_reddit_removed_was_not_deleted_by_its_author(author: str, tmp_path: Path) -> None:
    row = comment(tmp_path, author=author, body="[ Removed by Reddit ]")
    assert (taken_back(row), row["author_name"]) == (REMOVED, None if author == "[deleted]" else author)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": "[ Removed by Reddit ]"}, REMOVED),
        ({"title": "[deleted by user]"}, DELETED),
        ({"author": "[deleted]", "title": "[ Removed by Reddit ]"}, REMOVED),
        ({"removed_by_category": "deleted"}, DELETED),
        ({"removed_by_category": "author"}, DELETED),
        ({"removed_by_category": "moderator"}, REMOVED),
        ({"removed_by_category": "content_takedown"}, REMOVED),
        ({"removed_by_category": None}, STANDS),
        ({"removed_by_category": ""}, STANDS),
        ({"removal_reason": "legal"}, REMOVED),
        ({"banned_by": "moderator_z"}, REMOVED),
        ({"spam": True}, REMOVED),
        ({"mod_removed": True}, REMOVED),
        ({"user_removed": True}, DELETED),
        ({"_meta": {"was_deleted_later": True, "removal_type": "deleted"}}, DELETED),
        ({"_meta": {"was_deleted_later": True, "removal_type": "moderator"}}, REMOVED),
        ({"_meta": {"removal_type": "removed by reddit"}}, REMOVED),
        ({"_meta": {"was_deleted_later": True}}, DELETED),
        ({"_meta": {"was_initially_deleted": True}}, DELETED),
        ({"_meta": {"was_deleted_later": False, "removal_type": None}}, STANDS),
        ({"_meta": {"was_deleted_later": 1.0, "removal_type": "deleted"}}, DELETED),
        ({"crosspost_parent_list": [{"id": "zz", "removed_by_category": "deleted"}]}, DELETED),
        ({"crosspost_parent_list": [{"id": "zz", "selftext": "[removed]"}]}, REMOVED),
    ],
)
def test_every_sign_that_a_post_was_taken_back_counts(
    fields: dict[str, Any], expected: tuple[bool, bool], tmp_path: Path
) -> None:
    row = post(tmp_path, **fields)
    assert taken_back(row) == expected
    absent = {DELETED: Absent.DELETED, REMOVED: Absent.REMOVED, STANDS: None}[expected]
    assert withdrawal(decode_line(json.dumps(_POST | fields).encode(), Submission)) is absent


def test_a_placeholder_is_no_title(tmp_path: Path) -> None:
    assert post(tmp_path, title="[deleted by user]")["title"] is None


def test_an_account_that_is_gone_leaves_its_comments(tmp_path: Path) -> None:
    row = comment(tmp_path, author="[deleted]")
    assert (taken_back(row), row["author_deleted"], row["text"]) == (STANDS, True, _COMMENT["body"])
    assert row["author_name"] is None
    assert comment(tmp_path)["author_deleted"] is False
    assert comment(tmp_path, author="[deleted]", body="[deleted]")["author_deleted"] is None


def test_old_archives_cannot_tell_a_deleted_link_from_a_deleted_account(tmp_path: Path) -> None:
    assert taken_back(post(tmp_path, author="[deleted]")) == DELETED
    row = post(tmp_path, author="[deleted]", removed_by_category=None)
    assert (taken_back(row), row["author_deleted"]) == (STANDS, True)


def test_the_numbers_are_those_of_the_second_look(tmp_path: Path) -> None:
    row = post(tmp_path, _meta={"retrieved_2nd_on": 1612267200})
    assert row["retrieved_at"].timestamp() == 1612267200


@pytest.mark.parametrize(
    "permalink",
    [
        "/r/u_Anna_Realname_77/comments/aa01/a_quiet_harbour/",
        "/user/Anna_Realname_77/comments/aa01/x/",
        "https://www.reddit.com/user/Anna_Realname_77/comments/aa01/x/",
    ],
)
def test_the_owner_of_a_profile_is_not_named(permalink: str, tmp_path: Path) -> None:
    row = post(tmp_path, author="Anna_Realname_77", subreddit="u_Anna_Realname_77", permalink=permalink, url=permalink)
    row.pop("author_name")  # hashed with a key, or dropped
    assert "anna" not in json.dumps(row, default=str).lower()
    assert (row["permalink"], row["subreddit"]) == ("https://www.reddit.com/comments/aa01/", "[user]")


@pytest.mark.parametrize(
    "permalink",
    ["/r/pics/comments/aa01/a_quiet_harbour/", "https://old.reddit.com/r/pics/comments/aa01/a_quiet_harbour/"],
)
def test_addresses_of_posts_have_one_form(permalink: str, tmp_path: Path) -> None:
    row = post(tmp_path, permalink=permalink, subreddit=None)
    assert row["permalink"] == "https://www.reddit.com/r/pics/comments/aa01/a_quiet_harbour/"
    assert row["subreddit"] == "pics"


_GALLERY = {"is_gallery": True, "url": "https://www.reddit.com/gallery/aa01"}


def pictures(*, ids: list[str], described: dict[str, Any]) -> dict[str, Any]:
    return {"gallery_data": {"items": [{"media_id": name} for name in ids]}, "media_metadata": described}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"gallery_data": None, "media_metadata": None}, []),
        (pictures(ids=["a", "b"], described={"a": {"status": "failed"}, "b": {"status": "unprocessed"}}), []),
        (
            pictures(
                ids=["anim1"],
                described={"anim1": {"status": "valid", "m": "image/gif", "s": {"mp4": "https://preview.redd.it/x"}}},
            ),
            ["https://i.redd.it/anim1.gif"],
        ),
        (
            pictures(ids=["gone", "g2"], described={"g2": {"status": "valid", "m": "image/png"}}),
            ["https://i.redd.it/g2.png"],
        ),
        (
            pictures(ids=["h1"], described={"h1": {"status": "valid", "m": "image/png"}}) | {"is_gallery": None},
            ["https://i.redd.it/h1.png"],
        ),
    ],
)
def test_pictures_of_a_gallery(fields: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    row = post(tmp_path, **_GALLERY | fields)
    assert (row["is_gallery"], row["media_urls"]) == (True, expected)


def test_the_size_of_a_thumbnail_is_no_size_of_a_video(tmp_path: Path) -> None:
    preview = {"images": [{"source": {"width": 480, "height": 360}}]}
    linked = post(tmp_path, url="https://youtu.be/dQw4w9WgXcQ", preview=preview)
    assert (linked["width"], linked["height"]) == (None, None)
    shown = post(tmp_path, preview=preview)
    assert (shown["width"], shown["height"]) == (480, 360)


def test_videos_of_reddit_may_be_animations_and_crossposts_show_those_of_others(tmp_path: Path) -> None:
    film = {"reddit_video": {"is_gif": True, "duration": 4, "width": 640, "height": 480}}
    row = post(tmp_path, url="https://v.redd.it/k1k1k1k1k1k1k", is_video=True, media=film)
    assert (row["is_gif"], row["width"], row["duration_s"]) == (True, 640, 4.0)
    parent = {
        "id": "zz9",
        "is_video": True,
        "url": "https://v.redd.it/k2",
        "secure_media": {"reddit_video": {"width": 640}},
        "over_18": True,
    }
    row = post(tmp_path, url="https://v.redd.it/k2", crosspost_parent="t3_zz9", crosspost_parent_list=[parent])
    assert (row["is_video"], row["width"], row["nsfw"]) == (True, 640, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("*Processing img 2vq8m2mqkzz91...*", ""),
        ("![gif](giphy|3o7TKUM3IgJBX2as9O|downsized)", ""),
        ("![img](emote|t5_2qh0u|4351) ![img](emote|t5_2qh0u|4352)", " "),
        ("https://preview.redd.it/abc.jpg?width=640&amp;s=1", ""),
        ("[https://i.redd.it/a.png](https://i.redd.it/a.png)", ""),
        ("[my photo](https://i.redd.it/a.png) of it", "my photo of it"),
        ("see [here](https://example.com/a) then", "see [here](https://example.com/a) then"),
        ("I was processing img files... today", "I was processing img files... today"),
    ],
)
def test_pictures_in_a_comment_are_no_words(body: str, words: str) -> None:
    assert pl.DataFrame({"body": [body]}).select(without_embeds(pl.col("body"))).item() == words


@pytest.mark.parametrize(
    ("fields", "column", "expected"),
    [
        ({"over_18": 1.0}, "nsfw", True),
        ({"over_18": "False"}, "nsfw", False),
        ({"over_18": float("nan")}, "nsfw", None),
        ({"score": "12"}, "score", 12),
        ({"score": 12.0}, "score", 12),
        ({"num_comments": "1,234"}, "num_comments", 1234),
        ({"link_flair_text": 5}, "tags", ["5"]),
        ({"link_flair_text": {"a": 1}}, "tags", []),
        ({"stickied": "yes", "edited": "false"}, "stickied", True),
        ({"edited": 1612137600.0}, "edited", True),
        ({"edited": "False"}, "edited", False),
        ({"num_crossposts": -1}, "num_crossposts", None),
        ({"total_awards_received": None, "gilded": 2}, "awards", 2),
        ({"total_awards_received": 5, "gilded": 2}, "awards", 5),
        ({"is_created_from_ads_ui": True}, "promoted", True),
        ({"promoted": False}, "promoted", False),
        ({"is_robot_indexable": "false"}, "is_robot_indexable", False),
        ({"distinguished": "moderator"}, "distinguished", "moderator"),
        ({"id": "t3_AA01"}, "native_id", "aa01"),
        ({"id": int("9zldcg", 36)}, "native_id", "9zldcg"),
        ({"id": None, "name": "t3_bb02"}, "native_id", "bb02"),
        ({"id": None, "permalink": "/r/pics/comments/cc03/x/"}, "native_id", "cc03"),
        ({"subreddit": "/r/pics"}, "subreddit", "pics"),
        ({"crosspost_parent": "t3_zz8"}, "crosspost_of", "reddit:zz8"),
    ],
)
def test_values_are_understood_in_every_form(
    fields: dict[str, Any], column: str, expected: object, tmp_path: Path
) -> None:
    assert post(tmp_path, **fields)[column] == expected


@pytest.mark.parametrize("moment", [1609459200, "1609459200", 1609459200.0, 1609459200000, "2021-01-01T00:00:00Z"])
def test_a_time_is_understood_in_every_form(moment: object, tmp_path: Path) -> None:
    assert post(tmp_path, created_utc=moment)["posted_at"].timestamp() == 1609459200


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("t3_aa01", None),
        ("aa01", None),
        (None, None),
        (int("aa01", 36), None),
        ("t1_c9", "reddit:c9"),
        ("T1_C9", "reddit:c9"),
        ("c9", "reddit:c9"),
        (int("c9", 36), "reddit:c9"),
        (float(int("c9", 36)), "reddit:c9"),
        ("no id!", None),
    ],
)
def test_parents_are_understood_in_every_form(parent: object, expected: str | None, tmp_path: Path) -> None:
    row = comment(tmp_path, parent_id=parent)
    assert (row["parent_id"], row["post_id"]) == (expected, "reddit:aa01")


def test_marks_of_a_comment(tmp_path: Path) -> None:
    row = comment(
        tmp_path, controversiality="1", distinguished="moderator", stickied=True, gilded=1, edited=1612137600, depth=3
    )
    found = {name: row[name] for name in ("controversiality", "distinguished", "stickied", "awards", "edited", "depth")}
    assert found == {
        "controversiality": 1,
        "distinguished": "moderator",
        "stickied": True,
        "awards": 1,
        "edited": True,
        "depth": 0,  # it is on the post, whatever it says
    }
    assert row["edited_at"].timestamp() == 1612137600


LINES = b"".join(json.dumps(_POST | {"id": f"ea0{number}"}).encode() + b"\n" for number in (1, 2, 3))
OBJECTS = [json.loads(line) for line in LINES.splitlines()]
LISTING = {"kind": "Listing", "data": {"after": None, "children": [{"kind": "t3", "data": one} for one in OBJECTS]}}


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (LINES, [1, 2, 3]),
        (b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n"), [1, 2, 3]),
        (LINES.decode().encode("utf-16"), [1, 2, 3]),
        (LINES.decode().encode("utf-16-be"), [1, 2, 3]),
        (LINES.decode().encode("utf-32"), [1, 2, 3]),
        (json.dumps(OBJECTS).encode(), [1, 1, 1]),
        (json.dumps(OBJECTS, indent=1).encode(), [2, 17, 32]),
        ("\n".join(json.dumps(one, indent=1) for one in OBJECTS).encode(), [1, 16, 31]),
        (json.dumps(LISTING).encode(), [1, 1, 1]),
        (json.dumps([LISTING, {"kind": "Listing", "data": {"children": []}}]).encode(), [1, 1, 1]),
        (json.dumps({"data": OBJECTS, "metadata": {}}).encode(), [1, 1, 1]),
        (json.dumps({"hits": {"hits": [{"_id": "1", "_source": one} for one in OBJECTS]}}).encode(), [1, 1, 1]),
        (b"\n".join(json.dumps({"kind": "t3", "data": one}).encode() for one in OBJECTS), [1, 2, 3]),
        (LINES.replace(b"\n", b"", 1), [1, 1, 2]),
        (LINES.replace(b"\n", b"\0\0\n"), [1, 2, 3]),
    ],
    ids=[
        *("lines", "crlf", "utf-16", "utf-16-be", "utf-32", "array", "pretty array", "pretty", "listing", "thread"),
        *("envelope", "elastic", "things", "two on a line", "zeros"),
    ],
)
def test_a_file_of_another_shape_is_read_where_that_is_safe(content: bytes, lines: list[int], tmp_path: Path) -> None:
    chunks = read(tmp_path, content)
    table = pa.concat_tables([chunk.table for chunk in chunks])
    assert table.column("native_id").to_pylist() == ["ea01", "ea02", "ea03"]
    assert table.column("line").to_pylist() == lines
    assert sum(chunk.rows_in for chunk in chunks) == 3


@pytest.mark.parametrize(
    ("content", "looks_like"),
    [
        (b"<!DOCTYPE html><html><body>429 Too Many Requests</body></html>", "a web page or XML"),
        (b"id,title,score\naa,x,1\n", "CSV (a table of texts)"),
        (b"id\ttitle\tscore\naa\tx\t1\n", "TSV (a table of texts)"),
        (b"PAR1....", "a Parquet file"),
        (b"SQLite format 3\0....", "an SQLite database"),
        (b"PK\x03\x04....", "a ZIP package (or a spreadsheet)"),
        (b"{'id': 'aa', 'title': None}\n", "Python's way to print objects (in single quotes)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS, in place of the file"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_what_it_looks_like(
    content: bytes, looks_like: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, content)
    assert f"{tmp_path}/records.ndjson looks like {looks_like}, not like an archive" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem", "rows"),
    [
        (LINES + b"\0" * 4096, "the line holds 4,096 bytes of zero: writing or copying the file was not finished", 3),
        (json.dumps(OBJECTS).encode()[:-9], "in line 1: ", 2),
        (json.dumps(OBJECTS, indent=1).encode() + b"}", "in line 47: '}' stands where an object should begin", 3),
    ],
)
def test_damage_in_a_file_of_another_shape_is_told(content: bytes, problem: str, rows: int, tmp_path: Path) -> None:
    chunks = read(tmp_path, content)
    assert sum(chunk.table.num_rows for chunk in chunks) == rows
    [reject] = [row for chunk in chunks for row in chunk.rejects.to_pylist()]
    assert (reject["reason"], reject["detail"][: len(problem)]) == (Reason.NOT_JSON.value, problem)


def test_comments_among_submissions_and_submissions_among_comments_are_told(tmp_path: Path) -> None:
    [chunk] = read(tmp_path, json.dumps(_COMMENT).encode())
    assert (chunk.table.num_rows, chunk.rejects.column("detail").to_pylist()) == (
        0,
        ["it is a comment (it has link_id and body): name its file under `comments`"],
    )
    [chunk] = read(tmp_path, json.dumps(_POST).encode(), comments=True)
    assert (chunk.table.num_rows, chunk.rejects.column("detail").to_pylist()) == (
        0,
        ["it is a submission (it has a title and no link_id): name its file under `submissions`"],
    )
