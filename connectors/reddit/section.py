"""The section ``fetch.reddit`` of a recipe: what Reddit is asked for, and at what pace."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from blift.connectors.reddit.listing_keys import listing_of
from blift.schemas.errors import RecipeError
from blift.schemas.section import Count, Rate, Section, check_days


def _listing(text: str) -> str:
    """Check `subreddit/sort[/window or words]`."""
    try:
        return listing_of(text).key
    except RecipeError as error:  # pydantic knows where it stands
        raise ValueError(str(error).removesuffix(".")) from error


Listing = Annotated[str, AfterValidator(_listing)]


class RedditComments(Section):
    """How much of the comments of a post is asked for."""

    per_post: Count = Field(default=200, description="Comments of a post, at most.")
    more_requests: Annotated[int, Field(ge=0)] = Field(
        default=3, description="Requests for comments that the first answer leaves out, for each post, at most."
    )
    sort: Literal["confidence", "top", "new", "old", "controversial", "qa"] = Field(
        default="top", description="Reddit's order, in which they are asked for."
    )
    depth: Count | None = Field(
        default=None, description="Levels of replies, 1 for comments on the post itself alone. Null: all."
    )


class RedditMedia(Section):
    """Which media of posts are downloaded."""

    hosts: list[str] = Field(
        default=["reddit"], min_length=1, description="Who hosts them, as rules for posts name hosts (`image_hosts`)."
    )
    youtube: bool = Field(
        default=False, description="Ask YouTube for the videos that posts link to, as `youtube` says."
    )


class FetchReddit(Section):
    """Reddit, through its API. Credentials come from the environment or praw.ini, never from here."""

    listings: list[Listing] = Field(
        default=[],
        description="`subreddit/sort`, sort being new, hot, rising, top/WINDOW, controversial/WINDOW or search/WORDS. "
        "Reddit gives the first 1,000 posts of each.",
    )
    ids: list[str] = Field(
        default=[],
        description="Files with ids or permalinks: text, one a line; or Parquet or CSV with a column `permalink` or "
        "`url`, such as the published BLIFT.",
    )
    posted_from: date | None = Field(default=None, description="Listings leave out posts of earlier days, UTC.")
    posted_before: date | None = Field(default=None, description="Listings leave out posts of this day and later.")
    comments: RedditComments | None = Field(default_factory=RedditComments, description="Null: no comments.")
    media: RedditMedia | None = Field(default=None, description="Null: no media.")
    requests_per_minute: Rate = Field(
        default=100.0, description="All workers together; Reddit's limit for one client is 100."
    )
    site: str | None = Field(default=None, description="Section of praw.ini that holds the credentials.")

    @model_validator(mode="after")
    def _span_some_days(self) -> FetchReddit:
        check_days(self.posted_from, self.posted_before)
        return self
