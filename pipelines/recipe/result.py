"""What a recipe says of its result: name, card, publication. Read without the recipe's models, which take a second."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Protocol

import msgspec
import yaml
from msgspec import Meta

#: Names of datasets on the Hub, and of recipes.
REPO = r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$"
NAME = r"^[a-z0-9][a-z0-9._-]*$"


class Plain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of a recipe whose values msgspec checks; its model is in `blift.pipelines.recipe.model`."""


class Payload(StrEnum):
    """For which rejects the record itself is kept."""

    MALFORMED = "malformed"
    ALL = "all"
    NONE = "none"


class Rejects(Plain, frozen=True):
    """What is written of rejected records. All are counted, whatever is written here."""

    payload: Annotated[
        Payload, Meta(description="Keep the record itself for malformed input, for all, or for none.")
    ] = Payload.MALFORMED
    out_of_scope: Annotated[
        bool,
        Meta(
            description="List also records outside the scope of the sources, and comments on posts that are not kept; "
            "in a whole month of an archive these are 99 of 100 lines."
        ),
    ] = False
    max_malformed: Annotated[
        float,
        Meta(ge=0.0, le=1.0, description="The run stops when more than this share of the records cannot be read."),
    ] = 0.05


class Output(Plain, frozen=True):
    """How the run folder is laid out."""

    shards: Annotated[
        Annotated[int, Meta(ge=1)] | Literal["auto"],
        Meta(
            description="Files of each dataset. `auto` takes one for 256 MiB of input, a power of two. It is part of "
            "the result: another number gives other files with the same rows."
        ),
    ] = "auto"


class Card(Plain, frozen=True):
    """What the dataset card says beyond what the run knows by itself."""

    title: Annotated[str, Meta(description="Title of the dataset.")] = "BLIFT"
    summary: Annotated[str, Meta(description="A paragraph in your own words.")] = ""
    license: Annotated[str, Meta(description="Licence identifier, as the Hub names them.")] = "other"
    language: Annotated[list[str], Meta(description="Languages of the dataset, ISO 639-1.")] = msgspec.field(
        default_factory=lambda: ["en"]
    )


class MediaShape(StrEnum):
    """How media are published."""

    NONE = "none"
    BESIDE = "beside"  # as files, and a table that names them
    EMBEDDED = "embedded"  # within the cells of a table


class MediaFiles(StrEnum):
    """Which media are published."""

    FILES = "files"  # the files as they were measured
    KEYFRAMES = "keyframes"  # a picture of each scene


class Publish(Plain, frozen=True):
    """Publication on the HuggingFace Hub, the last stage where `repo` is set."""

    repo: Annotated[
        Annotated[str, Meta(pattern=REPO)] | None,
        Meta(
            description="Dataset to publish to, as `OWNER/NAME`; `blift publish --repo` says it too. Null: no "
            "publication."
        ),
    ] = None
    private: Annotated[bool, Meta(description="Make the dataset private, where it is not there yet.")] = False
    gated: Annotated[
        Literal["auto", "manual"] | None,
        Meta(description="Readers must ask for access, which is granted by itself or by you."),
    ] = None
    tag: Annotated[
        str | None, Meta(description="Version, such as `v1.2.0`. Null takes the lowest that says what changed.")
    ] = None
    configs: Annotated[
        Annotated[list[str], Meta(min_length=1)] | None,
        Meta(
            description="Configurations to publish. Null takes all but `posts` and `comments`, which no rule has "
            "judged."
        ),
    ] = None
    media: Annotated[
        MediaShape,
        Meta(
            description="Publish the media of samples, without metadata: `beside` as files and a table that names "
            "them, `embedded` within the cells of a table, `none` not at all."
        ),
    ] = MediaShape.NONE
    media_files: Annotated[
        MediaFiles, Meta(description="Which: the `files` that were measured, or the `keyframes` of their scenes.")
    ] = MediaFiles.FILES


class Result(Protocol):
    """What a recipe says of its result."""

    @property
    def name(self) -> str: ...
    @property
    def rejects(self) -> Rejects: ...
    @property
    def card(self) -> Card: ...
    @property
    def publish(self) -> Publish: ...


class PlainResult(msgspec.Struct, frozen=True):
    """What a recipe says of its result, in so many words; the sections that are not named here do not matter to it."""

    name: Annotated[str, Meta(pattern=NAME)]
    description: str = ""
    rejects: Rejects = Rejects()
    output: Output = Output()
    card: Card = Card()
    publish: Publish = Publish()


def plain_result(text: str) -> PlainResult | None:
    """What a recipe says of its result; None where its models must see it: it is wrong, or unusual, as `private: 1`."""
    try:
        content = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
        plain = msgspec.convert(content, PlainResult)
    except (yaml.YAMLError, msgspec.ValidationError):
        return None
    # A pattern's end is also before a last line break in msgspec, and is not in the models.
    return None if "\n" in f"{plain.name}{plain.publish.repo}" else plain
