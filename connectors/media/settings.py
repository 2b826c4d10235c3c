"""What the media stage measures, and how; every field decides the result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from blift.connectors.media.limits import Limits
from blift.schemas.media import HashKind, Media

#: Raised when the same settings give other values than before.
_REVISION = 5


class DecoderChoice(StrEnum):
    """Where video is decoded."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


class Access(StrEnum):
    """Which frames of a video are looked at."""

    EVERY = "every"  # all: scenes are cut where the picture changes
    SPARSE = "sparse"  # some a second: hashes and one keyframe, no cuts
    KEY = "key"  # those that are coded by themselves: the cheapest


@dataclass(frozen=True)
class MeasureConfig:
    """What is measured of a file.

    Attributes:
        limits: beyond which a file is refused.
        decoder: where video is decoded.
        access: which frames are looked at.
        working_side: longer side of the picture in which change is measured, pixels.
        threshold: mean change of hue, saturation, brightness and edges from which on there is a cut, 0..255.
        min_scene_frames: cuts are at least so many frames apart.
        samples_per_s: frames a second whose hash is kept.
        keyframe_side: longer side of a keyframe, pixels.
        keyframe_quality: of the keyframe's JPEG, 1..95.
        turned: keep the hashes of an image's flips and quarter turns, and the one that stays under any turn.
        loudness: measure loudness and silences of the audio.
        hashes: kinds of perceptual hashes that are kept of images and keyframes, beside `phash`.
        image_keyframes: write a keyframe of images too, for models that look at them.
        salience_model: path of an ONNX model of the U2-Net family that says what stands out.
    """

    limits: Limits = field(default_factory=Limits)
    decoder: DecoderChoice = DecoderChoice.AUTO
    access: Access = Access.EVERY
    working_side: int = 128
    threshold: float = 30.0
    min_scene_frames: int = 15
    samples_per_s: float = 2.0
    keyframe_side: int = 512
    keyframe_quality: int = 88
    turned: bool = True
    loudness: bool = True
    hashes: tuple[HashKind, ...] = ()
    image_keyframes: bool = False
    salience_model: str | None = None

    def digest(self) -> str:
        """Names the settings, the table's version and the revision of its values in the media store; 16 hex digits.

        Limits and the decoder are left out: they decide whether there is a row, not what is in it.
        """
        decides = {name: value for name, value in asdict(self).items() if name not in ("limits", "decoder")}
        content = json.dumps({"media": Media.version, "revision": _REVISION, **decides}, sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
