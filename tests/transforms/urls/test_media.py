"""What an address says of the media behind it: YouTube's id, kind, host and key."""

from typing import Any

import polars as pl
import pytest

from blift.transforms.urls import media_url, url_fields, url_table

VIDEOS = [
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    "http://youtube.com/watch?v=dQw4w9WgXcQ&feature=related",
    "http://www.youtube.com/watch?feature=player_embedded&amp;v=dQw4w9WgXcQ",
    "http://www.youtube.com/watch?v=dQw4w9WgXcQ#t=1m30s",
    "https://www.youtube.com/watch?list=PL1&index=2&v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch/dQw4w9WgXcQ",
    "https://www.youtube.com/watch/?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch#!v=dQw4w9WgXcQ",
    "https://www.youtube.com/?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch?vi=dQw4w9WgXcQ",
    "https://www.youtube.com/watch%3Fv%3DdQw4w9WgXcQ",
    "https://www.youtube.com/watch_popup?v=dQw4w9WgXcQ",
    "https://m.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://m.youtube.com/#/watch?v=dQw4w9WgXcQ",
    "https://music.youtube.com/watch?v=dQw4w9WgXcQ&list=RDAMVM",
    "https://gaming.youtube.com/watch?v=dQw4w9WgXcQ",
    "http://de.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://WWW.YouTube.com:443/watch?v=dQw4w9WgXcQ",
    "www.youtube.com/watch?v=dQw4w9WgXcQ",
    "youtube.com/watch?v=dQw4w9WgXcQ",
    "//www.youtube.com/watch?v=dQw4w9WgXcQ",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQ).",
    "https://youtu.be/dQw4w9WgXcQ",
    "youtu.be/dQw4w9WgXcQ",
    "https://youtu.be/dQw4w9WgXcQ?si=AbC_dEf&t=10",
    "https://youtu.be/dQw4w9WgXcQ&t=10",
    "https://youtu.be/watch?v=dQw4w9WgXcQ",
    "https://www.youtube.com/embed/dQw4w9WgXcQ?autoplay=1",
    "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ",
    "https://www.youtube.com/v/dQw4w9WgXcQ&hl=en_US",
    "https://www.youtube.com/v/dQw4w9WgXcQ?version=3",
    "https://www.youtube.com/e/dQw4w9WgXcQ",
    "https://www.youtube.com/shorts/dQw4w9WgXcQ?feature=share",
    "https://www.youtube.com/live/dQw4w9WgXcQ",
    "https://www.youtube.com/user/Google#p/u/1/dQw4w9WgXcQ",
    "https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3DdQw4w9WgXcQ%26feature%3Dshare",
    "https://www.youtube.com/oembed?url=http%3A//www.youtube.com/watch?v%3DdQw4w9WgXcQ&format=json",
    "https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ&gl=DE",
    "https://www.youtubekids.com/watch?v=dQw4w9WgXcQ",
    "https://yewtu.be/watch?v=dQw4w9WgXcQ",
    "https://www.google.com/url?sa=t&url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ&usg=x",
    "https://web.archive.org/web/20150101000000/http://www.youtube.com/watch?v=dQw4w9WgXcQ",
]

PAGES_OF_YOUTUBE = [
    "https://www.youtube.com/",
    "https://www.youtube.com/channel/UCuAXFkgsw1L7xaCfnd5JJOw",
    "https://www.youtube.com/user/elevenchars",
    "https://www.youtube.com/c/elevenchars",
    "https://www.youtube.com/@elevenchars",
    "https://www.youtube.com/elevenchars",
    "https://www.youtube.com/playlist?list=PL1234567890",
    "https://www.youtube.com/embed/videoseries?list=PL1234567890",
    "https://www.youtube.com/embed/live_stream?channel=UCuAXFkgsw1L7xaCfnd5JJOw",
    "https://www.youtube.com/results?search_query=cats",
    "https://www.youtube.com/watch",
    "https://www.youtube.com/watch?v=",
    "https://www.youtube.com/watch?v=tooshort",
    "https://www.youtube.com/watch?v=dQw4w9WgXcQtoolong",
    "https://youtu.be/",
]

#: Address to kind, host and key; a key that is None is the canonical address.
MEDIA = {
    "https://i.redd.it/wcd5qgm9wyug1.jpeg": ("image", "reddit", "reddit-image:wcd5qgm9wyug1"),
    "https://preview.redd.it/a-title-v0-abc123.png?s=f00": ("image", "reddit", "reddit-image:abc123"),
    "https://i.redd.it/abc123.gif": ("gif", "reddit", "reddit-image:abc123"),
    "https://v.redd.it/abc123/DASH_720.mp4": ("video", "reddit", "reddit-video:abc123"),
    "https://i.reddituploads.com/0123456789abcdef0123456789abcdef?w=1": (
        "image",
        "reddit",
        "reddit-image:0123456789abcdef0123456789abcdef",
    ),
    "https://external-preview.redd.it/abc_-DEF.jpg?s=aa": (
        "image",
        "reddit",
        "url:https://external-preview.redd.it/abc_-DEF.jpg?s=aa",
    ),
    "/gallery/hp1yp5": ("gallery", "reddit", "url:https://www.reddit.com/gallery/hp1yp5"),
    "/r/pics/comments/hp1yp5/x": ("page", "reddit.com", "url:https://www.reddit.com/comments/hp1yp5"),
    "https://redd.it/hp1yp5": ("page", "reddit.com", "url:https://www.reddit.com/comments/hp1yp5"),
    "https://i.imgur.com/UpdJP3s.png": ("image", "imgur", "imgur:UpdJP3s"),
    "https://imgur.com/UpdJP3s": ("image", "imgur", "imgur:UpdJP3s"),
    "https://i.imgur.com/UpdJP3s.gifv": ("gif", "imgur", "imgur:UpdJP3s"),
    "https://imgur.com/a/AbCdE": ("gallery", "imgur", "url:https://imgur.com/a/AbCdE"),
    "https://imgur.com/about": ("page", "imgur", "url:https://imgur.com/about"),
    "https://gfycat.com/TidyFatCat": ("gif", "gfycat", "url:https://gfycat.com/tidyfatcat"),
    "https://streamable.com/moo12": ("video", "streamable", "url:https://streamable.com/moo12"),
    "https://vimeo.com/123456": ("video", "vimeo", "url:https://vimeo.com/123456"),
    "https://example.com/a.JPG?x=1": ("image", "example.com", "url:https://example.com/a.JPG?x=1"),
    "https://example.com/a.webm": ("video", "example.com", "url:https://example.com/a.webm"),
    "https://example.com/a.html": ("page", "example.com", "url:https://example.com/a.html"),
    "https://en.wikipedia.org/wiki/File:A.jpg": ("page", "wikipedia.org", None),
    "https://upload.wikimedia.org/a/A.jpg": ("image", "wikimedia.org", None),
    "https://www.dropbox.com/s/abc/a.jpg?dl=0": ("page", "dropbox.com", None),
    "https://news.bbc.co.uk/2/hi/1.stm": ("page", "bbc.co.uk", None),
    "https://a.b.example.com:8080/": ("page", "example.com", None),
    "http://127.0.0.1:8000/x.png": ("image", "127.0.0.1", None),
    "http://[::1]:8000/x.png": ("image", "[::1]", None),
}


def fields(*urls: str) -> list[dict[str, Any]]:
    found = pl.DataFrame({"url": urls}).select(url_fields(pl.col("url"))).unnest("url")
    return found.with_columns(url=pl.Series(urls)).to_dicts()


def test_every_shape_of_a_youtube_video_is_the_video() -> None:
    video = {
        "canonical_url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "media_kind": "video",
        "media_host": "youtube",
        "media_key": "youtube:dQw4w9WgXcQ",
    }
    assert fields(*VIDEOS) == [video | {"url": url} for url in VIDEOS]


@pytest.mark.parametrize(
    ("address", "kind", "key"),
    [
        ("https://i.ytimg.com/vi/dQw4w9WgXcQ/maxresdefault.jpg", "image", "youtube-thumbnail:dQw4w9WgXcQ"),
        ("https://img.youtube.com/vi/dQw4w9WgXcQ/0.jpg", "image", "youtube-thumbnail:dQw4w9WgXcQ"),
        ("https://i3.ytimg.com/vi_webp/dQw4w9WgXcQ/hqdefault.webp?x=1", "image", "youtube-thumbnail:dQw4w9WgXcQ"),
        ("https://i.ytimg.com/vi/dQw4w9WgXcQ/2.jpg", "image", "url:https://i.ytimg.com/vi/dQw4w9WgXcQ/2.jpg"),
        (
            "https://accounts.google.com/ServiceLogin?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DdQw4w9WgXcQ",
            "video",
            "youtube:dQw4w9WgXcQ",
        ),
        ("https://piped.video/watch?v=dQw4w9WgXcQ", "video", "youtube:dQw4w9WgXcQ"),
        ("https://inv.nadeko.net/watch?v=dQw4w9WgXcQ", "video", "youtube:dQw4w9WgXcQ"),
        ("https://invidious.example.org/watch?v=dQw4w9WgXcQ", "video", "youtube:dQw4w9WgXcQ"),
        ("https://youtu.be/subscribing", "page", None),
        ("https://www.youtube.com/v/subscribers", "page", None),
        ("https://imgur.com/aB3dE5g,aB3dE5h", "gallery", "url:https://imgur.com/aB3dE5g,aB3dE5h"),
        ("https://i.imgur.com/removed.png", "page", None),
        ("https://github.com/a/b/blob/main/pic.png", "page", None),
        ("https://github.com/a/b/raw/main/pic.png", "image", "url:https://github.com/a/b/raw/main/pic.png"),
        ("https://huggingface.co/datasets/a/b/blob/main/pic.png", "page", None),
    ],
)
def test_what_an_address_shows(address: str, kind: str, key: str | None) -> None:
    [found] = fields(address)
    assert found["media_kind"] == kind
    assert key is None or found["media_key"] == key


def test_channels_playlists_and_broken_ids_are_pages_of_youtube() -> None:
    for page in fields(*PAGES_OF_YOUTUBE):
        assert (page["media_kind"], page["media_host"]) == ("page", "youtube"), page
        assert page["media_key"] == f"url:{page['canonical_url']}"


def test_a_host_that_only_looks_like_youtube_is_not() -> None:
    page, other = fields("https://notyoutube.com/watch?v=dQw4w9WgXcQ", "https://youtu.bet/dQw4w9WgXcQ")
    assert (page["media_host"], page["media_key"][:4]) == ("notyoutube.com", "url:")
    assert (other["media_host"], other["media_key"][:4]) == ("youtu.bet", "url:")


def test_kind_host_and_key() -> None:
    found = {media["url"]: media for media in fields(*MEDIA)}
    for url, (kind, host, key) in MEDIA.items():
        media = found[url]
        assert (media["media_kind"], media["media_host"]) == (kind, host), url
        assert media["media_key"] == (key or f"url:{media['canonical_url']}"), url


def test_a_picture_and_its_copies_of_other_sizes_have_one_key() -> None:
    copies = fields(
        "https://i.redd.it/abc123.png", "https://preview.redd.it/abc123.png?width=320&amp;auto=webp&amp;s=1"
    )
    assert {copy["media_key"] for copy in copies} == {"reddit-image:abc123"}


def test_no_address_has_no_media() -> None:
    for nothing in fields("", "self.pics", "mailto:a@example.com", "/r/pics", "\x00"):
        assert {value for name, value in nothing.items() if name != "url"} == {None}, nothing


@pytest.mark.parametrize(
    ("url", "canonical", "key"),
    [
        *(
            (url, "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg", "youtube-thumbnail:dQw4w9WgXcQ")
            for url in (
                "https://i.ytimg.com/vi/dQw4w9WgXcQ/hqdefault.jpg",
                "https://i.ytimg.com/vi_webp/dQw4w9WgXcQ/maxresdefault.webp?v=1",
                "https://img.youtube.com/vi/dQw4w9WgXcQ/0.jpg",
                "http://i3.ytimg.com/vi/dQw4w9WgXcQ/mqdefault.jpg",
            )
        ),
        (
            "https://i.ytimg.com/vi/dQw4w9WgXcQ/2.jpg",
            "https://i.ytimg.com/vi/dQw4w9WgXcQ/2.jpg",
            "url:https://i.ytimg.com/vi/dQw4w9WgXcQ/2.jpg",
        ),
        (
            "https://thumbs.gfycat.com/HappySleepyCat-mobile.jpg",
            "https://thumbs.gfycat.com/happysleepycat-poster.jpg",
            "url:https://thumbs.gfycat.com/happysleepycat-poster.jpg",
        ),
        (
            "https://www.dailymotion.com/thumbnail/video/x2hwqn9",
            "https://www.dailymotion.com/thumbnail/video/x2hwqn9",
            "url:https://www.dailymotion.com/thumbnail/video/x2hwqn9",
        ),
    ],
)
def test_a_thumbnail_is_a_picture_of_its_own(url: str, canonical: str, key: str) -> None:
    (found,) = url_table(pl.Series("url", [url])).to_dicts()
    assert (found["canonical_url"], found["media_kind"], found["media_key"]) == (canonical, "image", key)


@pytest.mark.parametrize(
    ("url", "kind", "address"),
    [
        ("https://imgur.com/aB3dE5g", "image", "https://i.imgur.com/aB3dE5g.jpg"),
        ("https://i.imgur.com/aB3dE5g.jpg", "image", "https://i.imgur.com/aB3dE5g.jpg"),
        ("https://imgur.com/a/AbCdE", "gallery", None),
        ("https://gfycat.com/happysleepycat", "gif", None),
        ("https://giphy.com/gifs/3o7TKUM3IgJBX2as9O", "gif", "https://i.giphy.com/3o7TKUM3IgJBX2as9O.gif"),
        ("https://www.reddit.com/gallery/abc123", "gallery", None),
        ("https://v.redd.it/k1k1k1k1k1k1k", "video", "https://v.redd.it/k1k1k1k1k1k1k"),
        ("https://streamable.com/abc12", "video", "https://streamable.com/abc12"),
    ],
)
def test_a_page_is_no_picture(url: str, kind: str, address: str | None) -> None:
    urls = url_table(pl.Series("url", [url]))
    assert urls["media_kind"].to_list() == [kind]
    assert urls.select(media_url(pl.col("canonical_url"), pl.col("media_kind"))).to_series().to_list() == [address]
