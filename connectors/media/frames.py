"""Decoded pictures, as every decoder gives them, and the interface of a decoder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blift.schemas.media import Decoder

Plane = NDArray[np.uint8]


@dataclass(frozen=True)
class VideoFacts:
    """What a container says of its pictures and its audio.

    Attributes:
        container: FFmpeg's name of the demuxer, its first word; or Pillow's format, in lower case.
        stored: width and height of the stored picture, pixels.
        shown: the same as shown: pixels made square, and turned.
        rotation: degrees clockwise by which the stored picture is turned to be shown: 0, 90, 180 or 270.
        mirrored: it is mirrored before it is turned.
        damage: what it says that cannot be, and what is taken in its place.
        first_s: when the first picture is shown, on the clock that its sound has too, seconds.
    """

    container: str
    video_codec: str
    audio_codec: str | None
    pixel_format: str | None
    stored: tuple[int, int]
    shown: tuple[int, int]
    rotation: int = 0
    mirrored: bool = False
    damage: str | None = None
    first_s: float = 0.0

    def of_first(self, rotation: int, first_s: float) -> VideoFacts:
        """The same, with what the first picture tells: degrees clockwise that it is turned by, and when it is shown."""
        width, height = self.shown
        shown = (height, width) if rotation % 180 else (width, height)
        return replace(self, shown=shown, rotation=rotation, first_s=first_s)


class Frame(Protocol):
    """One decoded picture."""

    @property
    def number(self) -> int:
        """Its number in the order of showing, 0 first."""

    @property
    def time_s(self) -> float:
        """When it is shown, seconds from the first."""

    @property
    def end_s(self) -> float:
        """When it ends, seconds from the first."""

    @property
    def full_range(self) -> bool:
        """Whether ``luma`` takes 0..255, not 16..235."""

    def small(self) -> Plane:
        """The stored picture at the working size, BGR, (height, width, 3)."""

    def luma(self) -> Plane:
        """Its luma at full size, as shown, (height, width)."""

    def picture(self, side: int) -> Plane:
        """The picture as shown, RGB, its longer side at most ``side`` pixels."""


class VideoFile(Protocol):
    """An open file of moving pictures. Frames come in the order of showing; a frame stays valid after the next."""

    @property
    def decoder(self) -> Decoder:
        """Which library decodes."""

    @property
    def facts(self) -> VideoFacts:
        """What the container says."""

    @property
    def claimed_s(self) -> float:
        """How long the container says that the video is, seconds; 0 where it does not."""

    @property
    def damage(self) -> str | None:
        """What could not be decoded; complete when all frames have been taken."""

    def every_frame(self) -> Iterator[Frame]:
        """All frames."""

    def frames_at(self, times_s: Sequence[float]) -> Iterator[Frame]:
        """The frames shown at some times, in seconds from the first frame, ascending; each at most once."""

    def key_frames(self) -> Iterator[Frame]:
        """The frames that are coded by themselves."""

    def close(self) -> None:
        """Let the file go."""


def working_size(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size at which change is measured: divided by the whole number that brings the longer side to ``longest``.

    It is the size of ``scenedetect.SceneManager`` with that number as its ``downscale``; pixels are picked, not blended
    (its ``interpolation`` NEAREST).
    """
    factor = max(1, round(max(size) / longest))
    return max(1, round(size[0] / factor)), max(1, round(size[1] / factor))


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    """``size`` scaled down, where it must, to a longer side of ``side`` pixels."""
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def turned(picture: Plane, rotation: int, *, mirrored: bool) -> Plane:
    """A stored picture as it is shown."""
    if mirrored:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(np.rot90(picture, -rotation // 90)) if rotation or mirrored else picture


@dataclass(frozen=True)
class ArrayFrame:
    """A picture that is in memory as RGB, (height, width, 3), as shown."""

    number: int
    time_s: float
    end_s: float
    rgb: Plane
    longest: int
    full_range = True

    def small(self) -> Plane:
        """The picture at the working size, BGR."""
        height, width = self.rgb.shape[:2]
        small = cv2.resize(self.rgb, working_size((width, height), self.longest), interpolation=cv2.INTER_NEAREST)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))

    def luma(self) -> Plane:
        """Its luma at full size."""
        return np.asarray(Image.fromarray(self.rgb).convert("L"))

    def picture(self, side: int) -> Plane:
        """The picture, its longer side at most ``side`` pixels."""
        height, width = self.rgb.shape[:2]
        return np.asarray(cv2.resize(self.rgb, fitted((width, height), side), interpolation=cv2.INTER_AREA))
