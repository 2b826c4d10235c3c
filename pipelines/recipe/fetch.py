"""The section ``fetch`` of a recipe: what is asked for, at whose pace, and what is left alone.

Each platform that can be asked brings its own sections.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field

from blift.connectors.registry import connectors, fetch_sections
from blift.pipelines.recipe.generated import section
from blift.schemas.section import Count, Rate, Section


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


class FetchTarget(Section):
    """Where what is fetched goes, and who asks."""

    folder: str = Field(default="fetched", description="Where it is written; `--out` names another folder.")
    contact: str | None = Field(
        default=None,
        pattern=r"^[\x21-\x7e]+$",
        description="Mail or web address, told to every server that is asked, so that its people can reach you.",
    )


def _with_platforms() -> type[Section]:
    """The keys before those of every platform, and the sections that platforms bring."""
    fields: dict[str, Any] = {
        one.key: (one.model | None, Field(default=None, description=one.description)) for one in fetch_sections()
    }
    return section("FetchPlatforms", str(FetchTarget.__doc__), fields, FetchTarget)


if TYPE_CHECKING:
    FetchPlatforms: TypeAlias = FetchTarget
else:
    FetchPlatforms = _with_platforms()


class Fetch(FetchPlatforms):
    """What `blift fetch` asks the platforms for."""

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
    def sections(self) -> Mapping[str, Section]:
        """The sections of platforms that the recipe has, by key."""
        found = {one.key: getattr(self, one.key) for one in fetch_sections()}
        return {key: section for key, section in found.items() if section is not None}

    @property
    def platforms(self) -> list[str]:
        """Names of the platforms that are asked for something."""
        return [name for name in self.sections if name in connectors()]
