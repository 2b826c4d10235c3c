"""The annotation table: what people who were asked said of a media item, such as how well it is remembered."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Part, Record

#: Kinds that templates of blift ask for. A file of annotations may have others.
MEMORABILITY, SALIENCY_OBJECTS, SALIENCY_REGIONS = "memorability", "saliency_objects", "saliency_regions"
#: The cells of a 3 x 3 grid over the picture, in reading order.
REGIONS = tuple(f"{row} {column}" for row in ("upper", "middle", "lower") for column in ("left", "center", "right"))


class MatchedBy(StrEnum):
    """By what an annotation was found to be of a sample, the surest first."""

    SHA256 = "sha256"  # the digest of its file
    POST_ID = "post_id"  # one of its posts
    URL = "url"  # the address of its media
    NEAR_DUPLICATE = "near_duplicate"  # the digest or address of other media of its cluster


class AnnotatedPart(Part):
    """One entry of a map: a part of the media and its value."""

    name: str = Field(description="An object, or a cell of the 3 x 3 grid such as `upper left`.")
    value: float = Field(description="Its value.")


class Annotation(Record):
    """One annotation of one sample."""

    table: ClassVar[str] = "annotation"
    version: ClassVar[str] = "1.0.0"
    key: ClassVar[tuple[str, ...]] = ("annotation_id",)

    annotation_id: str = Field(description="xxh3-128 of what it says and of its sample, 32 hex digits.")
    sample_id: str = Field(description="The sample that it is of.")
    kind: str = Field(description="What was asked: `memorability`, `saliency_objects`, `saliency_regions`, or another.")
    value: float | None = Field(description="The value, as its source states it.")
    map: list[AnnotatedPart] = Field(description="Values of parts, in the order of the source.")
    annotators: int | None = Field(ge=1, description="How many people were asked.")
    licence: str | None = Field(description="The licence of the annotation, as its source states it.")
    matched_by: MatchedBy = Field(description="By what it was found to be of the sample.")
    source: str = Field(description="File that it came from, relative to the recipe's pattern.")
