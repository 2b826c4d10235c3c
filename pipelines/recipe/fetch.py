"""The section ``fetch`` of a recipe: what is asked for, at whose pace, and what is left alone."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from blift.connectors.reddit.listing_keys import listing_of
from blift.pipelines.recipe.section import Count, EnvironmentVariable, Section
from blift.schemas.checked import clash
from blift.schemas.errors import RecipeError

Rate = Annotated[float, Field(gt=0)]


def _listing(text: str) -> str:
    """Check `subreddit/sort[/window or words]`."""
    try:
        return listing_of(text).key
    except RecipeError as error:  # pydantic knows where it stands
        raise ValueError(str(error).removesuffix(".")) from error


def _check_window(section: FetchReddit | FetchYoutube) -> None:
    first, end = section.posted_from, section.posted_before
    if first is not None and end is not None and first >= end:
        raise clash(
            "posted_from", f"is {first}, and `posted_before` is {end}: no day lies between them; correct one of them"
        )


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
        _check_window(self)
        return self


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
        _check_window(self)
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


class FetchWeb(Section):
    """Hosts of files, whoever they are."""

    per_host_per_s: Rate | None = Field(
        default=5.0, description="Requests a second to one host. Null: no limit of ours."
    )
    connections: Count = Field(default=16, description="Files under way at a time, in each worker process.")
    max_bytes: Count = Field(default=200 << 20, description="Bytes of a file, at most.")
    max_seconds: float = Field(default=600.0, gt=0, description="Seconds that one file may take.")
    max_height: Count = Field(default=720, description="Lines of a video that comes in several sizes, at most.")
    robots: bool = Field(default=True, description="Honour robots.txt.")
    no_ai: bool = Field(default=True, description="Honour `X-Robots-Tag: noai` and its like.")


class AsStage(Section):
    """Collection as the first stage of `blift build`, on the workers of its runner."""

    lanes: Count = Field(
        default=1, description="Workers that ask at the same time; each keeps to its part of every limit."
    )
    part: Count = Field(default=200, description="Items of a part; what a lost worker had begun is asked for again.")


Age = Annotated[float, Field(gt=0, le=3650)]


class Fetch(Section):
    """What `blift fetch` asks the platforms for."""

    folder: str = Field(default="fetched", description="Where it is written; `--out` names another folder.")
    contact: str | None = Field(
        default=None,
        pattern=r"^[\x21-\x7e]+$",
        description="Mail or web address, told to every server that is asked, so that its people can reach you.",
    )
    reddit: FetchReddit | None = Field(default=None, description="Reddit.")
    youtube: FetchYoutube | None = Field(default=None, description="YouTube.")
    wikidata: FetchWikidata | None = Field(default=None, description="Lists of channels; needs `youtube`.")
    web: FetchWeb = Field(default_factory=FetchWeb, description="Hosts of files.")
    schedule: list[Age] = Field(
        default=[1, 2, 7, 30],
        min_length=1,
        description="Ages of posts, days, at which `blift fetch --schedule` asks for them again.",
    )
    stage: AsStage | None = Field(
        default=None, description="Ask as a stage of `blift build`. Null: `blift fetch` asks, before a build."
    )

    @property
    def platforms(self) -> list[str]:
        """Names of the platforms that are asked for something."""
        return [name for name in ("reddit", "youtube") if getattr(self, name) is not None]
