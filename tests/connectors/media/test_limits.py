"""What a file may cost: exactly as much as the limit is allowed, and the next pixel, frame or second is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from blift.connectors.media.images import read_image
from blift.connectors.media.limits import Limits, Refused, check_length, check_picture
from blift.schemas.reasons import Reason

_LIMITS = Limits(max_pixels=600, max_frames=10, max_duration_s=2.5)


def refusal(check: Callable[[], object]) -> tuple[Reason, str]:
    with pytest.raises(Refused) as caught:
        check()
    return caught.value.reason, caught.value.detail


def test_a_picture_may_have_as_many_pixels_as_allowed() -> None:
    check_picture(30, 20, _LIMITS)
    check_picture(1, 1, _LIMITS)
    assert refusal(lambda: check_picture(601, 1, _LIMITS)) == (
        Reason.TOO_MANY_PIXELS,
        "601 x 1 pixels; at most 600 in all",
    )


@pytest.mark.parametrize(("width", "height"), [(0, 5), (5, 0), (-1, -5), (-1, 5)])
def test_a_picture_without_pixels_is_none(width: int, height: int) -> None:
    assert refusal(lambda: check_picture(width, height, _LIMITS)) == (
        Reason.NO_PICTURES,
        f"{width} x {height} pixels",
    )


def test_a_video_may_be_as_long_as_allowed() -> None:
    check_length(10, 2.5, _LIMITS)
    check_length(10, None, _LIMITS)
    assert refusal(lambda: check_length(11, None, _LIMITS)) == (Reason.TOO_MANY_FRAMES, "more than 10 frames")
    assert refusal(lambda: check_length(10, 2.51, _LIMITS)) == (Reason.TOO_LONG, "2.5 s; at most 2.5 s")


def test_a_large_picture_may_unpack_to_as_many_times_its_bytes_as_allowed(tmp_path: Path) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (4_100, 4_100), "white").save(path)  # more than 16 million pixels
    # The size that the file is said to have, so that the ratio is exact: 4,100 x 4,100 x 3 bytes unpacked.
    unpacked = 4_100 * 4_100 * 3
    assert read_image(str(path), unpacked // 100, Limits(max_ratio=100)) is not None
    assert refusal(lambda: read_image(str(path), unpacked // 100 - 1, Limits(max_ratio=100)))[0] is Reason.BOMB


def test_a_small_picture_may_be_as_plain_as_it_likes(tmp_path: Path) -> None:
    path = tmp_path / "plain.png"
    Image.new("RGB", (400, 400), "white").save(path)
    assert read_image(str(path), 1, Limits(max_ratio=1)) is not None
