"""The blift table: samples in exactly the columns of the published BLIFT dataset."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Record


class Blift(Record):
    """One sample as the BLIFT dataset of the paper publishes it."""

    table: ClassVar[str] = "blift"
    version: ClassVar[str] = "1.0.0"

    url: str | None = Field(description="Address of the media.")
    permalink: str | None = Field(description="Address of the post that speaks for the sample.")
    comments: list[str] = Field(description="The chosen comments, best first.")
    num_comments: int | None = Field(description="Comments that the platforms count, over all posts of the media.")
    subreddit: str | None = Field(description="Subreddit, without `r/`.")
    title: str | None = Field(description="Title of that post.")
