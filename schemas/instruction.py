"""The instruction tables: one instruction pair, in LLaVA's shape and as chat messages."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from blift.schemas.record import Part, Record
from blift.schemas.split import Split


class Turn(Part):
    """One turn in LLaVA's shape."""

    speaker: str = Field(serialization_alias="from", alias="from", description="`system`, `human` or `gpt`.")
    value: str = Field(description="What is said; `<image>` or `<video>` stands for the media.")


class ContentPart(Part):
    """One part of a chat message."""

    type: str = Field(description="`text`, `image` or `video`.")
    text: str | None = Field(description="The text of a text part.")


class Message(Part):
    """One chat message."""

    role: str = Field(description="`system`, `user` or `assistant`.")
    content: list[ContentPart] = Field(description="Text and media, in order.")


class Pair(Record):
    """What both shapes of an instruction pair begin with."""

    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str = Field(description="`<sample id>-<template>`.")
    sample_id: str = Field(description="The sample that it was made from.")
    template: str = Field(description="Name of the template.")
    template_version: str = Field(description="Version of the template.")
    split: Split = Field(description="train, validation or test.")


class Instruction(Pair):
    """An instruction pair in LLaVA's shape."""

    table: ClassVar[str] = "instruction"
    version: ClassVar[str] = "1.0.0"

    image: str | None = Field(description="Address of the image (the first one of a gallery).")
    video: str | None = Field(description="Address of the video.")
    conversations: list[Turn] = Field(description="The turns: system, human, gpt.")


class Chat(Pair):
    """The same pair as chat messages."""

    table: ClassVar[str] = "chat"
    version: ClassVar[str] = "1.0.0"

    images: list[str] = Field(description="Addresses of the images, in the order of the image parts.")
    videos: list[str] = Field(description="Addresses of the videos, in the order of the video parts.")
    messages: list[Message] = Field(description="The messages: system, user, assistant.")
