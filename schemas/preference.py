"""The preference table: a prompt and two answers, of which people preferred one by what they did."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from blift.schemas.instruction import Message, VideoFrame
from blift.schemas.record import Part, Record
from blift.schemas.split import Split


class PreferenceKind(StrEnum):
    """What is compared."""

    COMMENTS = "comments"  # two comments on one post
    TITLES = "titles"  # two titles of one media in one subreddit
    POSTS = "posts"  # two posts of one channel


class Measure(StrEnum):
    """By which number two records are compared."""

    SCORE = "score"
    VIEWS = "views"
    LIKES = "likes"
    COMMENTS = "num_comments"


class FrameOfVideo(VideoFrame):
    """A frame that stands for one of several videos, for trainers that take no video."""

    video: int = Field(ge=0, description="Place of its video among `videos`, 0 first.")


class Contender(Part):
    """One of the two records, and how people received it."""

    record_id: str = Field(description="`comment_id` or `post_id`.")
    sample_id: str = Field(description="The sample of its media.")
    posted_at: datetime = Field(description="When it was posted, UTC.")
    retrieved_at: datetime | None = Field(description="When its numbers were read, UTC.")
    value: int = Field(description="The number by which it was compared.")


class Compared(Record):
    """What every preference pair says, wherever its media are."""

    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str = Field(description="`<sample id>-<kind>-<hash of both records>`.")
    sample_id: str = Field(description="The sample of the preferred record.")
    kind: PreferenceKind = Field(description="What is compared: comments, titles or posts.")
    split: Split = Field(description="train, validation or test; that of the samples of both records.")
    post_id: str | None = Field(description="The post that both comments are on.")
    subreddit: str | None = Field(description="Subreddit of both records, without `r/`.")
    channel_id: str | None = Field(description="Channel of both records.")
    upvote_ratio: float | None = Field(
        ge=0, le=1, description="Share of votes that are upvotes, 0..1, of the post that both comments are on."
    )
    history: str | None = Field(description="Title and text of the post that both comments are on.")
    measure: Measure = Field(description="By which number they were compared.")
    preferred: Contender = Field(description="The record behind `chosen`.")
    other: Contender = Field(description="The record behind `rejected`.")
    seconds_difference: int = Field(
        description="Seconds from the posting of the other record to that of the preferred one; never negative for "
        "comments."
    )
    score_difference: int = Field(ge=1, description="The preferred record's number less the other's.")
    score_ratio: float | None = Field(
        ge=1, description="The preferred record's number over the other's; null where the other's is not above 0."
    )
    prompt: list[Message] = Field(description="The user's message.")
    chosen: list[Message] = Field(description="The preferred answer.")
    rejected: list[Message] = Field(description="The other answer.")


class Preference(Compared):
    """Two answers to one prompt, the preferred one first, with the times and numbers of both."""

    table: ClassVar[str] = "preference"
    version: ClassVar[str] = "1.0.0"

    images: list[str] = Field(description="Files of the images, relative to the dataset, in the order of their parts.")
    videos: list[str] = Field(description="Files of the videos, relative to the dataset, in the order of their parts.")
    frames: list[FrameOfVideo] = Field(description="Frames of the videos in order, where the recipe asks for them.")
    sha256: list[str] = Field(description="Digests of the files of the media, in their order.")
    urls: list[str] = Field(description="Web addresses of the media, in their order.")
