"""The sections ``fetch.youtube`` and ``fetch.wikidata`` of a recipe: what is asked for, and at what pace."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from blift.schemas.section import Count, EnvironmentVariable, Rate, Section, check_days


class YoutubeComments(Section):
    """How many comments of a video are asked for, in YouTube's own order."""

    per_video: Count = Field(default=20, description="Comments of a video, at most.")
    sort: Literal["top", "new"] = Field(default="top", description="Which come first.")


class Footage(Section):
    """The files of videos."""

    max_height: Count = Field(default=480, description="Lines of a picture, at most.")
    max_bytes: Count = Field(default=500 << 20, description="Bytes of a file, at most.")
    max_duration_s: float = Field(default=500.0, gt=0, description="Seconds; longer videos are left alone.")


class FetchYoutube(Section):
    """YouTube, through yt-dlp."""

    lists: list[str] = Field(
        default=[],
        description="Channels, playlists and searches as yt-dlp takes them: addresses, `@name`, `ytsearch50:words`.",
    )
    ids: list[str] = Field(default=[], description="Text files with ids or addresses of videos, one a line.")
    per_list: Count | None = Field(default=None, description="Videos of each list, at most. Null: all.")
    posted_from: date | None = Field(
        default=None, description="Lists leave out videos of earlier days, UTC, where they tell when one was posted."
    )
    posted_before: date | None = Field(default=None, description="Lists leave out videos of this day and later.")
    comments: YoutubeComments | None = Field(default_factory=YoutubeComments, description="Null: no comments.")
    subtitles: list[str] = Field(
        default=["en"], description="Languages, as ISO 639 codes; manual ones before automatic ones. Empty: none."
    )
    footage: Footage | None = Field(default=None, description="The files of videos. Null: none are downloaded.")
    cookies_file: str | None = Field(default=None, description="Cookies in Netscape's format; the file is only read.")
    proxy: str | None = Field(
        default=None, description="Proxy for YouTube, as an address without user name and password."
    )
    proxy_env: EnvironmentVariable | None = Field(
        default=None,
        description="Instead: environment variable, on the workers, that holds the proxy's address, with its user name "
        "and password.",
    )
    requests_per_minute: Rate = Field(default=60.0, description="All workers together.")

    @model_validator(mode="after")
    def _span_some_days(self) -> FetchYoutube:
        check_days(self.posted_from, self.posted_before)
        return self

    @model_validator(mode="after")
    def _name_one_proxy(self) -> FetchYoutube:
        if self.proxy and self.proxy_env:
            raise ValueError("name `proxy` or `proxy_env`, not both")
        return self


class FetchWikidata(Section):
    """Channels that Wikidata knows by their YouTube id (P2397); their videos are asked for as `youtube` says."""

    languages: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]] = Field(
        default=[], description="ISO 639-1 codes of channels' languages. Empty: any."
    )
    min_subscribers: Count | None = Field(default=None, description="Subscribers at least, as Wikidata states them.")
    without_categories: list[Annotated[str, Field(pattern=r"^Q[1-9][0-9]{0,11}$")]] = Field(
        default=[], description="Wikidata items (`Q11399`); channels of these genres, fields or occupations stay out."
    )
    limit: Count | None = Field(default=None, description="Channels at most. Null: all.")
