"""The inputs after public bug reports as they lie in the shared data: what of every record is right."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import blift

pytestmark = pytest.mark.shared


def posts_of(case: Path) -> dict[str, dict[str, Any]]:
    """The posts of a case by their ids."""
    found = blift.read_archive("reddit", "submissions", str(case / "RS*"))
    return {row["native_id"]: row for row in blift.latest_posts(found.posts).to_pylist()}


def comments_of(case: Path) -> dict[str, dict[str, Any]]:
    """The comments of a case by their ids."""
    found = blift.read_archive("reddit", "comments", str(case / "RC.ndjson"))
    return {row["native_id"]: row for row in blift.latest_comments(found.comments).to_pylist()}


def withdrawn(rows: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[str], list[str]]:
    """Ids of the records that were deleted, of those that were removed, and of those that stand."""
    deleted, removed = ([name for name, row in rows.items() if row[flag]] for flag in ("deleted", "removed"))
    return deleted, removed, [name for name in rows if name not in deleted + removed]


@pytest.fixture
def cases(shared_data: Path) -> Path:
    return shared_data / "cases"


@pytest.mark.parametrize(
    ("case", "deleted", "removed", "stay"),
    [
        ("01-removed-by-reddit-comment", "", "", "aa01"),
        ("02-removed-by-reddit-post", "aa04 aa05", "aa02 aa03 aa05", ""),
        ("03-arctic-was-deleted-later", "aa06", "aa07", ""),
        ("10-early-dump-types", "", "ac07", "ac03 ac04 ac05 ac06 ac08"),
    ],
)
def test_posts_that_were_deleted_or_removed_and_no_others(
    cases: Path, case: str, deleted: str, removed: str, stay: str
) -> None:
    assert withdrawn(posts_of(cases / case)) == (deleted.split(), removed.split(), stay.split())


@pytest.mark.parametrize(
    ("case", "deleted", "removed", "stay"),
    [
        ("01-removed-by-reddit-comment", "", "c1 c2 c5 c6 c7", "c3 c4"),
        ("03-arctic-was-deleted-later", "e2 e4", "", "e1 e3"),
    ],
)
def test_comments_that_were_deleted_or_removed_and_no_others(
    cases: Path, case: str, deleted: str, removed: str, stay: str
) -> None:
    comments = comments_of(cases / case)
    assert withdrawn(comments) == (deleted.split(), removed.split(), stay.split())
    assert all(comments[name]["text"] for name in stay.split())


def test_a_later_deletion_without_a_time_counts(cases: Path) -> None:
    posts = posts_of(cases / "38-later-deletion-without-retrieved-on")
    assert posts
    assert all(row["deleted"] for row in posts.values())


def test_names_of_accounts_are_in_no_column_of_a_place(cases: Path) -> None:
    for row in posts_of(cases / "04-user-profile-subreddit").values():
        assert (row["subreddit"], row["permalink"]) == (
            "[user]",
            f"https://www.reddit.com/comments/{row['native_id']}/",
        )


@pytest.mark.parametrize(
    ("case", "media"),
    [
        (
            "05-gallery-without-metadata",
            {
                "ab01": ("gallery", []),
                "ab02": ("gallery", []),
                "ab03": ("gallery", ["https://i.redd.it/anim1.gif", "https://i.redd.it/pic2.jpg"]),
                "ab04": ("gallery", ["https://i.redd.it/g2.png"]),
                "ab05": ("gallery", ["https://i.redd.it/h1.png"]),
            },
        ),
        (
            "09-vreddit-gif-and-crosspost",
            {
                "ab09": ("gif", ["https://v.redd.it/k1k1k1k1k1k1k"]),
                "ac01": ("video", ["https://v.redd.it/k2k2k2k2k2k2k"]),
                "ac02": ("page", []),
            },
        ),
        (
            "16-imgur-png-and-vreddit-file-not-found",
            {
                "ba01": ("image", ["https://i.imgur.com/aB3dE5g.jpg"]),
                "ba02": ("video", ["https://v.redd.it/k1k1k1k1k1k1k"]),
                "ba03": ("gif", ["https://i.imgur.com/aB3dE5h.mp4"]),
                "ba04": ("image", ["https://i.redd.it/abcabcabcabc1.png"]),
                "ba05": ("image", ["https://i.redd.it/ddddddddddd11.jpg"]),
            },
        ),
    ],
)
def test_media_of_posts(cases: Path, case: str, media: dict[str, tuple[str, list[str]]]) -> None:
    posts = posts_of(cases / case)
    assert {name: (row["media_kind"], row["media_urls"] or []) for name, row in posts.items()} == media


def test_placeholders_of_media_are_no_words(cases: Path) -> None:
    texts = {name: row["text"] for name, row in comments_of(cases / "06-media-placeholders-in-comments").items()}
    assert [name for name, text in texts.items() if text is None] == ["h1", "h2", "h3", "h4", "h5"]
    assert texts["h6"] == "what a lovely quiet harbour this is"


@pytest.mark.parametrize(
    "name", ["array", "crlf-bom", "listing", "pretty", "two-on-a-line", "utf16", "nul-lines", "nul-tail"]
)
def test_posts_are_read_however_they_stand_in_the_file(cases: Path, name: str) -> None:
    assert list(posts_of(cases / f"25-file-{name}")) == ["ea01", "ea02", "ea03"]


def test_a_web_page_is_refused_with_what_it_looks_like(cases: Path) -> None:
    with pytest.raises(blift.InputError, match="looks like a web page or XML, not like an archive"):
        posts_of(cases / "25-file-html")


def test_numbers_in_place_of_booleans_are_read(cases: Path) -> None:
    found = blift.read_archive("reddit", "submissions", str(cases / "55-rewritten-by-pandas" / "RS.ndjson"))
    assert found.rejects.num_rows == 0
    assert set(found.posts["nsfw"].to_pylist()) <= {True, False}
