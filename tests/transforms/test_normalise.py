"""From what readers give to rows of the post and comment tables: entities, media, authors."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.platform import REDDIT, YOUTUBE, platform_of
from blift.transforms.normalise import COMMENTS, POSTS, author_hash, comments, posts, unescape

_SHAPE = [pa.field(name, pa.bool_()) for name in ("is_self", "is_gallery", "is_video", "has_poll")]
_MADE_HERE = {"canonical_url", "media_key", "media_kind", "media_host", "bot", "history"}
_READ = pa.schema(
    [*(field for field in POSTS if field.name not in _MADE_HERE), pa.field("author_name", pa.string()), *_SHAPE]
)
_READ_COMMENTS = pa.schema(
    [*(field for field in COMMENTS if field.name not in {"author", "bot"}), pa.field("author_name", pa.string())]
)
_KEY = b"a key"


def row_of(schema: pa.Schema, **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: None for field in schema}
    row |= {field.name: [] for field in schema if pa.types.is_list(field.type)}
    row |= {field.name: False for field in schema if pa.types.is_boolean(field.type)}
    return row | {"source": "RS_2020-01.zst", "line": 7} | changes


def reddit_post(**changes: Any) -> dict[str, Any]:
    row = row_of(_READ, platform="reddit", native_id="a", post_id="reddit:a", author_name="somebody")
    found: dict[str, Any] = posts(pa.Table.from_pylist([row | changes], _READ), REDDIT).to_pylist()[0]
    return found


def youtube_post(**changes: Any) -> dict[str, Any]:
    native = "dQw4w9WgXcQ"
    address = f"https://www.youtube.com/watch?v={native}"
    row = row_of(_READ, platform="youtube", native_id=native, post_id=f"youtube:{native}", is_video=True)
    row |= {"url": address, "media_urls": [address], "replay_absent": "not_in_record"}
    found: dict[str, Any] = posts(pa.Table.from_pylist([row | changes], _READ), YOUTUBE).to_pylist()[0]
    return found


def a_comment(key: bytes | None = _KEY, **changes: Any) -> dict[str, Any]:
    row = row_of(_READ_COMMENTS, platform="reddit", native_id="c", comment_id="reddit:c", post_id="reddit:a")
    found: dict[str, Any] = comments(
        pa.Table.from_pylist([row | changes], _READ_COMMENTS), platform_of(changes.get("platform", "reddit")), key
    ).to_pylist()[0]
    return found


def media_of(post: dict[str, Any]) -> tuple[str | None, str | None, str | None, list[str]]:
    return post["media_kind"], post["media_key"], post["media_host"], post["media_urls"]


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        ("Salt &amp; pepper &lt;3 &gt;_&gt; &quot;ok&quot; it&#39;s", 'Salt & pepper <3 >_> "ok" it\'s'),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("a&amp;#x200B;b&#x200B;c", "abc"),
        ("one&amp;nbsp;two&nbsp;three", "one two three"),
        ("  kept within, trimmed around \n", "kept within, trimmed around"),
        ("&eacute; stays, as does &", "&eacute; stays, as does &"),
        ("&amp;#x200B;", None),
        (" \n", None),
        ("", None),
        (None, None),
    ],
)
def test_what_reddit_escapes_is_undone_once_and_what_is_empty_is_null(escaped: str | None, plain: str | None) -> None:
    assert (
        pl.DataFrame({"text": [escaped]}, schema={"text": pl.String}).select(unescape(pl.col("text"))).item() == plain
    )


@given(st.text(alphabet="a &;<>lgtamp#39x", min_size=1).map(str.strip).filter(bool))
def test_unescape_undoes_escaping(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert pl.DataFrame({"text": [escaped]}).select(unescape(pl.col("text"))).item() == text


def test_titles_texts_tags_and_addresses_of_reddit_are_unescaped() -> None:
    post = reddit_post(title="A &amp; B", text="&gt; so", tags=["Q&amp;A"], url="https://example.com/?b=1&amp;a=2")
    assert (post["title"], post["text"], post["tags"]) == ("A & B", "> so", ["Q&A"])
    assert (post["url"], post["canonical_url"]) == ("https://example.com/?b=1&a=2", "https://example.com/?a=2&b=1")


def test_a_gallery_is_one_media_with_the_addresses_that_the_post_lists() -> None:
    pictures = ["https://i.redd.it/one.jpg", "https://i.redd.it/two.png"]
    post = reddit_post(url="https://www.reddit.com/gallery/abc123", is_gallery=True, media_urls=pictures)
    kind, key, host, urls = media_of(post)
    assert (kind, host, urls) == ("gallery", "reddit", pictures)
    assert key == "url:https://www.reddit.com/gallery/abc123"


def test_a_video_that_reddit_hosts_is_known_by_its_id() -> None:
    post = reddit_post(url="https://v.redd.it/xyz789/DASH_720.mp4?source=fallback", is_video=True)
    assert media_of(post) == ("video", "reddit-video:xyz789", "reddit", ["https://v.redd.it/xyz789"])


def test_a_picture_that_reddit_hosts_is_known_by_its_file() -> None:
    post = reddit_post(url="https://preview.redd.it/pic456.jpg?width=640&amp;s=0")
    assert media_of(post) == ("image", "reddit-image:pic456", "reddit", ["https://i.redd.it/pic456.jpg"])


@pytest.mark.parametrize(
    "url", ["https://youtu.be/dQw4w9WgXcQ?t=9", "http://m.youtube.com/watch?v=dQw4w9WgXcQ&amp;x=1"]
)
def test_a_youtube_video_posted_to_reddit_has_the_key_of_the_videos_own_record(url: str) -> None:
    assert media_of(reddit_post(url=url)) == media_of(youtube_post())
    assert media_of(youtube_post()) == (
        "video",
        "youtube:dQw4w9WgXcQ",
        "youtube",
        ["https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
    )


@pytest.mark.parametrize(
    ("url", "kind", "address"),
    [
        ("http://i.imgur.com/AbCdE12.png?1", "image", "https://i.imgur.com/AbCdE12.jpg"),
        ("https://i.imgur.com/AbCdE12.gifv", "gif", "https://i.imgur.com/AbCdE12.mp4"),
    ],
)
def test_files_of_imgur_have_one_key_whatever_their_extension(url: str, kind: str, address: str) -> None:
    assert media_of(reddit_post(url=url)) == (kind, "imgur:AbCdE12", "imgur", [address])


@pytest.mark.parametrize("shape", ["is_self", "has_poll"])
def test_a_self_post_or_poll_is_text_and_has_no_media_whatever_its_address(shape: str) -> None:
    post = reddit_post(url="https://i.redd.it/pic456.jpg", text="words", **{shape: True})
    assert media_of(post) == ("text", None, None, [])


def test_a_page_has_no_media() -> None:
    assert media_of(reddit_post(url="https://www.bbc.co.uk/news/1")) == ("page", None, None, [])


@pytest.mark.parametrize("url", [None, "not an address"])
def test_a_post_without_an_address_has_no_media_and_no_kind(url: str | None) -> None:
    kind, key, host, _ = media_of(reddit_post(url=url))
    assert (kind, key, host) == (None, None, None)


def test_media_urls_never_hold_null() -> None:
    assert reddit_post(url=None)["media_urls"] == []


def test_reddit_offers_no_replay_graph_and_youtube_says_why_it_gave_none() -> None:
    assert reddit_post()["replay_absent"] == "not_offered"
    assert youtube_post()["replay_absent"] == "not_in_record"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("AutoModerator", "known_bot"), ("my_little_bot", "bot_name"), ("somebody", None), (None, None)],
)
def test_bots_of_reddit_are_marked_and_known_ones_count_as_known(name: str | None, reason: str | None) -> None:
    assert reddit_post(author_name=name)["bot"] == reason
    assert a_comment(author_name=name)["bot"] == reason


def test_names_of_youtube_make_no_bots_and_its_comments_are_not_unescaped() -> None:
    assert youtube_post(author_name="my_little_bot")["bot"] is None
    found = a_comment(platform="youtube", author_name="my_little_bot", text=" a &amp; b ")
    assert (found["bot"], found["text"]) == (None, "a &amp; b")


def test_comments_of_reddit_are_unescaped() -> None:
    assert a_comment(text="&gt; a &amp; b")["text"] == "> a & b"


def test_rows_have_the_schema_with_provenance_and_never_a_name() -> None:
    read = pa.Table.from_pylist([row_of(_READ, platform="reddit", native_id="a", post_id="reddit:a")], _READ)
    made = posts(read, REDDIT)
    assert made.schema.names == POSTS.names
    assert made.select(["source", "line"]).to_pylist() == [{"source": "RS_2020-01.zst", "line": 7}]
    assert "author_name" not in COMMENTS.names
    found = a_comment(author_name="somebody", retrieved_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert "somebody" not in str(found)


def test_no_rows_are_no_rows() -> None:
    assert posts(_READ.empty_table(), REDDIT).num_rows == 0
    assert comments(_READ_COMMENTS.empty_table(), REDDIT, _KEY).num_rows == 0


def test_authors_are_hashed_with_the_key_and_null_without_one() -> None:
    names = pl.Series("author_name", ["ann", None, "bob", "ann"])
    one, nobody, other, again = author_hash(names, _KEY).to_list()
    assert one == again != other
    assert nobody is None
    assert len(one) == len(other) == 16
    assert set(one + other) <= set("0123456789abcdef")
    assert author_hash(names, b"another key").to_list()[0] not in (one, None)
    assert author_hash(names, None).to_list() == author_hash(names, b"").to_list() == [None] * 4


def test_a_comments_author_is_the_hash_of_the_name() -> None:
    expected = author_hash(pl.Series(["somebody"]), _KEY).item()
    assert a_comment(author_name="somebody")["author"] == expected
    assert a_comment(None, author_name="somebody")["author"] is None


@given(st.lists(st.none() | st.text(max_size=4), max_size=10))
def test_equal_authors_have_equal_hashes_and_others_do_not(names: list[str | None]) -> None:
    hashes = author_hash(pl.Series(names, dtype=pl.String), _KEY).to_list()
    assert len(set(zip(names, hashes, strict=True))) == len(set(names)) == len(set(hashes))
