"""What a file of media may cost before it is refused, and how a refusal is said."""

from __future__ import annotations

from dataclasses import dataclass

from blift.schemas.reasons import Reason


@dataclass(frozen=True)
class Limits:
    """Bounds on one file; all are checked on what the file claims before anything of that size is allocated.

    Attributes:
        max_bytes: of the file.
        max_pixels: of one picture.
        max_frames: of a video or an animation.
        max_duration_s: of a video, in seconds.
        max_ratio: bytes of one unpacked picture, as RGB, over those of the file; images above are bombs.
        timeout_s: that one file may take, in seconds.
        memory_bytes: that the decoding process may take.
    """

    max_bytes: int = 20 << 30
    max_pixels: int = 100_000_000
    max_frames: int = 2_000_000
    max_duration_s: float = 12 * 3600.0
    max_ratio: float = 2000.0
    timeout_s: float = 3600.0
    memory_bytes: int = 4 << 30


class Refused(Exception):
    """A file that gives no row.

    Attributes:
        reason: why, as the reject table says it.
        detail: what was found.
    """

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


def check_picture(width: int, height: int, limits: Limits) -> None:
    """Check the size that a file claims for its pictures.

    Raises:
        Refused: more pixels than allowed, or none.
    """
    if width <= 0 or height <= 0:
        raise Refused(Reason.NO_PICTURES, f"{width} x {height} pixels")
    if width * height > limits.max_pixels:
        raise Refused(Reason.TOO_MANY_PIXELS, f"{width} x {height} pixels; at most {limits.max_pixels} in all")


def check_length(frames: int, duration_s: float | None, limits: Limits) -> None:
    """Check the length that a file claims, or that was decoded so far.

    Raises:
        Refused: more frames or a longer duration than allowed.
    """
    if frames > limits.max_frames:
        raise Refused(Reason.TOO_MANY_FRAMES, f"more than {limits.max_frames} frames")
    if duration_s is not None and duration_s > limits.max_duration_s:
        raise Refused(Reason.TOO_LONG, f"{duration_s:.1f} s; at most {limits.max_duration_s:g} s")
