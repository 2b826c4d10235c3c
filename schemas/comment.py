"""The comment table: one comment on one post."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Part, Record


class CommentObservation(Part):
    """What was measured of a comment at an earlier time."""

    retrieved_at: datetime | None = Field(description="When this number was read, UTC.")
    score: int | None = Field(description="Upvotes less downvotes, or likes.")


class Comment(Record):
    """One comment, at its latest observation."""

    table: ClassVar[str] = "comment"
    version: ClassVar[str] = "1.2.0"
    key: ClassVar[tuple[str, ...]] = ("comment_id",)

    comment_id: str = Field(description="`<platform>:<native id>`.")
    post_id: str = Field(description="The post that it is on, `<platform>:<native id>`.")
    platform: str = Field(description="Where it was written.")
    native_id: str = Field(description="The platform's id.")
    parent_id: str | None = Field(description="`comment_id` that it answers; null on the post itself.")
    text: str | None = Field(description="What it says, entities unescaped; markdown stays.")
    score: int | None = Field(description="Upvotes less downvotes, or likes.")
    rank: int | None = Field(
        ge=0,
        description="Place in the platform's own order at the latest observation of the post's comments, 0 first; null "
        "where it has none.",
    )
    controversiality: int | None = Field(ge=0, le=1, description="1 where up and down votes are many and about equal.")
    awards: int | None = Field(ge=0, description="Awards that readers gave it.")
    depth: int | None = Field(ge=0, description="Comments between it and the post: 0 for one on the post itself.")
    author: str | None = Field(description="Keyed hash of the author's name; null without a key. Never the name.")
    by_poster: bool | None = Field(description="Written by the author of the post.")
    posted_at: datetime | None = Field(description="When it was written, UTC.")
    retrieved_at: datetime | None = Field(description="When its numbers were read, UTC.")
    deleted: bool = Field(description="Its author deleted it.")
    removed: bool = Field(description="Moderators or the platform removed it.")
    author_deleted: bool | None = Field(
        description="The account of its author is gone, and the comment stays; null where nobody can tell."
    )
    author_verified: bool | None = Field(description="The platform vouches for who its author is.")
    distinguished: str | None = Field(description="In which office its author speaks, such as `moderator` or `admin`.")
    stickied: bool | None = Field(description="Pinned to the top, by moderators or by the uploader.")
    hearted: bool | None = Field(description="The uploader marked it with a heart.")
    edited: bool | None = Field(description="Its author changed it after it was posted.")
    edited_at: datetime | None = Field(description="When its author last changed it, UTC.")
    bot: str | None = Field(description="Why its author counts as a bot: `known_bot` or `bot_name`.")
    history: list[CommentObservation] = Field(description="Earlier observations, oldest first.")
