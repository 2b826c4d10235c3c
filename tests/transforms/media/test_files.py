"""Which file is whose, by its name."""

import datetime as dt
from typing import Any

import polars as pl
import pytest

from schemas.registry import SCHEMAS
from transforms.media.files import FILES, WANTED, ListedFile, file_names, match_names, wanted_names

_DAY = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
_POST = {
    name: pl.DataFrame(SCHEMAS["post"].empty_table()).schema[name]
    for name in ("media_key", "media_kind", "media_urls", "media_file", "posted_at", "speech")
}


def post(key: str, *urls: str, **changes: Any) -> dict[str, Any]:
    row = {"media_key": key, "media_kind": "image", "media_urls": list(urls), "media_file": None}
    return row | {"posted_at": _DAY, "speech": []} | changes


def uses(posts: list[dict[str, Any]], *paths: str, beside: bool = False) -> tuple[set[tuple[str, str, int]], list[str]]:
    """Path, media key and place of every use, and the names that are ambiguous."""
    files = [ListedFile(path, path.rsplit("/", 1)[-1], 10, beside=beside) for path in paths]
    wanted = wanted_names(pl.DataFrame(posts, schema=_POST))
    assert wanted.schema == WANTED
    listed = file_names(files)
    assert listed.schema == FILES
    found, ambiguous = match_names(pl.DataFrame(listed), pl.DataFrame(wanted))
    return {(row["path"], row["media_key"], row["place"]) for row in found.to_pylist()}, ambiguous


@pytest.mark.parametrize(
    "url",
    [
        "https://i.redd.it/abc.jpg",
        "https://i.redd.it/abc.jpg?width=640&s=1",
        "https://preview.redd.it/album/abc.jpg#top",
    ],
)
def test_a_file_is_known_by_the_last_part_of_its_url(url: str) -> None:
    assert uses([post("k", url)], "/d/abc.jpg", "/d/other.jpg") == ({("/d/abc.jpg", "k", 0)}, [])


@pytest.mark.parametrize("name", ["A title [dQw4w9WgXcQ].mp4", "dQw4w9WgXcQ.webm"])
def test_a_video_on_youtube_is_known_by_its_id(name: str) -> None:
    found, _ = uses([post("youtube:dQw4w9WgXcQ", media_kind="video")], f"/d/{name}")
    assert found == {(f"/d/{name}", "youtube:dQw4w9WgXcQ", 0)}


def test_a_file_beside_a_record_is_known_by_its_own_name() -> None:
    posts = [post("youtube:dQw4w9WgXcQ", media_kind="video", media_file="any name.mp4")]
    assert uses(posts, "/d/any name.mp4", beside=True)[0] == {("/d/any name.mp4", "youtube:dQw4w9WgXcQ", 0)}


def test_files_of_a_gallery_have_their_places() -> None:
    gallery = post("g", "https://i.redd.it/a.jpg", "https://i.redd.it/b.jpg", media_kind="gallery")
    assert uses([gallery], "/d/b.jpg", "/d/a.jpg")[0] == {("/d/a.jpg", "g", 0), ("/d/b.jpg", "g", 1)}


def test_a_name_that_different_media_claim_is_nobodys_unless_a_folder_says_whose() -> None:
    posts = [post("one", "https://a.example/1.jpg"), post("two", "https://b.example/1.jpg")]
    assert uses(posts, "/d/1.jpg") == (set(), ["1.jpg"])
    assert uses(posts, "/d/a.example/1.jpg", "/d/b.example/1.jpg")[0] == {
        ("/d/a.example/1.jpg", "one", 0),
        ("/d/b.example/1.jpg", "two", 0),
    }


def test_posts_of_one_media_share_its_file_and_the_earliest_counts() -> None:
    later = _DAY + dt.timedelta(days=3)
    posts = [post("k", "https://i.redd.it/abc.jpg", posted_at=later), post("k", "https://i.redd.it/abc.jpg")]
    wanted = pl.DataFrame(wanted_names(pl.DataFrame(posts, schema=_POST)))
    files = pl.DataFrame(file_names([ListedFile("/d/abc.jpg", "abc.jpg", 1, beside=False)]))
    (row,) = match_names(files, wanted).found.to_pylist()
    assert (row["posted_at"], row["spoken"], row["single"]) == (_DAY, False, True)


@pytest.mark.parametrize("url", ["", "no url", "https://i.redd.it/", "https://i.redd.it"])
def test_what_names_no_file_wants_none(url: str) -> None:
    assert uses([post("k", url)], "/d/abc.jpg") == (set(), [])
