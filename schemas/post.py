"""The post table: one post of one platform, as last seen, with what was seen before."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from blift.schemas.parts import Chapter, MediaKind, Reaction, ReplaySegment, SpeechSegment
from blift.schemas.reasons import ReplayAbsent
from blift.schemas.record import Part, Record


class Observation(Part):
    """What was measured of a post at an earlier time."""

    retrieved_at: datetime | None = Field(description="When these numbers were read, UTC.")
    score: int | None = Field(description="Upvotes less downvotes.")
    upvote_ratio: float | None = Field(ge=0, le=1, description="Share of votes that are upvotes, 0..1.")
    likes: int | None = Field(description="Likes.")
    views: int | None = Field(description="Views.")
    num_comments: int | None = Field(description="Comments that the platform counts.")
    replay: list[ReplaySegment] = Field(description="The replay graph at that time.")


class Post(Record):
    """One post, at its latest observation."""

    table: ClassVar[str] = "post"
    version: ClassVar[str] = "1.3.0"
    key: ClassVar[tuple[str, ...]] = ("post_id",)

    post_id: str = Field(description="`<platform>:<native id>`.")
    platform: str = Field(description="Where it was posted.")
    native_id: str = Field(description="The platform's own id of it.")
    permalink: str | None = Field(description="Address of the post itself.")
    url: str | None = Field(description="Address that the post links to, entities unescaped.")
    canonical_url: str | None = Field(description="One form of that address for one resource.")
    media_key: str | None = Field(description="Identity of the media; equal keys are repeats of one another.")
    media_kind: MediaKind | None = Field(description="What the post shows.")
    media_host: str | None = Field(description="Who hosts the media, as recipes name it.")
    media_urls: list[str] = Field(description="Addresses of the media, in the post's order; several in a gallery.")
    media_file: str | None = Field(description="File of the media beside the archive, relative to the source.")
    width: int | None = Field(description="Width as the platform states it, pixels.")
    height: int | None = Field(description="Height as the platform states it, pixels.")
    duration_s: float | None = Field(description="Duration as the platform states it, seconds.")
    title: str | None = Field(description="Title, entities unescaped.")
    text: str | None = Field(description="Self text or description, entities unescaped.")
    tags: list[str] = Field(description="The uploader's tags, or the post's flair.")
    categories: list[str] = Field(description="The platform's categories.")
    channel_id: str | None = Field(description="The platform's id of the channel.")
    channel_name: str | None = Field(description="Name of the channel.")
    channel_subscribers: int | None = Field(description="Subscribers of the channel or subreddit.")
    subreddit: str | None = Field(description="Subreddit, without `r/`.")
    crosspost_of: str | None = Field(description="`post_id` of the post that this one repeats.")
    posted_at: datetime | None = Field(description="When it was posted, UTC.")
    retrieved_at: datetime | None = Field(description="When these numbers were read, UTC.")
    language: str | None = Field(description="Language that the platform states, ISO 639.")
    nsfw: bool | None = Field(description="The platform marks it as not safe for work, or for adults.")
    deleted: bool = Field(description="Its author deleted it.")
    removed: bool = Field(description="Moderators or the platform removed it.")
    author_deleted: bool | None = Field(
        description="The account of its author is gone, and the post stays; null where nobody can tell."
    )
    edited: bool | None = Field(description="Its author changed it after it was posted.")
    edited_at: datetime | None = Field(description="When its author last changed it, UTC.")
    distinguished: str | None = Field(description="In which office its author speaks, such as `moderator` or `admin`.")
    stickied: bool | None = Field(description="Pinned to the top of the subreddit.")
    promoted: bool | None = Field(description="An advertisement.")
    is_robot_indexable: bool | None = Field(
        description="Search engines may list it; false marks what was taken down, among others."
    )
    live: bool = Field(description="A live stream or a premiere, running or to come.")
    comments_disabled: bool | None = Field(description="The uploader turned comments off.")
    availability: str | None = Field(description="The platform's word: public, unlisted, private, ...")
    bot: str | None = Field(description="Why its author counts as a bot: `known_bot` or `bot_name`.")
    score: int | None = Field(description="Upvotes less downvotes.")
    upvote_ratio: float | None = Field(ge=0, le=1, description="Share of votes that are upvotes, 0..1.")
    likes: int | None = Field(description="Likes.")
    views: int | None = Field(description="Views.")
    num_comments: int | None = Field(description="Comments that the platform counts.")
    num_crossposts: int | None = Field(ge=0, description="How often others posted it again, as the platform counts.")
    awards: int | None = Field(ge=0, description="Awards that readers gave it.")
    replay: list[ReplaySegment] = Field(description="The replay graph, as the platform gives it.")
    replay_absent: ReplayAbsent | None = Field(description="Why there is no replay graph.")
    reactions: list[Reaction] = Field(
        description="Messages of the live chat, and danmaku, beside the record, by the second in which they stand."
    )
    section_start_s: float | None = Field(
        description="Where in the whole video the media begins, seconds; null where it is the whole."
    )
    chapters: list[Chapter] = Field(description="The uploader's chapters.")
    speech: list[SpeechSegment] = Field(description="Speech, from subtitles beside the record.")
    speech_source: str | None = Field(description="`manual` or `automatic` subtitles.")
    history: list[Observation] = Field(description="Earlier observations, oldest first.")
