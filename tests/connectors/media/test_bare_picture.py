"""What a bared picture keeps: every pixel and how it is turned; and what it loses: all that it says besides."""

import io
import struct
import zlib
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageOps, PngImagePlugin

from blift.connectors.media.bare_picture import NotBare, bare_picture

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description exif:GPSLatitude="52,31N"/></rdf:RDF></x:xmpmeta>'
SECRETS = (b"Canon", b"Ada Lovelace", b"GPSLatitude", b"noted by hand", b"52,31N", b"after the end", b"xmpmeta")


def picture(mode: str = "RGB") -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 255, (24, 40, 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)


def exif(orientation: int = 1) -> Image.Exif:
    said = Image.Exif()
    said[ExifTags.Base.Make], said[ExifTags.Base.Artist] = "Canon", "Ada Lovelace"
    said[ExifTags.Base.Orientation] = orientation
    said.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    said.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    return said


def file_of(kind: str, orientation: int = 1, **options: Any) -> bytes:
    """A picture that says much, with something behind its end."""
    sink = io.BytesIO()
    if kind == "PNG":
        said = PngImagePlugin.PngInfo()
        said.add_text("Comment", "noted by hand")
        said.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options["pnginfo"] = said
    elif kind in ("JPEG", "WEBP"):
        options["xmp"] = XMP
    if kind in ("JPEG", "GIF"):
        options["comment"] = b"noted by hand"
    if kind != "GIF":
        options["exif"] = exif(orientation)
    picture(options.pop("mode", "RGB")).save(sink, kind, **options)
    return sink.getvalue() + b"after the end"


def frames(content: bytes) -> list[tuple[int, tuple[int, int], bytes]]:
    """Every frame as shown: turned, with how long it stays."""
    shown = []
    with Image.open(io.BytesIO(content)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            upright = ImageOps.exif_transpose(image)
            shown.append((image.info.get("duration", 0), upright.size, upright.convert("RGBA").tobytes()))
    return shown


def animation(kind: str) -> bytes:
    sink = io.BytesIO()
    first = picture()
    rest = [ImageOps.mirror(first), ImageOps.invert(first)]
    first.save(sink, kind, save_all=True, append_images=rest, duration=[40, 80, 120], loop=3)
    return sink.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pixels_and_their_turn_stay_and_nothing_is_said(kind: str, orientation: int) -> None:
    content = file_of(kind, orientation)
    made = bare_picture(content)
    assert frames(made.content) == frames(content)
    assert not [secret for secret in SECRETS if secret in made.content]
    assert made.removed == {"location", "metadata"}
    with Image.open(io.BytesIO(made.content)) as image:
        assert dict(image.getexif()) == ({} if orientation == 1 else {ExifTags.Base.Orientation: orientation})


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"progressive": True}), ("JPEG", {"mode": "CMYK"}), ("JPEG", {"mode": "L"}),
        ("JPEG", {"restart_marker_blocks": 1}), ("JPEG", {"icc_profile": b"a profile" * 9000}),
        ("JPEG", {"quality": 100}),
        ("PNG", {"mode": "P"}), ("PNG", {"mode": "RGBA"}), ("PNG", {"mode": "1"}),
        ("PNG", {"icc_profile": b"a profile"}),
        ("WEBP", {"lossless": True}), ("WEBP", {"mode": "RGBA"}), ("WEBP", {"icc_profile": b"a profile"}), ("GIF", {}),
    ],
)  # fmt: skip
def test_every_kind_of_picture_looks_as_before(kind: str, options: dict[str, Any]) -> None:
    content = file_of(kind, **options)
    made = bare_picture(content)
    assert frames(made.content) == frames(content)
    assert not [secret for secret in SECRETS if secret in made.content]
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(made.content)) as after:
        assert (before.mode, before.info.get("icc_profile")) == (after.mode, after.info.get("icc_profile"))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animations_keep_frames_times_and_loops(kind: str) -> None:
    content = animation(kind)
    made = bare_picture(content + b"after the end")
    assert len(frames(content)) == 3
    assert frames(made.content) == frames(content)
    with Image.open(io.BytesIO(content)) as before, Image.open(io.BytesIO(made.content)) as after:
        assert before.info.get("loop") == after.info.get("loop")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_bare_picture_is_left_as_it_is(kind: str) -> None:
    once = bare_picture(file_of(kind, 6) if kind != "GIF" else file_of(kind))
    twice = bare_picture(once.content)
    assert (twice.content, twice.removed) == (once.content, frozenset())


def test_a_turn_that_only_xmp_knows_stays() -> None:
    sink = io.BytesIO()
    xmp = b'<x:xmpmeta><rdf:Description tiff:Orientation="6" dc:creator="Ada Lovelace"/></x:xmpmeta>'
    picture().save(sink, "JPEG", xmp=xmp)
    made = bare_picture(sink.getvalue())
    assert frames(made.content) == frames(sink.getvalue())
    assert frames(made.content)[0][1] == (24, 40)
    assert b"Ada" not in made.content


def test_thumbnails_and_second_pictures_go() -> None:
    """A JFIF thumbnail, JFXX, a multi-picture index and a film behind the picture, as phones write them."""
    content = file_of("JPEG")
    thumbnail = bytes(range(48))
    jfif = b"JFIF\0\1\1\0\0\x48\0\x48\4\4" + thumbnail
    more = [
        (0xE0, jfif),
        (0xE0, b"JFXX\0\x10" + thumbnail),
        (0xE2, b"MPF\0" + thumbnail),
        (0xED, b"Photoshop 3.0\0By-line"),
    ]
    said = b"".join(b"\xff" + bytes((mark,)) + struct.pack(">H", len(body) + 2) + body for mark, body in more)
    odd = content[:2] + said + content[2:] + b"\0\0\0\x18ftypmp42 a film"
    made = bare_picture(odd)
    assert frames(made.content) == frames(content)
    assert not [part for part in (thumbnail, b"MPF", b"By-line", b"ftyp") if part in made.content]


def test_gif_says_nothing_between_its_pictures() -> None:
    content = animation("GIF")
    xmp = b"\x21\xff\x0bXMP DataXMP" + XMP + b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    place = 13 + (3 << ((content[10] & 7) + 1))
    odd = content[:place] + xmp + b"\x21\xfe\x0dnoted by hand\0" + content[place:]
    made = bare_picture(odd)
    assert frames(made.content) == frames(content)
    assert not [secret for secret in SECRETS if secret in made.content]


@cache
def whole(kind: str) -> bytes:
    return file_of(kind, 3)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@given(data=st.data())
def test_a_broken_picture_is_refused_or_bared_and_never_crashes(kind: str, data: st.DataObject) -> None:
    content = bytearray(whole(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(1, len(content)))])
    with suppress(NotBare):
        made = bare_picture(cut)
        assert bare_picture(made.content).content == made.content


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "AVIF"])
def test_formats_whose_metadata_are_not_known_are_refused(kind: str) -> None:
    sink = io.BytesIO()
    picture().save(sink, kind)
    with pytest.raises(NotBare, match="metadata of its format are not known"):
        bare_picture(sink.getvalue())


def test_a_checksum_is_right_where_a_chunk_is_made() -> None:
    made = bare_picture(file_of("PNG", 8)).content
    place = made.index(b"eXIf")
    (length,) = struct.unpack_from(">I", made, place - 4)
    (said,) = struct.unpack_from(">I", made, place + 4 + length)
    assert said == zlib.crc32(made[place : place + 4 + length])
