"""The sample table: one cleaned media item with its audience's behaviour. This is what BLIFT is."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from blift.schemas.parts import MediaKind, Reaction, ReplaySegment, SpeechSegment
from blift.schemas.reasons import ReplayAbsent
from blift.schemas.record import Part, Record


class SceneSource(StrEnum):
    """Who says where a scene begins and ends."""

    DETECTED = "detected"  # cuts in the decoded media
    CHAPTER = "chapter"  # the uploader's chapters
    SEGMENT = "segment"  # equal parts, where neither is known
    IMAGE = "image"  # an image is one scene


class Scene(Part):
    """One scene of a media item."""

    start_s: float = Field(description="Start, in seconds.")
    end_s: float = Field(description="End, in seconds.")
    source: SceneSource = Field(description="Who says so.")
    title: str | None = Field(description="The chapter's title.")
    keyframe: str | None = Field(description="URI of the keyframe in the media store.")
    caption: str | None = Field(description="What it shows, in one sentence.")
    tags: list[str] = Field(description="What it shows, in words.")
    foreground_colours: list[str] = Field(description="Named colours of the salient object, most common first.")
    background_colours: list[str] = Field(description="Named colours of the rest, most common first.")
    tone: str | None = Field(description="The dominant tone.")
    speech: str | None = Field(description="What is said in it.")
    screen_text: str | None = Field(description="Text on screen.")
    replay: float | None = Field(
        ge=0, le=1, description="Replay value 0..1: the highest of the segments that it overlaps."
    )


class SampleComment(Part):
    """A chosen comment."""

    comment_id: str = Field(description="`<platform>:<native id>`.")
    platform: str = Field(description="Where it was written.")
    text: str = Field(description="What it says.")
    score: int | None = Field(description="Upvotes less downvotes, or likes.")


class Audience(Part):
    """One post of the media, and how its audience received it."""

    post_id: str = Field(description="`<platform>:<native id>`.")
    platform: str = Field(description="Where it was posted.")
    permalink: str | None = Field(description="Address of the post.")
    subreddit: str | None = Field(description="Subreddit, without `r/`.")
    title: str | None = Field(description="The title that it had there.")
    posted_at: datetime | None = Field(description="When it was posted, UTC.")
    retrieved_at: datetime | None = Field(description="When these numbers were read, UTC.")
    score: int | None = Field(description="Upvotes less downvotes.")
    upvote_ratio: float | None = Field(ge=0, le=1, description="Share of votes that are upvotes, 0..1.")
    likes: int | None = Field(description="Likes.")
    views: int | None = Field(description="Views.")
    num_comments: int | None = Field(description="Comments that the platform counts.")


class GrowthPoint(Part):
    """What was measured of one post at one age."""

    post_id: str = Field(description="`<platform>:<native id>`.")
    age_days: float = Field(ge=0, description="Days from the post to this observation.")
    score: int | None = Field(description="Upvotes less downvotes.")
    upvote_ratio: float | None = Field(ge=0, le=1, description="Share of votes that are upvotes, 0..1.")
    likes: int | None = Field(description="Likes.")
    views: int | None = Field(description="Views.")
    num_comments: int | None = Field(description="Comments that the platform counts.")


class Sample(Record):
    """One media item with the behaviour of everybody who received it."""

    table: ClassVar[str] = "sample"
    version: ClassVar[str] = "1.3.0"
    key: ClassVar[tuple[str, ...]] = ("sample_id",)

    sample_id: str = Field(description="xxh3-128 of `media_key`, 32 hex digits.")
    media_key: str = Field(description="Identity of the media.")
    media_kind: MediaKind = Field(description="image, gif, gallery or video.")
    media_urls: list[str] = Field(description="Addresses of the media.")
    media_file: str | None = Field(description="File of the media beside the archive, relative to the source.")
    sha256: str | None = Field(description="Digest of the media file.")
    phash: list[str] = Field(description="Perceptual hashes, 16 hex digits each.")
    cluster: str | None = Field(description="Cluster of near-duplicate media.")
    width: int | None = Field(description="Width, pixels.")
    height: int | None = Field(description="Height, pixels.")
    duration_s: float | None = Field(description="Duration, seconds.")
    platform: str = Field(description="Platform of the post that speaks for the sample.")
    url: str | None = Field(description="Address of the media as that post gives it.")
    permalink: str | None = Field(description="Address of that post.")
    title: str | None = Field(description="Its title.")
    text: str | None = Field(description="Its self text or description.")
    channel_id: str | None = Field(description="The channel's id.")
    channel_name: str | None = Field(description="The channel's name.")
    channel_subscribers: int | None = Field(description="Subscribers of the channel or subreddit.")
    subreddit: str | None = Field(description="Subreddit, without `r/`.")
    posted_at: datetime | None = Field(description="When it was first posted, UTC.")
    language: str | None = Field(
        description="Language, ISO 639: of the title, or where that does not tell, as the platform states it, or of "
        "the description or the comments. Null where nobody can tell."
    )
    language_confidence: float | None = Field(
        ge=0, le=1, description="Confidence in the language, 0..1. Null where there is none, or the platform states it."
    )
    score: int | None = Field(description="Upvotes less downvotes of that post.")
    upvote_ratio: float | None = Field(ge=0, le=1, description="Share of votes that are upvotes, 0..1.")
    likes: int | None = Field(description="Likes.")
    views: int | None = Field(description="Views.")
    like_percent: float | None = Field(description="Likes as a percentage of views.")
    num_comments: int | None = Field(description="Comments that the platforms count, over all posts of the media.")
    comments: list[SampleComment] = Field(description="The chosen comments, best first.")
    replay: list[ReplaySegment] = Field(description="The replay graph, as the platform gives it.")
    replay_absent: ReplayAbsent | None = Field(description="Why there is no replay graph.")
    reactions: list[Reaction] = Field(
        description="How often people reacted to each second, by source and second; moved back by the source's lag."
    )
    scenes: list[Scene] = Field(description="Scenes in order, with what is known of each.")
    speech: list[SpeechSegment] = Field(description="Speech in the media.")
    audiences: list[Audience] = Field(description="Every post of the media, by `post_id`.")
    growth: list[GrowthPoint] = Field(
        description="Every observation of each post that was observed more than once, by `post_id` and age."
    )
