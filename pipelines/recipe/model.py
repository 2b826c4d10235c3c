"""The recipe: what to read, which rules to apply, what to write. YAML, checked before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pydantic import Field, create_model, model_validator

from blift.pipelines.recipe.fetch import Fetch
from blift.pipelines.recipe.media import Media
from blift.pipelines.recipe.result import NAME, REPO, Card, Output, Publish, Rejects
from blift.pipelines.recipe.section import Count, Section, Share
from blift.schemas.platform import Platform
from blift.transforms.rules import Record, rules_for
from blift.transforms.selection import Selection
from blift.transforms.templates import TemplateFile


def _rules(name: str, record: Record, platform: Platform | None, stage: str = "curate") -> type[Section]:
    """A section with one optional knob for every rule that can judge such a record; all are off by default."""
    knobs: dict[str, Any] = {}
    for rule in rules_for(record, platform, stage):
        kind, off = (bool, False) if rule.knob is bool else (rule.knob | None, None)
        knobs[rule.name] = (kind, Field(default=off, description=rule.doc))
    whose = f"{platform.value} {record.value}s" if platform else f"{record.value}s"
    return create_model(name, __base__=Section, __doc__=f"Rules for {whose}, in the order in which they run.", **knobs)


if TYPE_CHECKING:
    RedditScope: TypeAlias = Section
    YoutubeScope: TypeAlias = Section
    RedditPosts: TypeAlias = Section
    YoutubePosts: TypeAlias = Section
    RedditComments: TypeAlias = Section
    YoutubeComments: TypeAlias = Section
    SampleRules: TypeAlias = Section
else:
    RedditScope = _rules("RedditScope", Record.POST, Platform.REDDIT, stage="ingest")
    YoutubeScope = _rules("YoutubeScope", Record.POST, Platform.YOUTUBE, stage="ingest")
    RedditPosts = _rules("RedditPosts", Record.POST, Platform.REDDIT)
    YoutubePosts = _rules("YoutubePosts", Record.POST, Platform.YOUTUBE)
    RedditComments = _rules("RedditComments", Record.COMMENT, Platform.REDDIT)
    YoutubeComments = _rules("YoutubeComments", Record.COMMENT, Platform.YOUTUBE)
    SampleRules = _rules("SampleRules", Record.SAMPLE, None)


class RedditSource(Section):
    """Reddit archives: NDJSON, plain or .zst, .gz, .xz, .bz2; and fetch folders. At least one of them."""

    submissions: list[str] = Field(default=[], description="Files, globs, or addresses that Beam opens.")
    comments: list[str] = Field(default=[], description="The same for comments.")
    fetched: list[str] = Field(default=[], description="Folders that `blift fetch` filled.")
    scope: RedditScope = Field(default_factory=RedditScope, description="Which posts to keep.")

    @model_validator(mode="after")
    def _name_something(self) -> RedditSource:
        if not self.submissions and not self.fetched:
            raise ValueError("name `submissions`, or `fetched`")
        return self


class YoutubeSource(Section):
    """YouTube archives: yt-dlp's `*.info.json(.gz)`, with media and subtitles beside them; and fetch folders."""

    info: list[str] = Field(default=[], description="Files or globs, such as `videos/*.info.json`.")
    fetched: list[str] = Field(default=[], description="Folders that `blift fetch` filled.")
    scope: YoutubeScope = Field(default_factory=YoutubeScope, description="Which videos to keep.")

    @model_validator(mode="after")
    def _name_something(self) -> YoutubeSource:
        if not self.info and not self.fetched:
            raise ValueError("name `info`, or `fetched`")
        return self


class HubSource(Section):
    """A published dataset on the HuggingFace Hub: the BLIFT of the paper, or one that blift published."""

    repo: str = Field(pattern=REPO, description="The dataset, as `OWNER/NAME`.")
    revision: str | None = Field(default=None, description="Tag, branch or commit. Null: the newest.")


class Sources(Section):
    """Where the records come from; at least one."""

    reddit: RedditSource | None = Field(default=None, description="Reddit archives.")
    youtube: YoutubeSource | None = Field(default=None, description="YouTube archives.")
    hub: HubSource | None = Field(default=None, description="A published dataset; rules of `scope` let all of it in.")


class Choose(Section):
    """Which comments of one audience are chosen."""

    near_duplicates: Share | None = Field(
        default=None,
        description="Of two comments of one media item whose TF-IDF vectors (fitted on those comments) have this "
        "cosine similarity or more, the better one stays. Null turns the rule off.",
    )
    top: Count | None = Field(
        default=None,
        description="How many stay: the best scored on Reddit, the first in YouTube's own order there. Null: all.",
    )

    def selection(self) -> Selection:
        """The choice as the transform takes it."""
        return Selection(self.near_duplicates, self.top)


class CurateReddit(Section):
    """Rules for what comes from Reddit."""

    posts: RedditPosts = Field(default_factory=RedditPosts, description="Rules for posts.")
    comments: RedditComments = Field(default_factory=RedditComments, description="Rules for comments.")
    choose: Choose = Field(default_factory=Choose, description="Which comments are chosen.")


class CurateYoutube(Section):
    """Rules for what comes from YouTube."""

    posts: YoutubePosts = Field(default_factory=YoutubePosts, description="Rules for videos.")
    comments: YoutubeComments = Field(default_factory=YoutubeComments, description="Rules for comments.")
    choose: Choose = Field(default_factory=Choose, description="Which comments are chosen.")


class Scenes(Section):
    """Scenes of a video whose cuts are not known: its chapters, else equal segments."""

    segments: Count = Field(default=10, description="Equal segments where there are no chapters.")
    longer_than_s: float = Field(
        default=1.0, gt=0, description="Replay segments are merged until one is longer than this many seconds."
    )


class Curate(Section):
    """The curate stage: rules, repeats made one, the choice of comments."""

    reddit: CurateReddit = Field(default_factory=CurateReddit, description="Rules for what comes from Reddit.")
    youtube: CurateYoutube = Field(default_factory=CurateYoutube, description="Rules for what comes from YouTube.")
    samples: SampleRules = Field(default_factory=SampleRules, description="Rules for samples.")
    scenes: Scenes = Field(default_factory=Scenes, description="Scenes where no cuts are known.")
    identify_language: bool = Field(
        default=True, description="Identify the language of titles, also where no rule asks for it."
    )


class Splits(Section):
    """Shares of the splits; the rest is train. Near-duplicates and channels never cross a split."""

    validation: Share = Field(default=0.01, description="Share of validation.")
    test: Share = Field(default=0.01, description="Share of test.")

    @model_validator(mode="after")
    def _leave_something(self) -> Splits:
        if self.validation + self.test > 1:
            raise ValueError("validation and test together are more than 1")
        return self


class Instruct(Section):
    """The instruct stage: samples to instruction pairs."""

    templates: list[TemplateFile] = Field(
        default=["full"],
        min_length=1,
        validate_default=True,
        description="Shipped templates by name, or files of one's own.",
    )
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits.")


class Recipe(Section):
    """A whole recipe."""

    name: str = Field(pattern=NAME, description="Name of the recipe: a-z, 0-9, `.`, `_`, `-`.")
    description: str = Field(default="", description="What it makes, for people.")
    sources: Sources = Field(
        default_factory=Sources, description="Where the records come from. None: the folder of `fetch`."
    )
    fetch: Fetch | None = Field(
        default=None, description="What `blift fetch` asks the platforms for. Builds read what it left."
    )
    media: Media | None = Field(default=None, description="The media stage. Null: media are not looked at.")
    curate: Curate = Field(default_factory=Curate, description="The curate stage.")
    instruct: Instruct = Field(default_factory=Instruct, description="The instruct stage.")
    rejects: Rejects = Field(default_factory=Rejects, description="What is written of rejected records.")
    output: Output = Field(default_factory=Output, description="How the run folder is laid out.")
    card: Card = Field(default_factory=Card, description="What the dataset card says.")
    publish: Publish = Field(default_factory=Publish, description="Publication on the HuggingFace Hub.")
