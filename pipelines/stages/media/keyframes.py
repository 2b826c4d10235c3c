"""What is said of the picture that stands for a scene, and the picture itself as a JPEG."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from blift.connectors.media.frames import Plane
from blift.connectors.media.salience import salience_of
from blift.connectors.media.settings import MeasureConfig
from blift.transforms.media.colours import colours
from blift.transforms.media.sketches import sketch_of

#: Quality of the JPEG of a sketch: what it loses must be less than what tells two pictures apart.
_SKETCH_QUALITY = 88
#: No sketch has more pixels.
_MOST_PIXELS = 100_000


class Drawing(NamedTuple):
    """A sketch as it is kept: when its picture is shown, seconds, and a JPEG of its luma."""

    time_s: float
    jpeg: bytes


class GlimpseAt(NamedTuple):
    """When a frame is shown, seconds; the hash of all of it, and of what is inside its bars."""

    time_s: float
    whole: int
    inside: int | None


class Traits(NamedTuple):
    """What of a file, beside its row, is compared with others.

    Attributes:
        drawings: sketches of an image, or of the first pictures of a video that differ.
        marks: of an image.
        glimpses: of a video, many a second, in order.
    """

    drawings: list[Drawing]
    marks: list[int]
    glimpses: list[GlimpseAt]

    def columns(self) -> dict[str, Any]:
        """The same as columns of ``KEPT``."""
        return {
            "drawings": [drawing._asdict() for drawing in self.drawings],
            "marks": self.marks,
            "glimpses": [glimpse._asdict() for glimpse in self.glimpses],
        }


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
    return _coded(picture, config.keyframe_quality)


def drawn(luma: Plane, time_s: float = 0.0) -> Drawing:
    """The sketch of a picture as a JPEG, by which a file is compared with others. ``luma``: (height, width)."""
    return Drawing(time_s, _coded(sketch_of(luma), _SKETCH_QUALITY))


def read_drawing(drawing: Drawing) -> Plane:
    """The sketch as pixels: luma, (height, width).

    Raises:
        ValueError: it is no sketch; whoever handed over the store may have changed it.
    """
    try:
        with Image.open(io.BytesIO(drawing.jpeg), formats=("JPEG",)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise ValueError(picture.size)
            return np.asarray(picture.convert("L"))
    except (OSError, SyntaxError) as error:
        raise ValueError(str(error)) from error


def _coded(picture: Plane, quality: int) -> bytes:
    sink = io.BytesIO()
    Image.fromarray(picture).save(sink, "JPEG", quality=quality)
    return sink.getvalue()
