"""Which file is whose, by its name."""

import datetime as dt
import random
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.media.files import (
    FILES,
    FOUND,
    WANTED,
    ListedFile,
    Matches,
    best_files,
    file_names,
    match_names,
    wanted_names,
    with_misfits,
)

_DAY = dt.datetime(2020, 5, 1, tzinfo=dt.UTC)
_SPOKEN = {"start_s": 0.0, "end_s": 1.0, "text": "hello"}
_POST = {
    name: pl.DataFrame(SCHEMAS["post"].empty_table()).schema[name]
    for name in (
        *("media_key", "media_kind", "media_urls", "media_file", "posted_at", "speech", "title"),
        *("url", "native_id", "platform", "duration_s"),
    )
}


def post(key: str, *urls: str, **changes: Any) -> dict[str, Any]:
    row = {"media_key": key, "media_kind": "image", "media_urls": list(urls), "media_file": None}
    row |= {"posted_at": _DAY, "speech": [], "title": "A title", "platform": "reddit", "native_id": "a1b2c3"}
    return row | {"url": urls[0] if urls else None, "duration_s": None} | changes


def matches(posts: list[dict[str, Any]], paths: Sequence[str], *, beside: bool = False) -> Matches:
    wanted = wanted_names(pl.DataFrame(posts, schema=_POST))
    assert wanted.schema == WANTED
    listed = file_names([ListedFile(path, path.rsplit("/", 1)[-1], 10, beside=beside) for path in paths])
    assert listed.schema == FILES
    found = match_names(pl.DataFrame(listed), pl.DataFrame(wanted))
    assert found.found.schema == FOUND
    return found


def uses(posts: list[dict[str, Any]], *paths: str, beside: bool = False) -> tuple[set[tuple[str, str, int]], list[str]]:
    """Path, media key and place of every use, and the names that are ambiguous."""
    found, ambiguous = matches(posts, paths, beside=beside)
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


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        pytest.param("https://c.example/2019/1.jpg", "https://c.example/2020/1.jpg", "1.jpg", id="in two folders"),
        pytest.param("https://c.example/get.php?id=1", "https://c.example/get.php?id=2", "get.php", id="by a query"),
    ],
)
def test_different_addresses_of_one_host_are_different_files_of_one_name(one: str, two: str, name: str) -> None:
    posts = [post("one", one), post("two", two)]
    assert uses(posts, f"/d/{name}") == (set(), [name])
    assert uses(posts, f"/d/c.example/{name}") == (set(), sorted([f"c.example/{name}", name]))


@pytest.mark.parametrize("path", ["/d/a.jpg", "/d/i.redd.it/a.jpg"])
def test_one_address_in_a_gallery_and_by_itself_is_one_file(path: str) -> None:
    gallery = post("g", "https://i.redd.it/b.jpg", "https://i.redd.it/a.jpg", media_kind="gallery")
    assert uses([gallery, post("s", "https://i.redd.it/a.jpg")], path) == ({(path, "g", 1), (path, "s", 0)}, [])


def test_two_addresses_of_one_media_are_one_file() -> None:
    posts = [post("k", "https://i.redd.it/abc.jpg"), post("k", "https://preview.redd.it/abc.jpg?width=640")]
    assert uses(posts, "/d/abc.jpg") == ({("/d/abc.jpg", "k", 0)}, [])


def test_pictures_of_one_name_in_a_gallery_are_told_apart_by_their_hosts() -> None:
    gallery = post("g", "https://a.example/1.jpg", "https://b.example/1.jpg", media_kind="gallery")
    assert uses([gallery], "/d/1.jpg") == (set(), ["1.jpg"])
    assert uses([gallery], "/d/b.example/1.jpg", "/d/a.example/1.jpg") == (
        {("/d/a.example/1.jpg", "g", 0), ("/d/b.example/1.jpg", "g", 1)},
        ["1.jpg"],
    )


def test_a_name_that_no_file_has_is_not_told_however_many_claim_it() -> None:
    posts = [post("one", "https://a.example/1.jpg"), post("two", "https://b.example/1.jpg")]
    assert uses(posts, "/d/2.jpg") == (set(), [])


def test_a_file_beside_a_record_goes_by_no_other_name() -> None:
    claimed = post("k", "https://i.redd.it/abc.jpg"), post("youtube:dQw4w9WgXcQ", media_kind="video")
    assert uses([*claimed], "/d/abc.jpg", "/d/Title [dQw4w9WgXcQ].mp4", beside=True) == (set(), [])


@pytest.mark.parametrize(
    "name", ["Title dQw4w9WgXcQ.mp4", "[dQw4w9WgXc].mp4", "dQw4w9WgXcQx.mp4", "Title [dQw4w9WgXcQ]"]
)
def test_a_name_that_only_resembles_an_id_is_no_video(name: str) -> None:
    assert uses([post("youtube:dQw4w9WgXcQ", media_kind="video")], f"/d/{name}") == (set(), [])


@settings(max_examples=20)
@given(st.permutations(["/d/a.example/1.jpg", "/d/b.example/1.jpg", "/d/c.jpg", "/d/e/c.jpg"]), st.randoms())
def test_matches_do_not_depend_on_the_order_of_files_and_posts(paths: list[str], rng: random.Random) -> None:
    posts = [
        post("one", "https://a.example/1.jpg"),
        post("two", "https://b.example/1.jpg", "https://b.example/c.jpg", media_kind="gallery"),
        post("one", "https://a.example/1.jpg", posted_at=None, speech=[_SPOKEN]),
    ]
    straight = matches(posts, paths)
    rng.shuffle(posts)
    assert matches(posts, sorted(paths)) == straight
    assert straight.ambiguous == ["1.jpg"]
    assert [(row["media_key"], row["spoken"], row["single"]) for row in straight.found.to_pylist()] == [
        ("one", True, True),
        ("two", False, False),
        ("two", False, False),
        ("two", False, False),
    ]


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


@pytest.mark.parametrize(
    ("name", "key", "kind"),
    [
        ("Talk-dQw4w9WgXcQ.mp4", "youtube:dQw4w9WgXcQ", "video"),
        ("-Qw4w9WgXcQ.mkv", "youtube:-Qw4w9WgXcQ", "video"),
        ("Talk--Qw4w9WgXcQ.mkv", "youtube:-Qw4w9WgXcQ", "video"),
        ("dQw4w9WgXcQ.f137.mp4", "youtube:dQw4w9WgXcQ", "video"),
        ("Title [dQw4w9WgXcQ].f251.webm", "youtube:dQw4w9WgXcQ", "video"),
        ("aB3dE5g.png", "imgur:aB3dE5g", "image"),
        ("imgur_aB3dE5g_A harbour.png", "imgur:aB3dE5g", "image"),
        ("some-title-v0-abcabcabcabc1.png", "reddit-image:abcabcabcabc1", "image"),
        ("k1k1k1k1k1k1k.mp4", "reddit-video:k1k1k1k1k1k1k", "video"),
        ("A title [k1k1k1k1k1k1k].mp4", "reddit-video:k1k1k1k1k1k1k", "video"),
        ("k1k1k1k1k1k1k/DASH_720.mp4", "reddit-video:k1k1k1k1k1k1k", "video"),
        ("k1k1k1k1k1k1k-DASH_720.mp4", "reddit-video:k1k1k1k1k1k1k", "video"),
        ("HappySleepyCat.mp4", "url:https://gfycat.com/happysleepycat", "gif"),
        ("Title [abc12].mp4", "url:https://streamable.com/abc12", "video"),
        ("a1b2c3 A harbour.jpg", "url:https://files.example.org/x", "image"),
        ("writer_A harbour_a1b2c3.jpg", "url:https://files.example.org/x", "image"),
    ],
)
def test_files_are_known_by_the_names_that_downloaders_give_them(name: str, key: str, kind: str) -> None:
    found, ambiguous = uses([post(key, media_kind=kind)], f"/d/{name}")
    assert (found, ambiguous) == ({(f"/d/{name}", key, 0)}, [])


@pytest.mark.parametrize(
    "name", ["Talk [dQw4w9WgXcQ].mp4.part", "Talk [dQw4w9WgXcQ].temp.mp4", "Talk [dQw4w9WgXcQ].f137.mp4.part",
             "dQw4w9WgXcQ.en.vtt", "dQw4w9WgXcQ.info.json", "dQw4w9WgXcQ.ytdl"],
)  # fmt: skip
def test_what_is_not_finished_or_no_media_is_nobodys(name: str) -> None:
    assert uses([post("youtube:dQw4w9WgXcQ", media_kind="video")], f"/d/{name}") == (set(), [])


def best(posts: list[dict[str, Any]], beside: Sequence[str], others: Sequence[str]) -> list[str]:
    """Paths of the files that stay."""
    listed = [ListedFile(path, path.rsplit("/", 1)[-1], 10, beside=True) for path in beside]
    listed += [ListedFile(path, path.rsplit("/", 1)[-1], 10, beside=False) for path in others]
    wanted = pl.DataFrame(wanted_names(pl.DataFrame(posts, schema=_POST)))
    found = match_names(pl.DataFrame(file_names(listed)), wanted).found
    return [row["path"] for row in best_files(pl.DataFrame(found)).to_pylist()]


_VIDEO = post("youtube:dQw4w9WgXcQ", media_kind="video", media_file="T [dQw4w9WgXcQ].mp4", duration_s=60.0)


def test_the_file_beside_the_record_comes_first() -> None:
    others = ["/b/T [dQw4w9WgXcQ].mp4", "/b/dQw4w9WgXcQ.f137.mp4", "/a/T [dQw4w9WgXcQ].webp"]
    assert best([_VIDEO], ["/a/T [dQw4w9WgXcQ].mp4"], others) == ["/a/T [dQw4w9WgXcQ].mp4"]
    assert best([_VIDEO], [], others) == ["/b/T [dQw4w9WgXcQ].mp4"]
    assert best([_VIDEO], [], others[1:]) == ["/b/dQw4w9WgXcQ.f137.mp4"]


def test_a_picture_is_never_the_file_of_a_video() -> None:
    assert best([_VIDEO], [], ["/a/T [dQw4w9WgXcQ].webp", "/a/dQw4w9WgXcQ.jpg"]) == []


@pytest.mark.parametrize(
    ("form", "duration_s", "beside", "why"),
    [
        ("video", 60.4, False, None),
        ("video", 5.0, True, None),
        ("video", 5.0, False, "it lasts 5.0 s, and the record says 60.0 s"),
        ("video", 600.0, False, "it lasts 600.0 s, and the record says 60.0 s"),
        ("animation", 60.0, False, None),
        ("image", None, True, "it is a still picture, and the media is a video"),
    ],
)
def test_the_file_of_a_video_is_of_its_kind_and_length(
    form: str, duration_s: float | None, beside: bool, why: str | None
) -> None:
    found = pl.DataFrame(matches([_VIDEO], ["/a/T [dQw4w9WgXcQ].mp4"], beside=beside).found)
    assert with_misfits(found, pl.lit(form), pl.lit(duration_s, pl.Float64))["misfit"].to_list() == [why]
