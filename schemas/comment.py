"""The comment table: one comment on one post."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Record


class Comment(Record):
    """One comment, at its latest observation."""

    table: ClassVar[str] = "comment"
    version: ClassVar[str] = "1.1.0"
    key: ClassVar[tuple[str, ...]] = ("comment_id",)

    comment_id: str = Field(description="`<platform>:<native id>`.")
    post_id: str = Field(description="The post that it is on, `<platform>:<native id>`.")
    platform: str = Field(description="Where it was written.")
    native_id: str = Field(description="The platform's id.")
    parent_id: str | None = Field(description="`comment_id` that it answers; null on the post itself.")
    text: str | None = Field(description="What it says, entities unescaped; markdown stays.")
    score: int | None = Field(description="Upvotes less downvotes, or likes.")
    rank: int | None = Field(ge=0, description="Place in the platform's own order, 0 first; null where it has none.")
    author: str | None = Field(description="Keyed hash of the author's name; null without a key. Never the name.")
    by_poster: bool | None = Field(description="Written by the author of the post.")
    posted_at: datetime | None = Field(description="When it was written, UTC.")
    retrieved_at: datetime | None = Field(description="When its numbers were read, UTC.")
    deleted: bool = Field(description="Its author deleted it.")
    removed: bool = Field(description="Moderators or the platform removed it.")
    bot: str | None = Field(description="Why its author counts as a bot: `known_bot` or `bot_name`.")
