"""Pictures to describe and what models say of them: the tables, and reading a picture within bounds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from blift.connectors.filesystem import open_to_read
from blift.schemas.errors import InputError

#: The most bytes of one picture; a keyframe has some hundred thousand.
MAX_PICTURE_BYTES = 20 << 20

#: What a model is asked: one row a picture, by the sha256 of its bytes, in hex.
PICTURES = pa.schema([pa.field("digest", pa.string(), nullable=False), pa.field("path", pa.string(), nullable=False)])

#: Which share of the run's limits, and all pictures of that share.
PictureShare = tuple[int, pa.Table]

#: What it answers: one row a picture.
ANSWERS = pa.schema(
    [
        pa.field("digest", pa.string(), nullable=False),
        pa.field("outcome", pa.string(), nullable=False),
        pa.field("detail", pa.string()),
        pa.field("caption", pa.string()),
        pa.field("tags", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
        pa.field("screen_text", pa.string()),
    ]
)

_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"GIF8", "image/gif"))


class Outcome(StrEnum):
    """What came of asking a model about a picture."""

    DESCRIBED = "described"
    FAILED = "failed"  # no answer could be had or read
    UNREADABLE = "unreadable"  # the picture itself cannot be read
    LEFT = "left"  # the recipe's limits were used up before its turn


@dataclass(frozen=True)
class Answer:
    """What a model says of one picture, or why it says nothing."""

    outcome: Outcome
    detail: str | None = None
    caption: str | None = None
    tags: tuple[str, ...] = ()
    screen_text: str | None = None


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture, and what they are."""

    content: bytes
    media_type: str

    @property
    def digest(self) -> str:
        """sha256 of the bytes, hex."""
        return hashlib.sha256(self.content).hexdigest()


def read_picture(path: str) -> Picture:
    """A JPEG, PNG, GIF or WebP file, from any filesystem that Beam knows.

    Raises:
        InputError: it is absent, cannot be read, is larger than `MAX_PICTURE_BYTES`, or is none of these.
    """
    try:
        with open_to_read(path) as stream:
            content = stream.read(MAX_PICTURE_BYTES + 1)
    except OSError as error:
        cause = getattr(error, "strerror", None) or type(error).__name__
        raise InputError(f"The picture cannot be read: {cause}. Run the stage that writes it again.") from error
    if len(content) > MAX_PICTURE_BYTES:
        raise InputError(f"The picture has more than {MAX_PICTURE_BYTES >> 20} MiB. Make keyframes smaller.")
    media_type = _media_type(content)
    if media_type is None:
        raise InputError(
            f"The picture ({len(content)} bytes) is no JPEG, PNG, GIF or WebP. Run the stage that writes it again."
        )
    return Picture(content, media_type)


def _media_type(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((name for signature, name in _SIGNATURES if content.startswith(signature)), None)


def distinct(pictures: pa.Table) -> list[tuple[str, str]]:
    """``(digest, path)`` of every picture once, sorted by digest; of equal pictures the first path by name."""
    rows = zip(pictures.column("digest").to_pylist(), pictures.column("path").to_pylist(), strict=True)
    found: dict[str, str] = {}
    for digest, path in sorted(rows):
        found.setdefault(digest, path)
    return list(found.items())


def answer_table(digests: Iterable[str], answers: Sequence[Answer]) -> pa.Table:
    """The table of such answers."""
    return pa.table(
        {
            "digest": list(digests),
            "outcome": [answer.outcome.value for answer in answers],
            "detail": [answer.detail for answer in answers],
            "caption": [answer.caption for answer in answers],
            "tags": [list(answer.tags) for answer in answers],
            "screen_text": [answer.screen_text for answer in answers],
        },
        schema=ANSWERS,
    )


def read_again(path: str, digest: str) -> Picture:
    """A picture whose digest was taken before.

    Raises:
        InputError: as `read_picture`, or its bytes are others now.
    """
    picture = read_picture(path)
    if picture.digest != digest:
        raise InputError("The picture changed while it was described. Run the stage again.")
    return picture
