"""What models are asked for: of a vision endpoint, and of an ONNX file."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from blift.connectors.models.address import Address
from blift.connectors.models.allowance import Limits
from blift.connectors.models.prompt import PROMPT

#: Normalisation that most classifiers were trained with: mean and deviation of ImageNet, channels red, green, blue.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class EndpointConfig:
    """What to ask whom, and what it may cost.

    Attributes:
        address: where, with which key, how patiently.
        model: as the server names it.
        cache: folder of answers, local or on any filesystem that Beam knows.
        prompt: what is asked; how to answer is added to it.
        limits: of the run.
        concurrency: requests under way at a time, in each share of the limits.
        max_answer_tokens: tokens of one answer.
    """

    address: Address
    model: str
    cache: str
    prompt: str = PROMPT
    limits: Limits = field(default_factory=Limits)
    concurrency: int = 8
    max_answer_tokens: int = 600


class Scores(StrEnum):
    """What the model gives for each label, and so what is done to it."""

    SHARES = "shares"  # scores from 0 to 1: taken as they are
    LOGITS_OF_ONE = "logits_of_one"  # one label is right: softmax
    LOGITS_OF_MANY = "logits_of_many"  # each label by itself: sigmoid


@dataclass(frozen=True)
class TaggerConfig:
    """An ONNX file and how to use it.

    Attributes:
        model: path of the ONNX file.
        labels: path of a text file, a label a line, in the order of the model's scores.
        top: most tags of a picture.
        threshold: least score of a tag, 0 to 1.
        scores: what the model gives.
        size: height and width of its input, pixels, where the model leaves them open.
        mean: subtracted from each channel (0 to 1) ...
        std: ... which is then divided by this; the model's metadata, `mean` and `std` as JSON lists, go before both.
    """

    model: str
    labels: str
    top: int = 10
    threshold: float = 0.5
    scores: Scores = Scores.SHARES
    size: int | None = None
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
