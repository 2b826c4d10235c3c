"""What is said of the picture that stands for a scene, and the picture itself as a JPEG."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from blift.connectors.media.frames import Plane
from blift.connectors.media.salience import salience_of
from blift.connectors.media.settings import MeasureConfig
from blift.transforms.media.colours import colours


def describe(picture: Plane, config: MeasureConfig) -> dict[str, Any]:
    """Columns of a scene that its picture decides. ``picture``: RGB, (height, width, 3)."""
    salience = salience_of(picture, config.salience_model) if config.salience_model else None
    found = colours(picture, salience)
    return {
        "foreground_colours": found.foreground,
        "background_colours": found.background,
        "tone": found.tone,
        "tags": [],
    }


def jpeg(picture: Plane, config: MeasureConfig) -> bytes:
    """The picture as a JPEG, without metadata: the same bytes for the same pixels."""
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "JPEG", quality=config.keyframe_quality)
    return sink.getvalue()
