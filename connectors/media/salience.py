"""What stands out of a picture, by a model that the recipe names: an ONNX file of the U2-Net family."""

from __future__ import annotations

import importlib
import os
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blift.connectors.media.frames import Plane
from blift.schemas.errors import RecipeError

#: Mean and standard deviation of ImageNet's RGB, with which these models were trained.
_MEAN, _DEVIATION = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
_SIDE = 320


@cache
def _session(model: str) -> Any:
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise RecipeError("`media.salience_model` needs the extra `models`. Install blift[models].") from error
    if not os.path.isfile(model):  # a pipe would be waited for
        raise RecipeError(f"`media.salience_model`: {model} is no file.")
    try:
        return runtime.InferenceSession(model, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's own errors have no class of their own in common
        raise RecipeError(f"`media.salience_model`: {model} is no ONNX model that can be loaded.") from error


def check_salience_model(model: str) -> None:
    """Load the model once before anything runs.

    Raises:
        RecipeError: it cannot be loaded, or does not take a picture of shape (1, 3, height, width).
    """
    inputs = _session(model).get_inputs()
    if len(inputs) != 1 or len(inputs[0].shape) != 4:  # noqa: PLR2004 - batch, colours, height, width
        raise RecipeError(f"`media.salience_model`: {model} does not take one picture of shape (1, 3, height, width).")


def salience_of(picture: Plane, model: str) -> NDArray[np.float32]:
    """How much each pixel stands out, 0..1, at the model's size. ``picture``: RGB, (height, width, 3)."""
    session = _session(model)
    entry = session.get_inputs()[0]
    height, width = (side if isinstance(side, int) else _SIDE for side in entry.shape[2:])
    scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) / max(1.0, float(picture.max()))
    tensor = ((scaled - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
    found = np.asarray(session.run(None, {entry.name: tensor})[0], dtype=np.float32).reshape(height, width)
    spread = float(found.max() - found.min())
    return (found - found.min()) / spread if spread else np.zeros_like(found)
