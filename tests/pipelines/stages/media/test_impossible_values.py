"""Containers that state what cannot be: pixels of no shape, a thousand frames in no time, days of one picture."""

import struct
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import Access, MeasureConfig
from blift.pipelines.stages.media.measure import measure
from blift.schemas.reasons import Reason
from tests.connectors.media.conftest import Render, render  # noqa: F401 - fixtures


@pytest.fixture
def film(render: Render) -> bytes:  # noqa: F811
    """An MP4 of 20 frames, 64 x 48, whose pixels are twice as wide as high."""
    path = render(
        "anamorphic.mp4", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=20:duration=1",
        "-vf", "setsar=2", "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", "-use_editlist", "0",
    )  # fmt: skip
    return path.read_bytes()


def with_pixels(film: bytes, width: int, height: int) -> bytes:
    """The same with another shape of its pixels in the box `pasp`."""
    start = film.index(b"pasp") + 4
    return film[:start] + struct.pack(">II", width, height) + film[start + 8 :]


def with_ticks(film: bytes, per_s: int) -> bytes:
    """The same with so many units of time in a second, in the box `mdhd`."""
    start = film.index(b"mdhd") + 4 + 12
    return film[:start] + struct.pack(">I", per_s) + film[start + 4 :]


def measured(folder: Path, content: bytes, access: Access = Access.EVERY) -> dict[str, Any]:
    path = folder / "film.mp4"
    path.write_bytes(content)
    return measure(str(path), MeasureConfig(access=access)).row


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize(("shape", "width"), [((2, 1), 128), ((1, 1), 64), ((1, 2), 32), ((10, 1), 640), ((1, 10), 6)])
def test_pixels_that_are_not_square_are_made_square(
    tmp_path: Path, film: bytes, access: Access, shape: tuple[int, int], width: int
) -> None:
    row = measured(tmp_path, with_pixels(film, *shape), access)
    assert (row["width"], row["height"], row["damage"]) == (width, 48, None)


@pytest.mark.parametrize("access", Access)
@pytest.mark.parametrize("shape", [(1, 11_862_017), (2**31 - 1, 1), (1, 2**31 - 1), (11, 1), (1, 11)])
def test_pixels_of_no_shape_are_taken_for_square_and_told(
    tmp_path: Path, film: bytes, access: Access, shape: tuple[int, int]
) -> None:
    row = measured(tmp_path, with_pixels(film, *shape), access)
    assert (row["width"], row["height"]) == (64, 48)
    assert row["damage"].endswith("are taken for square")


@pytest.mark.parametrize("shape", [(0, 0), (0, 1), (1, 0), (2**32 - 1, 2**32 - 1)])
def test_pixels_that_are_not_stated_have_some_size(tmp_path: Path, film: bytes, shape: tuple[int, int]) -> None:
    row = measured(tmp_path, with_pixels(film, *shape))
    assert row["width"] in (64, 128)
    assert row["height"] == 48


@pytest.mark.parametrize("per_s", [2**31 - 1, 1_000_000_000])
def test_frames_in_no_time_have_no_rate_and_are_told(tmp_path: Path, film: bytes, per_s: int) -> None:
    row = measured(tmp_path, with_ticks(film, per_s))
    assert (row["frames"], row["fps"]) == (20, None)
    assert row["damage"].startswith("20 frames in 0.0")
    assert row["damage"].endswith("s: their times cannot be right")
    assert all(0 <= scene["start_s"] <= scene["end_s"] for scene in row["scenes"])


@pytest.mark.parametrize("access", Access)
def test_pictures_that_are_shown_for_days_are_too_long(tmp_path: Path, film: bytes, access: Access) -> None:
    start = film.index(b"stts") + 4 + 8
    days = film[:start] + struct.pack(">II", 20, 2**31 - 1) + film[start + 8 :]
    with pytest.raises(Refused) as refused:
        measured(tmp_path, with_ticks(days, 1), access)
    assert refused.value.reason in (Reason.TOO_LONG, Reason.DAMAGED)


def test_the_file_of_the_fault_campaign(shared_data: Path) -> None:
    row = measure(str(shared_data / "cases" / "faults" / "18-width-zero-row" / "badrow.mp4"), MeasureConfig()).row
    assert (row["width"], row["height"]) == (128, 128)
    assert row["damage"] == "pixels of 1 x 11862017 are taken for square"
