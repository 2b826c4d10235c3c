"""What a file is, by its bytes: names and headers come from whoever sent it."""

from __future__ import annotations

from typing import NamedTuple

#: How many bytes say what a file is.
HEAD_BYTES = 512


class ContentType(NamedTuple):
    """A type as the web names it, and how names of such files end."""

    name: str
    ending: str


_JPEG = ContentType("image/jpeg", "jpg")
_PNG = ContentType("image/png", "png")
_GIF = ContentType("image/gif", "gif")
_BMP = ContentType("image/bmp", "bmp")
_TIFF = ContentType("image/tiff", "tiff")
_WEBP = ContentType("image/webp", "webp")
_AVI = ContentType("video/x-msvideo", "avi")
_WEBM = ContentType("video/webm", "webm")
_MATROSKA = ContentType("video/x-matroska", "mkv")
_FLV = ContentType("video/x-flv", "flv")
_TS = ContentType("video/mp2t", "ts")
_MPEG = ContentType("video/mpeg", "mpg")
_OGG = ContentType("video/ogg", "ogv")
_MP4 = ContentType("video/mp4", "mp4")
_STARTS: tuple[tuple[bytes, ContentType], ...] = (
    (b"\xff\xd8\xff", _JPEG),
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"GIF87a", _GIF),
    (b"GIF89a", _GIF),
    (b"II*\x00", _TIFF),
    (b"MM\x00*", _TIFF),
    (b"FLV\x01", _FLV),
    (b"\x00\x00\x01\xba", _MPEG),
    (b"OggS", _OGG),
)
#: Brands of ISO media files that are no video in MP4.
_BRANDS = {
    b"avif": ContentType("image/avif", "avif"),
    b"avis": ContentType("image/avif", "avif"),
    b"heic": ContentType("image/heic", "heic"),
    b"heix": ContentType("image/heic", "heic"),
    b"mif1": ContentType("image/heif", "heif"),
    b"msf1": ContentType("image/heif", "heif"),
    b"qt  ": ContentType("video/quicktime", "mov"),
    b"3gp4": ContentType("video/3gpp", "3gp"),
    b"3gp5": ContentType("video/3gpp", "3gp"),
}
_AUDIO_BRANDS = (b"M4A ", b"M4B ", b"M4P ")
_TS_PACKET = 188


def content_type(head: bytes) -> ContentType | None:
    """The type of a file of image or video, by its first ``HEAD_BYTES`` (all, where it has fewer); None for others."""
    known = next((found for start, found in _STARTS if head.startswith(start)), None)
    return known or _container(head) or _loose(head)


def _container(head: bytes) -> ContentType | None:
    """Formats that hold others, and say further on which."""
    if head[:4] == b"RIFF":
        return {b"WEBP": _WEBP, b"AVI ": _AVI}.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return None if brand in _AUDIO_BRANDS else _BRANDS.get(brand, _MP4)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return _WEBM if b"webm" in head[:64] else _MATROSKA
    return None


def _loose(head: bytes) -> ContentType | None:
    """Formats whose first bytes alone could begin a text."""
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return _BMP
    is_stream = head[:1] == b"G" and head[_TS_PACKET : _TS_PACKET + 1] == b"G"
    return _TS if is_stream else None


def is_page(head: bytes) -> bool:
    """It looks like a web page, which is what many hosts send in place of a file that is gone."""
    return (
        head[:HEAD_BYTES]
        .lstrip(b"\xef\xbb\xbf \t\r\n")
        .lower()
        .startswith((b"<!doctype html", b"<html", b"<?xml", b"<head"))
    )
