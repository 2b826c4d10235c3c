"""Pieces that several tables share: kinds of media, and pieces of a timeline."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from blift.schemas.record import Part


class MediaKind(StrEnum):
    """What a post shows."""

    IMAGE = "image"
    GIF = "gif"  # animated and silent
    GALLERY = "gallery"  # several images
    VIDEO = "video"
    PAGE = "page"  # a link to something that is no media
    TEXT = "text"  # the post's own text, a poll, a discussion


class ReplaySegment(Part):
    """One segment of a replay graph."""

    start_s: float = Field(description="Start of the segment, in seconds from the start of the media.")
    end_s: float = Field(description="End of the segment, in seconds.")
    value: float = Field(
        ge=0, le=1, description="How often it was watched, relative to the most replayed segment, 0..1."
    )


class ReactionSource(StrEnum):
    """How people reacted to a moment of a media item."""

    COMMENT = "comment"  # they name it in a comment
    LIVE_CHAT = "live_chat"  # they wrote in the chat while it was streamed
    DANMAKU = "danmaku"  # they wrote over the video where it was playing


class Reaction(Part):
    """How often people reacted to one second of a media item, by one source."""

    source: ReactionSource = Field(description="How: `comment`, `live_chat` or `danmaku`.")
    second: int = Field(ge=0, description="Second of the media, 0 first.")
    count: int = Field(ge=1, description="Reactions in that second.")


class SpeechSegment(Part):
    """A stretch of speech with its words."""

    start_s: float = Field(description="Start, in seconds.")
    end_s: float = Field(description="End, in seconds.")
    text: str = Field(description="The words, without markup.")


class Chapter(Part):
    """A chapter that the uploader named."""

    start_s: float = Field(description="Start, in seconds.")
    end_s: float = Field(description="End, in seconds.")
    title: str | None = Field(description="The chapter's title.")
