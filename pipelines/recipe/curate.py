"""The section `curate` of a recipe: rules for each platform and for samples, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field

from blift.pipelines.recipe.generated import camel, rules, section
from blift.schemas.platform import Platform, platforms
from blift.schemas.section import Count, Section, Share
from blift.transforms.reactions import Lags
from blift.transforms.rules import RecordKind, Rule
from blift.transforms.selection import Selection


class Choose(Section):
    """Which comments of one audience are chosen."""

    near_duplicates: Share | None = Field(
        default=None,
        description="Of two comments of one media item whose TF-IDF vectors (fitted on those comments) have this "
        "cosine similarity or more, the better one stays. Null turns the rule off.",
    )
    top: Count | None = Field(
        default=None,
        description="How many stay: the best scored, or the first in the platform's own order. Null: all.",
    )

    def selection(self) -> Selection:
        """The choice as the transform takes it."""
        return Selection(self.near_duplicates, self.top)


class PlatformRules(Section):
    """What the sections of all platforms in `curate` have."""

    posts: Section = Field(default_factory=Section, description="Rules for posts.")
    comments: Section = Field(default_factory=Section, description="Rules for comments.")
    choose: Choose = Field(default_factory=Choose, description="Which comments are chosen.")


def _platform_rules(platform: Platform, own: Sequence[Rule]) -> type[Section]:
    """The section of a platform in `curate`."""
    posts = rules(f"{platform.title}'s {platform.posts}", RecordKind.POST, platform, own=own)
    comments = rules(f"{platform.title}'s comments", RecordKind.COMMENT, platform, own=own)
    fields = {
        "posts": (posts, Field(default_factory=posts, description=f"Rules for {platform.posts}.")),
        "comments": (comments, Field(default_factory=comments, description="Rules for comments.")),
    }
    return section(
        f"{camel(platform.name)}Rules", f"Rules for what comes from {platform.title}.", fields, PlatformRules
    )


class Scenes(Section):
    """Scenes of a video whose cuts are not known: its chapters, else equal segments."""

    segments: Count = Field(default=10, description="Equal segments where there are no chapters.")
    longer_than_s: float = Field(
        default=1.0, gt=0, description="Replay segments are merged until one is longer than this many seconds."
    )


Lag = Annotated[float, Field(ge=0, le=600)]


class Reactions(Section):
    """Reactions to moments of a video: by how many seconds each source lags behind what it reacts to."""

    comment_lag_s: Lag = Field(default=0.0, description="Of moments that comments name (`2:31`).")
    live_chat_lag_s: Lag = Field(
        default=10.0, description="Of the chat of a live stream: the delay of the stream, and the time to write."
    )
    danmaku_lag_s: Lag = Field(
        default=5.0, description="Of danmaku, comments written over the running video: the time to write."
    )

    def lags(self) -> Lags:
        """The lags as the transform takes them."""
        return Lags(self.comment_lag_s, self.live_chat_lag_s, self.danmaku_lag_s)


class Sampled(Section):
    """A fixed number of samples, drawn by the hash of their ids: the order of the input does not matter."""

    n: Count = Field(description="How many samples.")
    seed: int = Field(default=0, description="Another seed draws others.")


class AnyCurate(Section):
    """The curate stage: rules, repeats made one, the choice of comments."""

    samples: Section = Field(default_factory=Section, description="Rules for samples.")
    scenes: Scenes = Field(default_factory=Scenes, description="Scenes where no cuts are known.")
    reactions: Reactions = Field(default_factory=Reactions, description="Reactions to moments of a video.")
    sample: Sampled | None = Field(default=None, description="Keep only some of the samples. Null: keep all.")
    identify_language: bool = Field(
        default=True, description="Identify the language of titles, also where no rule asks for it."
    )

    @property
    def platforms(self) -> Mapping[str, PlatformRules]:
        """The rules for each platform, by name."""
        return {name: getattr(self, name) for name in platforms()}


def curate_with(own: Sequence[Rule]) -> type[Section]:
    """The section, with the rules of a Python file beside those of blift."""
    fields: dict[str, Any] = {}
    for name, platform in platforms().items():
        of_platform = _platform_rules(platform, own)
        fields[name] = (of_platform, Field(default_factory=of_platform, description=str(of_platform.__doc__)))
    of_samples = rules("samples", RecordKind.SAMPLE, None, own=own)
    fields["samples"] = (of_samples, Field(default_factory=of_samples, description="Rules for samples."))
    return section("Curate", str(AnyCurate.__doc__), fields, AnyCurate)


if TYPE_CHECKING:
    Curate: TypeAlias = AnyCurate
else:
    Curate = curate_with(())
