"""The sections of a recipe on its result: what is written of rejects, the layout, the card, the publication."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from blift.connectors.hub.named import REPO
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import did_you_mean
from blift.schemas.section import Section, Share

#: Names of datasets on the Hub, and of recipes.
NAME = r"^[a-z0-9][a-z0-9._-]*$"
#: A version of a publication.
TAG = r"^v(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$"


class Payload(StrEnum):
    """For which rejects the record itself is kept."""

    MALFORMED = "malformed"
    ALL = "all"
    NONE = "none"


class Rejects(Section):
    """What is written of rejected records. All are counted, whatever is written here."""

    payload: Payload = Field(
        default=Payload.MALFORMED, description="Keep the record itself for malformed input, for all, or for none."
    )
    out_of_scope: bool = Field(
        default=False,
        description="List also records outside the scope of the sources, and comments on posts that are not kept; "
        "in a whole month of an archive these are 99 of 100 lines.",
    )
    max_malformed: Share = Field(
        default=0.05, description="The run stops when more than this share of the records cannot be read."
    )


class Partition(StrEnum):
    """By what rows lie in folders of their own."""

    MONTH = "month"


class Output(Section):
    """How the run folder is laid out."""

    shards: Annotated[int, Field(ge=1, le=99_999)] | Literal["auto"] = Field(
        default="auto",
        description="Files of each dataset. `auto` takes one for 256 MiB of input, a power of two. It is part of "
        "the result: another number gives other files with the same rows.",
    )
    partition_by: Partition | None = Field(
        default=None,
        description="`month` puts the rows of samples, pairs and preferences into folders such as `month=2024-03`, by "
        "the time of the post (UTC), for readers of Hive's partitions. It is part of the result: other files with the "
        "same rows. Null: no such folders.",
    )
    keep: int = Field(
        default=1,
        ge=0,
        le=10_000,
        description="Datasets to keep of those that an update has replaced; files that did not change are shared. "
        "`blift diff RUN@previous RUN` compares with the last.",
    )
    keep_parts: bool = Field(
        default=True,
        description="Keep in `parts/` what each archive gave, so that an update reads only archives that are new or "
        "have changed. No part of the result.",
    )


class Card(Section):
    """What the dataset card says beyond what the run knows by itself."""

    title: str = Field(default="BLIFT", description="Title of the dataset.")
    summary: str = Field(default="", description="A paragraph in your own words.")
    license: str = Field(default="other", description="Licence identifier, as the Hub names them.")
    language: list[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]] = Field(
        default=["en"], description="Languages of the dataset, ISO 639-1, such as `en`."
    )


class MediaShape(StrEnum):
    """How media are published."""

    NONE = "none"
    BESIDE = "beside"  # as files, and a table that names them
    EMBEDDED = "embedded"  # within the cells of a table
    IN_PAIRS = "in_pairs"  # within the cells of the pairs that show them


class MediaFiles(StrEnum):
    """Which media are published."""

    FILES = "files"  # the files as they were measured
    KEYFRAMES = "keyframes"  # a picture of each scene


def _configuration(name: str) -> str:
    known = [config for config, _, _ in CONFIGS]
    if name not in known:
        near = did_you_mean(name, known).removesuffix("?")
        raise ValueError(f"there is no such configuration{near}; there are {', '.join(known)}")
    return name


class Publish(Section):
    """Publication on the HuggingFace Hub, the last stage where `repo` is set."""

    repo: str | None = Field(
        default=None,
        pattern=REPO,
        description="Dataset to publish to, as `OWNER/NAME`; `blift publish --repo` says it too. Null: no publication.",
    )
    space: str | None = Field(
        default=None,
        pattern=REPO,
        description="Static Space for the report of the release, as `OWNER/NAME`; `blift publish --space` says it "
        "too. Null: no Space.",
    )
    private: bool = Field(default=False, description="Make the dataset private, where it is not there yet.")
    gated: Literal["auto", "manual"] | None = Field(
        default=None, description="Readers must ask for access, which is granted by itself or by you."
    )
    tag: str | None = Field(
        default=None,
        pattern=TAG,
        description="Version, such as `v1.2.0`. Null takes the lowest that says what changed.",
    )
    configs: list[Annotated[str, AfterValidator(_configuration)]] | None = Field(
        default=None,
        min_length=1,
        description="Configurations to publish. Null takes all but `posts` and `comments`, which no rule has judged.",
    )
    media: MediaShape = Field(
        default=MediaShape.NONE,
        description="Publish the media of samples, without metadata: `beside` as files and a table that names "
        "them, `embedded` within the cells of a table, each once, `in_pairs` within the cells of the instruction and "
        "preference pairs, ready to train on, `none` not at all.",
    )
    media_files: MediaFiles = Field(
        default=MediaFiles.FILES,
        description="Which: the `files` that were measured, or the `keyframes` of their scenes (not `in_pairs`).",
    )

    @model_validator(mode="after")
    def _a_space_has_something_to_show(self) -> Self:
        if self.space and not self.has_samples:
            raise ValueError("`space` shows samples; add `samples` to `configs`, or leave `space` out")
        return self

    @property
    def has_samples(self) -> bool:
        """Whether samples are published."""
        return self.configs is None or "samples" in self.configs
