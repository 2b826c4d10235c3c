"""Pictures without what they say of people and places: metadata leaves the file, and no pixel changes."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from PIL import ExifTags, GifImagePlugin, ImageFile, JpegImagePlugin, PngImagePlugin, WebPImagePlugin

#: What is taken out: metadata of any kind, and among them those that say where something was taken.
METADATA, LOCATION = "metadata", "location"
#: What is raised on broken files, by Pillow too.
_BROKEN = (struct.error, IndexError, KeyError, TypeError, ValueError, OSError, SyntaxError, EOFError)

_UPRIGHT = 1
_JPEG, _PNG, _RIFF = b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF"
#: Markers of JPEG (ITU-T T.81, table B.1): without a length, start and end of the scan, and those that are kept.
_MARK = 0xFF
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14, _COM = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE, 0xFE
_APPLICATION = range(0xE0, 0xF0)
_JFIF, _ICC, _ADOBE, _EXIF = b"JFIF\0", b"ICC_PROFILE\0", b"Adobe", b"Exif\0\0"
#: Length, identifier, version, density; then come the sizes of a thumbnail, and the thumbnail.
_JFIF_BYTES = 12
#: Chunks of PNG that say how the picture looks (PNG, third edition, 4.8 and 11.3); of the others, none stays.
_PNG_LOOKS = frozenset(
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs sPLT cICP mDCV cLLI acTL fcTL fdAT".split()
)
_WEBP_LOOKS = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP"})
_WEBP_FRAME = frozenset({b"VP8 ", b"VP8L", b"ALPH"})
_ANMF_BYTES = 16
#: Bits of the first byte of VP8X that announce EXIF and XMP.
_VP8X_EXIF, _VP8X_XMP = 0x08, 0x04
_GIF_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_GIF_TRAILER, _GIF_EXTENSION, _GIF_IMAGE = 0x3B, 0x21, 0x2C
_GIF_CONTROL, _GIF_APPLICATION = 0xF9, 0xFF


class NotBare(Exception):
    """The metadata cannot be taken out without touching the picture; the message says why."""


@dataclass(frozen=True)
class Bare:
    """A file's content without metadata; how its name ends; and what was taken out: `location`, `metadata`."""

    content: bytes
    ending: str
    removed: frozenset[str]


def bare_picture(content: bytes) -> Bare:
    """A JPEG, PNG, WebP or GIF without EXIF, XMP, IPTC, comments, thumbnails, and whatever follows its end.

    What decides how it looks stays: colour profile, transparency, loops, and the orientation, in an EXIF block
    that says nothing else. Sources: ITU-T T.81, PNG (third edition), the container specification of WebP, GIF89a.

    Raises:
        NotBare: it is of another format, or its structure is broken.
    """
    form = next((form for form in _FORMS if content.startswith(form.starts)), None)
    if form is None:
        raise NotBare("metadata of its format are not known")
    try:
        orientation, located = _of_exif(content, form.reader)
        made = b"".join(form.parts(content, orientation))
    except _BROKEN as error:
        raise NotBare(f"its structure is broken: {error}") from error
    removed = {METADATA} if made != content else set()
    return Bare(made, form.ending, frozenset(removed | ({LOCATION} if located else set())))


def _of_exif(content: bytes, reader: type[ImageFile.ImageFile]) -> tuple[int, bool]:
    """The orientation that decoders follow, from EXIF or XMP; and whether these say where the picture was taken."""
    with warnings.catch_warnings(action="ignore"), reader(io.BytesIO(content)) as image:
        exif = image.getexif()
        orientation = exif.get(ExifTags.Base.Orientation, _UPRIGHT)
        located = bool(exif.get_ifd(ExifTags.IFD.GPSInfo)) or b"exif:GPS" in content
    return orientation if orientation in range(2, 9) else _UPRIGHT, located


def _orientation_alone(orientation: int) -> bytes:
    """TIFF with one directory of one entry: the orientation (CIPA DC-008, 4.6.2)."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, ExifTags.Base.Orientation, 3, 1, orientation, 0, 0)


def _jpeg(content: bytes, orientation: int) -> Iterator[bytes]:
    yield content[:2]
    turned = orientation != _UPRIGHT
    place = 2
    while True:
        start = place
        while content[place + 1] == _MARK:  # fill bytes
            place += 1
        if content[place] != _MARK:
            raise NotBare("its segments are broken")
        marker = content[place + 1]
        place += 2
        if marker == _EOI:
            yield content[place - 2 : place]
            return
        stop = place if marker in _ALONE else place + struct.unpack_from(">H", content, place)[0]
        if stop > len(content):
            raise NotBare("a segment of it is cut off")
        kept = _jpeg_segment(marker, content[place:stop])
        # JFIF comes first where it is there, and EXIF next.
        if turned and marker != _APP0:
            exif = _EXIF + _orientation_alone(orientation)
            yield b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
            turned = False
        if kept is not None:
            yield content[start : place - 2] + bytes((_MARK, marker)) + kept
        place = stop
        if marker == _SOS:
            stop = _end_of_scan(content, place)
            yield content[place:stop]
            place = stop


def _jpeg_segment(marker: int, body: bytes) -> bytes | None:
    """A segment as it stays, its length first; None where it goes."""
    said = body[2:]
    if marker == _APP0 and said.startswith(_JFIF):
        return struct.pack(">H", _JFIF_BYTES + 4) + said[:_JFIF_BYTES] + b"\0\0"
    if marker in _APPLICATION:
        looks = (marker == _APP2 and said.startswith(_ICC)) or (marker == _APP14 and said.startswith(_ADOBE))
        return body if looks else None
    return None if marker == _COM else body


def _end_of_scan(content: bytes, place: int) -> int:
    """Where the next segment begins: a marker that is neither a stuffed byte nor a restart."""
    while True:
        place = content.index(b"\xff", place)
        if content[place + 1] not in (0, _MARK) and content[place + 1] not in _ALONE:
            return place
        place += 1 if content[place + 1] == _MARK else 2


def _png(content: bytes, orientation: int) -> Iterator[bytes]:
    yield _PNG
    place = len(_PNG)
    while True:
        length, name = struct.unpack_from(">I4s", content, place)
        stop = place + 12 + length
        if stop > len(content):
            raise NotBare("a chunk of it is cut off")
        if name in _PNG_LOOKS:
            yield content[place:stop]
        if name == b"IHDR" and orientation != _UPRIGHT:
            body = b"eXIf" + _orientation_alone(orientation)
            yield struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        if name == b"IEND":
            return
        place = stop


def _webp(content: bytes, orientation: int) -> Iterator[bytes]:
    if content[8:12] != b"WEBP":
        raise NotBare("metadata of its format are not known")
    turned = orientation != _UPRIGHT
    kept = []
    for name, body in _riff(content[12 : 8 + struct.unpack_from("<I", content, 4)[0]]):
        if name == b"VP8X":
            flags = body[0] & ~(_VP8X_EXIF | _VP8X_XMP) | (_VP8X_EXIF if turned else 0)
            kept.append(_riff_chunk(name, bytes((flags,)) + body[1:]))
        elif name == b"ANMF":
            frame = b"".join(_riff_chunk(*part) for part in _riff(body[_ANMF_BYTES:]) if part[0] in _WEBP_FRAME)
            kept.append(_riff_chunk(name, body[:_ANMF_BYTES] + frame))
        elif name in _WEBP_LOOKS:
            kept.append(_riff_chunk(name, body))
    if turned:
        kept.append(_riff_chunk(b"EXIF", _orientation_alone(orientation)))
    whole = b"WEBP" + b"".join(kept)
    yield _RIFF + struct.pack("<I", len(whole)) + whole


def _riff(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = 0
    while place + 8 <= len(body):
        name, length = struct.unpack_from("<4sI", body, place)
        if place + 8 + length > len(body):
            raise NotBare("a chunk of it is cut off")
        yield name, body[place + 8 : place + 8 + length]
        place += 8 + length + length % 2


def _riff_chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _gif(content: bytes, _: int) -> Iterator[bytes]:
    place = 13 + _gif_colours(content[10])
    yield content[:place]
    while True:
        start, kind = place, content[place]
        if kind == _GIF_TRAILER:
            yield content[place : place + 1]
            return
        if kind == _GIF_EXTENSION:
            place = _end_of_blocks(content, place + 2)
            label = content[start + 1]
            loops = label == _GIF_APPLICATION and content[start + 3 : start + 14] in _GIF_LOOPS
            if label == _GIF_CONTROL or loops:
                yield content[start:place]
        elif kind == _GIF_IMAGE:
            place = _end_of_blocks(content, place + 11 + _gif_colours(content[place + 9]))
            yield content[start:place]
        else:
            raise NotBare("its blocks are broken")


def _gif_colours(flags: int) -> int:
    """Bytes of the table of colours that follows."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _end_of_blocks(content: bytes, place: int) -> int:
    while length := content[place]:
        place += 1 + length
    return place + 1


class _Form(NamedTuple):
    """A format: how files of it begin, how their names end, what reads their EXIF, and what of them stays."""

    starts: bytes
    ending: str
    reader: type[ImageFile.ImageFile]
    parts: Callable[[bytes, int], Iterator[bytes]]


_FORMS = (
    _Form(_JPEG, "jpg", JpegImagePlugin.JpegImageFile, _jpeg),
    _Form(_PNG, "png", PngImagePlugin.PngImageFile, _png),
    _Form(_RIFF, "webp", WebPImagePlugin.WebPImageFile, _webp),
    _Form(b"GIF8", "gif", GifImagePlugin.GifImageFile, _gif),
)
