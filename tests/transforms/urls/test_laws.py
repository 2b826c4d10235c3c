"""What holds for addresses of any text, and for every address of a true archive."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from blift.connectors.files import open_bytes
from blift.transforms.urls import canonical_url, media_host, media_key, media_kind, url_fields

FIELDS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "canonical_url": canonical_url,
    "media_kind": media_kind,
    "media_host": media_host,
    "media_key": media_key,
}
KINDS = {"image", "gif", "gallery", "video", "page", None}

_SCHEMES = ["https://", "http://", "", "//", "HTTP:/", "(https://", "https%3A%2F%2F", "https://www.google.com/url?q="]
_HOSTS = [
    *("www.youtube.com", "m.youtube.com", "youtu.be", "i.ytimg.com", "i.redd.it", "preview.redd.it", "v.redd.it"),
    *("redd.it", "old.reddit.com", "imgur.com", "i.imgur.com", "gfycat.com", "giphy.com", "vimeo.com", "twitch.tv"),
    *("l.facebook.com", "web.archive.org", "en.m.wikipedia.org", "twitter.com", "example.com:80", "a@example.com"),
    *("m.m.com", "www.www.com", "m\u00fcnchen.de", "%65xample.com", "127.0.0.1", "[::1]", "a..b", "localhost"),
]
_PIECES = [
    *("/", "/", "?", "&", "=", "#", ";", ":", ".", "-", "_", "%", "%2F", "%252F", "%3F", "&amp;", "&#38;", "&lt;"),
    *("(", ")", "[", "]", "'", "\\", "|", "<", '"', " ", "\x00", "\n", "\u200b", "\u00e9", "\u4e2d", "\U0001f600"),
    *(
        "watch",
        "?v=",
        "&v=",
        "v%3D",
        "embed",
        "shorts",
        "comments",
        "gallery",
        "video",
        "a",
        "r",
        "?url=",
        "?q=",
        "?u=",
    ),
    *("https://", "https%3A%2F%2F", "dQw4w9WgXcQ", "hp1yp5", "AbCdEfGh", "AbCdE", ".jpg", ".gifv", ".mp4", ":large"),
    *("utm_source=x", "fbclid=1", "s=1", "wiki", "File:", "-v0-", "www.", "1234567", "%C3%A9", "%E9", "%00", "amp;"),
]
addresses = st.builds(
    lambda scheme, host, rest: scheme + host + "".join(rest),
    st.sampled_from(_SCHEMES),
    st.sampled_from(_HOSTS),
    st.lists(st.sampled_from(_PIECES), max_size=10),
)
batches = st.lists(st.none() | st.text() | addresses, max_size=12)
laws = settings(max_examples=20)


def frame(urls: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"url": urls}, schema={"url": pl.String})


def fields(urls: list[str | None]) -> pl.DataFrame:
    return frame(urls).select(url_fields(pl.col("url"))).unnest("url")


def assert_canonical_form_is_stable(once: pl.DataFrame) -> None:
    """Its canonical form is its own, and has the media that the address had."""
    assert_frame_equal(fields(once["canonical_url"].to_list()), once)


@laws
@given(batches)
def test_canonical_form_is_idempotent_and_keeps_the_media(urls: list[str | None]) -> None:
    assert_canonical_form_is_stable(fields(urls))


@laws
@given(batches)
def test_values_are_of_their_kind(urls: list[str | None]) -> None:
    found = fields(urls)
    known = found["canonical_url"].is_not_null()
    assert found["canonical_url"].str.contains(r"^https://[a-z0-9_.:\[\]-]+/[!-~]*$").all()
    assert set(found["media_kind"]) <= KINDS
    for name in ("media_kind", "media_host", "media_key"):
        assert (found[name].is_not_null() == known).all()


@laws
@given(st.lists(st.text() | addresses, min_size=1, max_size=8), st.randoms())
def test_rows_do_not_know_their_neighbours(urls: list[str | None], random: Random) -> None:
    order = random.sample(range(len(urls)), len(urls))
    together = fields(urls)
    assert_frame_equal(fields([urls[row] for row in order]), together[order])
    assert_frame_equal(fields(urls[:1]), together[:1])


@settings(max_examples=10)
@given(batches)
def test_the_fields_are_the_single_expressions(urls: list[str | None]) -> None:
    single = frame(urls).select(expression(pl.col("url")).alias(name) for name, expression in FIELDS.items())
    assert_frame_equal(fields(urls), single)


def test_ten_kilobytes_of_garbage_are_borne() -> None:
    garbage: list[str | None] = [
        *("\x00" * 10_000, "https://" + "\x00" * 10_000, "\u00e9" * 10_000, "https://" + "\u00e9" * 10_000 + ".com"),
        *("https://a.com/" + "a&" * 5_000, "https://youtube.com/" + "/" * 10_000, "https://giphy.com/" + "-" * 10_000),
        *("%25" * 3_333, "http%" + "25" * 5_000 + "3A//a.com", "&amp;" * 2_000, "([" * 5_000, "http://" + "a." * 5_000),
        *("https://youtube.com/watch?" + "v=" * 5_000, "https://reddit.com/?" + "url=" * 2_500),
        *("https://www.google.com/url?q=" * 400, "http://" * 1_500),
    ]
    assert_canonical_form_is_stable(fields(garbage))


def test_columns_without_an_address_keep_their_length_and_type() -> None:
    empty = fields([])
    assert empty.shape == (0, 4)
    assert empty.schema == fields(["https://i.redd.it/abc.jpg"]).schema == dict.fromkeys(FIELDS, pl.String())
    nulls = fields([None, None])
    assert nulls.shape == (2, 4)
    assert nulls.null_count().row(0) == (2, 2, 2, 2)


def test_the_planned_types_are_the_types_that_come() -> None:
    query = frame(["youtu.be/dQw4w9WgXcQ"]).lazy()
    query = query.select(all=url_fields(pl.col("url")), **{name: made(pl.col("url")) for name, made in FIELDS.items()})
    assert query.collect_schema() == query.collect().schema


@pytest.mark.shared
def test_every_address_of_a_true_archive_has_one_form(shared_data: Path) -> None:
    with open_bytes(str(shared_data / "reddit" / "RS_recorded.zst")) as stream:
        urls = [json.loads(line).get("url") for line in stream.read(1 << 30).splitlines()]
    found = fields(urls)
    assert len(found) == len(urls) == 4489
    assert_canonical_form_is_stable(found)
    assert found["canonical_url"].null_count() == 0
    videos = found.filter(media_kind="video", media_host="youtube")["media_key"]
    assert videos.str.contains(r"^youtube:[A-Za-z0-9_-]{11}$").all()
    assert videos.n_unique() > 100
