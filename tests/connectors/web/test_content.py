from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.web.content import HEAD_BYTES, content_type, is_page
from blift.connectors.web.refusals import retry_after_s


@given(head=st.binary(max_size=HEAD_BYTES))
def test_any_bytes_have_a_type_or_none(head: bytes) -> None:
    found = content_type(head)
    assert found is None or found.name.startswith(("image/", "video/"))
    is_page(head)


@pytest.mark.parametrize(
    ("head", "name", "ending"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg", "jpg"),
        (b"\x89PNG\r\n\x1a\n", "image/png", "png"),
        (b"GIF89a", "image/gif", "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "webp"),
        (b"RIFF\x10\0\0\0AVI LIST", "video/x-msvideo", "avi"),
        (b"\0\0\0\x20ftypisom", "video/mp4", "mp4"),
        (b"\0\0\0\x14ftypqt  ", "video/quicktime", "mov"),
        (b"\0\0\0\x1cftypavif", "image/avif", "avif"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm", "video/webm", "webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x88matroska", "video/x-matroska", "mkv"),
        (b"BM\x36\0\0\0\0\0\0\0", "image/bmp", "bmp"),
        (b"II*\0", "image/tiff", "tiff"),
    ],
)
def test_types_by_their_bytes(head: bytes, name: str, ending: str) -> None:
    assert content_type(head) == (name, ending)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"RIFF\0\0\0\0WAVE",
        b"\0\0\0\x20ftypM4A ",
        b"BMW is a car",
        b"Goodbye",
        b"%PDF-1.7",
        b"MZ",
        b"<svg>",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_picture_and_no_video(head: bytes) -> None:
    assert content_type(head) is None


@pytest.mark.parametrize("head", [b"<!doctype HTML>", b"\xef\xbb\xbf\n <html lang=en>", b"<?xml version='1.0'?>"])
def test_pages(head: bytes) -> None:
    assert is_page(head)


@pytest.mark.shared
def test_recorded_media_have_a_type(shared_data: Path) -> None:
    endings = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tiff", ".tif", ".mp4", ".mkv", ".mov", ".avi"}
    paths = [path for path in (shared_data / "media").rglob("*") if path.suffix.lower() in endings]
    unknown = [path.name for path in paths if content_type(path.read_bytes()[:HEAD_BYTES]) is None]
    assert len(paths) > 40
    assert [name for name in unknown if "corrupt" not in name] == []


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("999999999999", 999999999999.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
    ],
)
def test_a_wait_is_given_in_seconds_or_as_a_date(text: str, seconds: float) -> None:
    assert retry_after_s(text) == seconds


@pytest.mark.parametrize("text", [None, "", "soon", "-5", "1e9", "9" * 400, "\u0661"])
def test_what_is_no_wait_is_none(text: str | None) -> None:
    assert retry_after_s(text) is None


@given(text=st.text(max_size=40))
def test_no_header_does_harm(text: str) -> None:
    found = retry_after_s(text)
    assert found is None or found >= 0
