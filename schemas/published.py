"""The tables of published media: files that are named, or that lie within the table itself, also in pairs."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blift.schemas.instruction import Message, Pair, Turn
from blift.schemas.media import MediaUse
from blift.schemas.preference import Compared
from blift.schemas.record import Part, Record

# `datasets` knows a column that holds files, and its items, only where Arrow lets them be null. Lists of files, and
# their items, never are.


class EmbeddedPicture(Part):
    """A picture, as the `Image` of `datasets` has it."""

    feature: ClassVar[str] = "Image"

    content: bytes | None = Field(alias="bytes", serialization_alias="bytes", description="The file's content.")
    path: str | None = Field(description="Its name.")


class EmbeddedFilm(Part):
    """A video, as the `Video` of `datasets` has it."""

    feature: ClassVar[str] = "Video"

    content: bytes | None = Field(alias="bytes", serialization_alias="bytes", description="The file's content.")
    path: str | None = Field(description="Its name.")


class PublishedMedia(Record):
    """What is said of every file that is published."""

    sha256: str = Field(description="Digest of the file that was measured: its row in the table media.")
    uses: list[MediaUse] = Field(description="Where it is used, by `media_key` and `place`.")
    scene: int | None = Field(description="The scene whose keyframe it is, 0 first; none where it is the whole file.")
    time_s: float | None = Field(description="When that keyframe is shown, in seconds.")
    published_sha256: str = Field(description="Digest of the file as published, without metadata: its name.")
    size_bytes: int = Field(ge=0, description="Size of the file as published.")


class MediaFile(PublishedMedia):
    """One file of media, beside the table that names it."""

    table: ClassVar[str] = "media_file"
    version: ClassVar[str] = "1.0.0"

    file_name: str = Field(description="The file, relative to this table: `<aa>/<sha256>.<ending>`.")


class MediaImage(PublishedMedia):
    """One image, within the table."""

    table: ClassVar[str] = "media_image"
    version: ClassVar[str] = "1.0.0"

    image: EmbeddedPicture | None = Field(description="The image.")


class MediaVideo(PublishedMedia):
    """One video, within the table."""

    table: ClassVar[str] = "media_video"
    version: ClassVar[str] = "1.0.0"

    video: EmbeddedFilm | None = Field(description="The video.")


class InstructionWithMedia(Pair):
    """An instruction pair in LLaVA's shape that holds its file."""

    table: ClassVar[str] = "instruction_with_media"
    version: ClassVar[str] = "1.0.0"

    image: EmbeddedPicture | None = Field(description="The image (the first one of a gallery).")
    video: EmbeddedFilm | None = Field(description="The video.")
    sha256: str = Field(description="Digest of the file that was measured.")
    url: str | None = Field(description="Web address of the media (of the first image of a gallery).")
    system: str | None = Field(description="The system text. LLaVA's shape has no turn for it.")
    conversations: list[Turn] = Field(description="The turns: human, gpt.")


class ChatWithMedia(Pair):
    """A pair as chat messages that holds its files."""

    table: ClassVar[str] = "chat_with_media"
    version: ClassVar[str] = "1.0.0"

    images: list[EmbeddedPicture | None] | None = Field(description="The images, in the order of their parts.")
    videos: list[EmbeddedFilm | None] | None = Field(description="The videos, in the order of their parts.")
    sha256: list[str] = Field(description="Digests of the files that were measured, in their order.")
    urls: list[str] = Field(description="Web addresses of the media, in their order.")
    messages: list[Message] = Field(description="The messages: system, user, assistant.")


class PreferenceWithMedia(Compared):
    """A preference pair that holds its files."""

    table: ClassVar[str] = "preference_with_media"
    version: ClassVar[str] = "1.0.0"

    images: list[EmbeddedPicture | None] | None = Field(description="The images, in the order of their parts.")
    videos: list[EmbeddedFilm | None] | None = Field(description="The videos, in the order of their parts.")
    sha256: list[str] = Field(description="Digests of the files that were measured, in their order.")
    urls: list[str] = Field(description="Web addresses of the media, in their order.")
