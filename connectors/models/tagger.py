"""Tags by an ONNX file, a tagger or a classifier, as a model for RunInference."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from blift.connectors.models.config import Scores, TaggerConfig
from blift.connectors.models.optional import require
from blift.connectors.models.pictures import Answer, Outcome, Picture, PictureShare, answer_table, distinct, read_again
from blift.schemas.errors import InputError, RecipeError
from blift.schemas.regular_files import Unreadable, read_regular_file

_MAX_PIXELS = 100_000_000
#: An ONNX file cannot be larger.
_MAX_MODEL_BYTES = 2 << 30
_MAX_LABELS_BYTES = 32 << 20
_THREADS = min(8, os.cpu_count() or 1)
_DTYPES: dict[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(uint8)": np.uint8,
}
_CHANNELS = 3


@dataclass(frozen=True)
class _Input:
    """The model's input: its name, size in pixels, element type, normalisation, and whether channels come first."""

    name: str
    height: int
    width: int
    dtype: type[np.generic]
    channels_first: bool
    mean: np.ndarray
    std: np.ndarray


class OnnxTagger(ModelHandler[PictureShare, PredictionResult, "Tagger"]):
    """Tables of pictures to tables of answers: one row for each distinct picture, sorted by digest."""

    def __init__(self, config: TaggerConfig) -> None:
        super().__init__(min_batch_size=1, max_batch_size=1)
        self._config = config

    def load_model(self) -> Tagger:
        """The model in memory.

        Raises:
            RecipeError: onnxruntime is not installed, or the model and its labels cannot be used.
        """
        return Tagger(self._config)

    def run_inference(
        self, batch: Sequence[PictureShare], model: Tagger, _inference_args: Mapping[str, Any] | None = None
    ) -> Iterable[PredictionResult]:
        """Tag all pictures of every share."""
        for share in batch:
            asked = distinct(share[1])
            with ThreadPoolExecutor(_THREADS, "tag") as threads:
                answers = list(threads.map(model.answer, asked))
            yield PredictionResult(share, answer_table([digest for digest, _ in asked], answers))

    def get_num_bytes(self, batch: Sequence[PictureShare]) -> int:
        return sum(int(pictures.nbytes) for _, pictures in batch)

    def get_metrics_namespace(self) -> str:
        return "blift.tagger"


class Tagger:
    """A loaded model and its labels. Threads may use it together.

    Pictures go through it one at a time, on one thread each, so that a picture's scores do not depend on what is
    tagged beside it.

    Raises:
        RecipeError: onnxruntime is not installed, a file cannot be read, or they do not fit each other.
    """

    def __init__(self, config: TaggerConfig) -> None:
        self._config = config
        self._labels = _read_labels(config.labels)
        runtime = require("onnxruntime", "models", "A tagger")
        self._images = require("PIL.Image", "media", "A tagger")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            content = read_regular_file(Path(config.model), _MAX_MODEL_BYTES)
        except Unreadable as error:
            raise RecipeError(f"Cannot read the tagger's model {config.model}: {error}.") from error
        try:
            self._session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has an exception for each status and none for all
            raise RecipeError(
                f"{config.model} is no ONNX model that onnxruntime {runtime.__version__} reads "
                f"({_first_line(error)}). Name an .ONNX file as `model`."
            ) from error
        self._input = _read_input(self._session, config)

    def answer(self, asked: tuple[str, str]) -> Answer:
        """The tags of one ``(digest, path)``, best first; equal scores in the order of the labels.

        Raises:
            RecipeError: the model's scores do not fit the labels or the recipe.
        """
        digest, path = asked
        try:
            pixels = _pixels(read_again(path, digest), self._input, self._images)
        except InputError as error:
            return Answer(Outcome.UNREADABLE, str(error))
        try:
            given = np.asarray(self._session.run(None, {self._input.name: pixels})[0])
        except Exception as error:  # noqa: BLE001  # as above; one picture does not stop the run
            return Answer(Outcome.FAILED, f"the tagger failed: {_first_line(error)}")
        return Answer(Outcome.DESCRIBED, tags=self._tags(given))

    def _tags(self, given: np.ndarray) -> tuple[str, ...]:
        config = self._config
        if given.size != len(self._labels):
            raise RecipeError(
                f"{config.model} gives {given.size} scores and {config.labels} has {len(self._labels)} labels. Name "
                "the labels that belong to the model."
            )
        scores = _shares(given.astype(np.float64).ravel(), config.scores)
        if not np.all((scores >= 0) & (scores <= 1)):
            raise RecipeError(
                f"{config.model} gives scores outside 0 to 1. Set `scores` to {Scores.LOGITS_OF_ONE} or "
                f"{Scores.LOGITS_OF_MANY}, as the model was trained."
            )
        best = np.argsort(-scores, kind="stable")[: config.top]
        return tuple(self._labels[place] for place in best if scores[place] >= config.threshold)


def _shares(given: np.ndarray, scores: Scores) -> np.ndarray:
    if scores is Scores.LOGITS_OF_ONE:
        powers = np.exp(given - given.max())
        return np.asarray(powers / powers.sum())
    if scores is Scores.LOGITS_OF_MANY:
        return np.asarray(0.5 * (1 + np.tanh(given / 2)))
    return given


def _read_labels(path: str) -> list[str]:
    try:
        text = read_regular_file(Path(path), _MAX_LABELS_BYTES).decode("utf-8")
        labels = [line.strip() for line in text.splitlines()]
    except (Unreadable, UnicodeDecodeError) as error:
        raise RecipeError(f"Cannot read the tagger's labels {path}: {error}.") from error
    while labels and not labels[-1]:
        labels.pop()
    if not labels or not all(labels):
        raise RecipeError(f"{path} holds no labels, or an empty line among them. Write one label a line.")
    return labels


def _read_input(session: Any, config: TaggerConfig) -> _Input:
    """What the model says of its input, and the recipe where the model is silent."""
    first, *others = session.get_inputs()
    shape = list(first.shape)
    if others or len(shape) != 4 or first.type not in _DTYPES or _CHANNELS not in (shape[1], shape[3]):  # noqa: PLR2004
        raise RecipeError(
            f"{config.model} takes {first.type} {shape}{' and more' if others else ''}, which is no picture of "
            "3 channels. Name a model whose one input is a batch of pictures."
        )
    if shape[0] not in (1, None) and not isinstance(shape[0], str):
        raise RecipeError(f"{config.model} takes {shape[0]} pictures at once. Export it for one, or any number.")
    channels_first = shape[1] == _CHANNELS
    sizes = [side if isinstance(side, int) else config.size for side in (shape[2:] if channels_first else shape[1:3])]
    height, width = (side or 0 for side in sizes)
    if not height or not width:
        raise RecipeError(f"{config.model} leaves the size of its pictures open. Set `size`, in pixels.")
    told = session.get_modelmeta().custom_metadata_map
    mean, std = (_channels(told, name, getattr(config, name), config.model) for name in ("mean", "std"))
    return _Input(first.name, height, width, _DTYPES[first.type], channels_first, mean, std)


def _channels(told: Mapping[str, str], name: str, otherwise: Sequence[float], model: str) -> np.ndarray:
    try:
        values = np.asarray(json.loads(told[name]) if name in told else otherwise, dtype=np.float32)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise RecipeError(f"The metadata `{name}` of {model} is {told[name]!r}, no list of numbers.") from error
    if values.shape != (_CHANNELS,) or not np.isfinite(values).all() or (name == "std" and not values.all()):
        raise RecipeError(f"`{name}` of {model} is {values.tolist()}; it needs three numbers, no deviation of 0.")
    return values


def _pixels(picture: Picture, wanted: _Input, images: Any) -> np.ndarray:
    """The picture as the model takes it: scaled by Pillow's ``images`` without regard to shape, and normalised."""
    try:
        with images.open(io.BytesIO(picture.content)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise InputError(f"The picture has more than {_MAX_PIXELS} pixels.")
            scaled = image.convert("RGB").resize((wanted.width, wanted.height), images.Resampling.BILINEAR)
    except (OSError, SyntaxError, ValueError, images.DecompressionBombError) as error:
        raise InputError(f"The picture cannot be decoded: {error}.") from error
    pixels = np.asarray(scaled)
    if wanted.dtype is not np.uint8:
        pixels = ((pixels.astype(np.float32) / 255 - wanted.mean) / wanted.std).astype(wanted.dtype)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1) if wanted.channels_first else pixels)[np.newaxis]


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
