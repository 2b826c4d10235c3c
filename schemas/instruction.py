"""The instruction tables: one instruction pair, in LLaVA's shape and as chat messages."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Part, Record
from blift.schemas.split import Split


class Turn(Part):
    """One turn in LLaVA's shape."""

    speaker: str = Field(serialization_alias="from", alias="from", description="`human` or `gpt`.")
    value: str = Field(description="What is said; `<image>` or `<video>` stands for the media.")


class ContentPart(Part):
    """One part of a chat message."""

    type: str = Field(description="`text`, `image` or `video`.")
    text: str | None = Field(description="The text of a text part.")


class Message(Part):
    """One chat message."""

    role: str = Field(description="`system`, `user` or `assistant`.")
    content: list[ContentPart] = Field(description="Text and media, in order.")


class VideoFrame(Part):
    """A frame that stands for a video, for trainers that take no video."""

    time_s: float = Field(description="When it is shown, in seconds from the first frame.")
    image: str = Field(description="Its JPEG, relative to the dataset.")


class Pair(Record):
    """What both shapes of an instruction pair begin with."""

    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str = Field(description="`<sample id>-<template>`.")
    sample_id: str = Field(description="The sample that it was made from.")
    template: str = Field(description="Name of the template.")
    template_version: str = Field(description="Version of the template.")
    split: Split = Field(description="train, validation or test.")
    score_ratio: float | None = Field(
        description="Likes per view, else the net score, else likes, over the median of the training samples of the "
        "same subreddit or channel, month, and age when read; null where these are fewer than five.",
    )
    score_percentile: float | None = Field(
        ge=0, le=1, description="Share of these training samples with less, and half of those with the same, 0..1."
    )


class Instruction(Pair):
    """An instruction pair in LLaVA's shape."""

    table: ClassVar[str] = "instruction"
    version: ClassVar[str] = "2.0.0"

    image: str | None = Field(description="File of the image, relative to the dataset (the first one of a gallery).")
    video: str | None = Field(description="File of the video, relative to the dataset.")
    url: str | None = Field(description="Web address of the media (of the first image of a gallery).")
    system: str | None = Field(description="The system text. LLaVA's shape has no turn for it.")
    conversations: list[Turn] = Field(description="The turns: human, gpt.")


class Chat(Pair):
    """The same pair as chat messages."""

    table: ClassVar[str] = "chat"
    version: ClassVar[str] = "2.0.0"

    images: list[str] = Field(description="Files of the images, relative to the dataset, in the order of their parts.")
    videos: list[str] = Field(description="Files of the videos, relative to the dataset, in the order of their parts.")
    frames: list[VideoFrame] = Field(description="Frames of the video in order, where the recipe asks for them.")
    sha256: list[str] = Field(description="Digests of the files of the media, in their order.")
    urls: list[str] = Field(description="Web addresses of the media, in their order.")
    messages: list[Message] = Field(description="The messages: system, user, assistant.")
