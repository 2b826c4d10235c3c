"""Sections of a recipe on models that describe scenes and hear speech; all of it is off by default."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from blift.connectors.models.address import Address
from blift.connectors.models.allowance import Limits
from blift.connectors.models.config import IMAGENET_MEAN, IMAGENET_STD, EndpointConfig, Scores, TaggerConfig
from blift.connectors.models.prompt import PROMPT
from blift.connectors.models.speech import Device, SpeechConfig
from blift.schemas.section import Count, Section


class DescribeEndpoint(Section):
    """An OpenAI-compatible endpoint that gives captions, tags and text on screen, such as vLLM's."""

    url: str = Field(description="Its address up to and with the version: `http://localhost:8000/v1`.")
    model: str = Field(min_length=1, description="The model, as the endpoint names it.")
    key_env: str | None = Field(
        default=None, description="Environment variable, on the workers, that holds the key. Never the key itself."
    )
    prompt: str | None = Field(
        default=None,
        min_length=1,
        description="What is asked of a picture, instead of what blift asks. How to answer is added to it.",
    )
    max_requests: Annotated[int, Field(ge=0)] = Field(
        description="Requests of a run at most, retries included. Answers out of the cache cost none, but keep their "
        "place, so that a run done again describes the same scenes; raise it to go on.",
    )
    max_tokens: Count | None = Field(
        default=None,
        description="Tokens of a run at most, questions and answers, as the endpoint counts them. Null: no limit.",
    )
    concurrency: Count = Field(default=8, description="Requests under way at a time, for each of the workers.")
    workers: Count = Field(
        default=1,
        description="Parts into which keyframes and limits are divided; one worker at a time works through a part.",
    )
    timeout_s: float = Field(default=60.0, gt=0, description="Seconds that one try of a request may take.")

    @model_validator(mode="after")
    def _check_address(self) -> DescribeEndpoint:
        self._address()
        return self

    def _address(self) -> Address:
        return Address(self.url, self.key_env, self.timeout_s)

    def config(self, cache: str) -> EndpointConfig:
        """What the workers need to know; ``cache`` is the folder of answers."""
        return EndpointConfig(
            address=self._address(),
            model=self.model,
            cache=cache,
            prompt=self.prompt or PROMPT,
            limits=Limits(self.max_requests, self.max_tokens, self.workers),
            concurrency=self.concurrency,
        )


class DescribeTagger(Section):
    """An ONNX file that gives tags: a tagger or a classifier."""

    model: str = Field(description="Path of the ONNX file.")
    labels: str = Field(description="Path of a text file, a label a line, in the order of the model's scores.")
    top: Count = Field(default=10, description="Tags of a scene at most.")
    threshold: float = Field(default=0.5, ge=0, le=1, description="Least score of a tag.")
    scores: Scores = Field(
        default=Scores.SHARES,
        description="What the model gives: shares from 0 to 1, logits of which one is right (softmax), or logits of "
        "which many may be (sigmoid).",
    )
    size: Count | None = Field(
        default=None, description="Height and width of its pictures, pixels, where the file leaves them open."
    )
    mean: list[float] = Field(
        default=list(IMAGENET_MEAN),
        min_length=3,
        max_length=3,
        description="Subtracted from red, green and blue, 0 to 1. `mean` and `std` in the file's metadata go first.",
    )
    std: list[Annotated[float, Field(gt=0)]] = Field(
        default=list(IMAGENET_STD), min_length=3, max_length=3, description="What they are then divided by."
    )

    def config(self, model: str, labels: str) -> TaggerConfig:
        """What the workers need to know, with the paths resolved."""
        return TaggerConfig(
            model, labels, self.top, self.threshold, self.scores, self.size, tuple(self.mean), tuple(self.std)
        )


class Describe(Section):
    """Scenes described by models, through their keyframes."""

    endpoint: DescribeEndpoint | None = Field(default=None, description="Captions, tags and text on screen.")
    tagger: DescribeTagger | None = Field(default=None, description="Tags.")

    @model_validator(mode="after")
    def _name_a_model(self) -> Describe:
        if self.endpoint is None and self.tagger is None:
            raise ValueError("name `endpoint`, or `tagger`")
        return self


class Speech(Section):
    """Speech heard by a Whisper model, where there are no subtitles."""

    model: str = Field(description="Folder of a Whisper model, converted for CTranslate2. Nothing is downloaded.")
    language: str | None = Field(
        default=None, description="Language that is spoken, ISO 639-1. Null: the model finds out for each file."
    )
    device: Device = Field(default=Device.CPU, description="What the model runs on.")

    def config(self, model: str) -> SpeechConfig:
        """What the workers need to know, with the path resolved."""
        return SpeechConfig(model, self.language, self.device)
