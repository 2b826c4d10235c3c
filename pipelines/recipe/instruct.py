"""The section `instruct` of a recipe: templates, splits, and the media of pairs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from blift.schemas.section import Section, Share
from blift.transforms.templates import TemplateFiles


class PairMedia(StrEnum):
    """Whether a pair needs the file of its media."""

    OPTIONAL = "optional"  # pairs without a file are in configurations of their own
    REQUIRED = "required"  # they are rejected


class FramesAt(StrEnum):
    """Which frames stand for a video."""

    EVEN = "even"  # evenly spaced over the video
    SCENES = "scenes"  # the keyframes of its scenes


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

    templates: TemplateFiles = Field(
        default=["full"],
        min_length=1,
        validate_default=True,
        description="Shipped templates by name; files of your own by path; or a folder, for all templates in it.",
    )
    splits: Splits = Field(default_factory=Splits, description="Shares of the splits.")
    media: PairMedia = Field(
        default=PairMedia.OPTIONAL,
        description="`required`: a pair whose media has no file is rejected (`no_file`). `optional`: it goes to the "
        "configurations `instructions_without_media` and `chat_without_media`. Without the section `media` no pair has "
        "a file: all name web addresses, and are in `instructions` and `chat`.",
    )
    min_comment_score: int | None = Field(
        default=0,
        description="Pairs show no comment with a lower score: what readers voted down is not popular. Comments whose "
        "score is unknown stay. Null shows all.",
    )
    frames: Annotated[int, Field(ge=1, le=256)] | None = Field(
        default=None,
        description="Frames that stand for a video, for trainers that take images only. Null: none are kept.",
    )
    frames_at: FramesAt = Field(
        default=FramesAt.EVEN,
        description="Which frames: `even`, the middles of equal parts of the video; `scenes`, keyframes of its scenes, "
        "evenly chosen where there are more.",
    )
