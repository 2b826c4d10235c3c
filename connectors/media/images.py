"""Images and animations through Pillow: named formats, within limits, turned as their EXIF data say."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from blift.connectors.media.frames import ArrayFrame, Plane, VideoFacts, turned
from blift.connectors.media.limits import Limits, Refused, check_length, check_picture
from blift.schemas.media import Decoder
from blift.schemas.reasons import Reason

#: Formats that may be opened; Pillow also knows some that run other programs or are no pictures of posts.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF")
_ANIMATED = frozenset({"GIF", "WEBP", "PNG", "AVIF"})
#: Degrees clockwise and mirroring of EXIF orientations (CIPA DC-008, 4.6.5.1).
_ORIENTATIONS = {
    1: (0, False),
    2: (0, True),
    3: (180, False),
    4: (180, True),
    5: (270, True),
    6: (90, False),
    7: (90, True),
    8: (270, False),
}
#: Only pictures of more pixels can be bombs.
_BOMB_PIXELS = 16_000_000
_DEFAULT_FRAME_S = 0.1
#: Stated lengths up to this are not meant, seconds.
_TOO_SHORT_S = 0.0105
#: What Pillow raises on broken files; AVIF and GIF raise more than it says.
_BROKEN = (OSError, EOFError, IndexError, RuntimeError, SyntaxError, TypeError, ValueError)
_WIDE_MODES = ("I", "I;16", "I;16L", "I;16B", "F")


@dataclass(frozen=True)
class Still:
    """A decoded image, as shown.

    Attributes:
        facts: its format and sizes.
        decoded: as stored.
        damage: what could not be decoded.
    """

    facts: VideoFacts
    decoded: Image.Image
    damage: str | None

    @cached_property
    def luma(self) -> Image.Image:
        """Mode ``L``, as ``imagehash`` converts it."""
        with _quiet():
            luma, facts = _narrow(self.decoded).convert("L"), self.facts
        if not (facts.rotation or facts.mirrored):
            return luma
        return Image.fromarray(turned(np.asarray(luma), facts.rotation, mirrored=facts.mirrored))

    @cached_property
    def rgb(self) -> Plane:
        """(height, width, 3), of that size; what is transparent is white."""
        with _quiet():
            return turned(_rgb(self.decoded), self.facts.rotation, mirrored=self.facts.mirrored)


def read_image(path: str, size_bytes: int, limits: Limits) -> Still:
    """Decode an image.

    Args:
        path: a local file.
        size_bytes: its size.
        limits: checked before pixels are allocated.

    Raises:
        Refused: it is no image, is too large, or nothing of it can be decoded.
    """
    with ExitStack() as files, _quiet():
        image = files.enter_context(_opened(path))
        _check(image, size_bytes, limits)
        facts = _facts(image)
        damage = _load(image, path)
        if damage:
            image = files.enter_context(_reopened(path))
        still = Still(facts, image, damage)
        if damage and not still.rgb.std():
            raise Refused(Reason.DAMAGED, damage)
        return still


def is_animated(path: str) -> bool:
    """An image file holds several pictures.

    Raises:
        Refused: it is no image.
    """
    with _opened(path) as image, _quiet():
        try:
            return image.format in _ANIMATED and getattr(image, "n_frames", 1) > 1
        except _BROKEN:
            return False  # its first picture may still be there


def _shown_s(image: Image.Image) -> float:
    """How long a browser shows the picture, seconds: those of up to 10 ms, as of old files, are shown for 100 ms."""
    stated_s = float(image.info.get("duration") or 0) / 1000.0
    return stated_s if stated_s > _TOO_SHORT_S else _DEFAULT_FRAME_S


class Animation:
    """An animated image, as a video without sound. ``longest``: of the working size, pixels."""

    decoder = Decoder.PILLOW

    def __init__(self, path: str, size_bytes: int, limits: Limits, longest: int) -> None:
        self._image, self._longest, self._limits = _opened(path), longest, limits
        self.damage: str | None = None
        try:
            _check(self._image, size_bytes, limits)
            self._frames: int = getattr(self._image, "n_frames", 1)
            check_length(self._frames, None, limits)
        except BaseException:
            self._image.close()
            raise
        self.facts = _facts(self._image)

    @property
    def claimed_s(self) -> float:
        """The format does not say."""
        return 0.0

    def every_frame(self) -> Iterator[ArrayFrame]:
        """All frames, in order."""
        time_s = 0.0
        for number in range(self._frames):
            try:
                self._image.seek(number)
                self._image.load()
            except _BROKEN as error:
                self.damage = f"{error} (at frame {number})".lower()
                break
            rgb = turned(_rgb(self._image), self.facts.rotation, mirrored=self.facts.mirrored)
            length_s = _shown_s(self._image)
            check_length(number + 1, time_s + length_s, self._limits)
            yield ArrayFrame(number, time_s, time_s + length_s, rgb, self._longest)
            time_s += length_s

    def frames_at(self, times_s: Sequence[float]) -> Iterator[ArrayFrame]:
        """The frames shown at some times, seconds."""
        wanted = sorted(times_s)
        for frame in self.every_frame():
            if any(frame.time_s <= time_s < frame.end_s for time_s in wanted):
                yield frame

    def key_frames(self) -> Iterator[ArrayFrame]:
        """The first frame: the others build on it."""
        for frame in self.every_frame():
            yield frame
            return

    def close(self) -> None:
        """Let the file go."""
        self._image.close()


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Pillow's warnings on odd metadata, which nobody reads here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _opened(path: str) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # ours is the check, with the recipe's limit
    Image.init()
    try:
        with _quiet():
            return Image.open(path, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise Refused(Reason.NOT_MEDIA, "no image format that is read here") from error
    except _BROKEN as error:
        raise Refused(Reason.DAMAGED, str(error).lower()) from error


def _reopened(path: str) -> Image.Image:
    """The image with what is missing left grey.

    Raises:
        Refused: nothing of it can be decoded.
    """
    image = _opened(path)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.load()
    except _BROKEN as error:
        image.close()
        raise Refused(Reason.DAMAGED, str(error).lower()) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    return image


def _load(image: Image.Image, path: str) -> str | None:
    try:
        image.load()
    except _BROKEN as error:
        return str(error).lower().replace(path, "the file")
    return None


def _check(image: Image.Image, size_bytes: int, limits: Limits) -> None:
    check_picture(*image.size, limits)
    pixels = image.size[0] * image.size[1]
    if pixels > _BOMB_PIXELS and pixels * 3 > limits.max_ratio * size_bytes:
        raise Refused(Reason.BOMB, f"{image.size[0]} x {image.size[1]} pixels in {size_bytes} bytes")


def _facts(image: Image.Image) -> VideoFacts:
    try:
        orientation: Any = image.getexif().get(ExifTags.Base.Orientation, 1)
    except _BROKEN:
        orientation = 1
    rotation, mirrored = _ORIENTATIONS.get(orientation, (0, False))
    name = (image.format or "").lower()
    facts = VideoFacts(name, name, None, image.mode, image.size, image.size, mirrored=mirrored)
    return facts.of_first(rotation, 0.0)


def _narrow(image: Image.Image) -> Image.Image:
    """Samples of 16 or 32 bits brought to 8, dark to bright as they are; Pillow's own conversion cuts them off."""
    if image.mode not in _WIDE_MODES:
        return image
    samples = np.asarray(image, dtype=np.float64)
    top = 65535.0 if image.mode.startswith("I;16") or samples.max(initial=0) > 255 else 255.0  # noqa: PLR2004
    return Image.fromarray(np.clip(samples * (255.0 / top), 0, 255).astype(np.uint8))


def _rgb(image: Image.Image) -> Plane:
    image = _narrow(image)
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(white, layered)
    return np.asarray(image.convert("RGB"))
