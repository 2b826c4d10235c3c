"""A video decoded on a device gives the row of a CPU: times to the millisecond, all else exactly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blift.connectors.media.nvidia import can_decode, has_device
from blift.connectors.media.pyav import facts_of
from blift.connectors.media.settings import Access, DecoderChoice, MeasureConfig
from blift.pipelines.stages.media.measure import measure
from tests.connectors.media.conftest import Render, clip, render  # noqa: F401 - fixtures
from tests.connectors.media.stand_in import stand_in

_CONFIG = MeasureConfig(decoder=DecoderChoice.GPU)


def compare(path: str) -> None:
    """Assert that a device and a CPU measure a file the same."""
    cpu, device = measure(path, _CONFIG), measure(path, _CONFIG, gpu=True)
    assert (cpu.row.pop("decoder"), device.row.pop("decoder")) == ("pyav", "pynvvideocodec")
    for name, value in cpu.row.items():
        assert _rounded(device.row[name]) == _rounded(value), (path, name)
    assert device.keyframes == cpu.keyframes, path


def _rounded(value: Any) -> Any:
    """Times in whole milliseconds, wherever they stand."""
    if isinstance(value, list):
        return [_rounded(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _rounded(entry) for name, entry in value.items()}
    return pytest.approx(value, abs=0.001) if isinstance(value, float) else value


@pytest.fixture
def scenes(render: Render) -> Path:  # noqa: F811
    """Four scenes, one of which moves, as phones store upright video: turned by 90 degrees."""
    plain = render(
        "device.mp4", "-f", "lavfi", "-i", "color=red:size=320x180:rate=25:duration=1",
        "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=25",
        "-f", "lavfi", "-i", "color=navy:size=320x180:rate=25:duration=1",
        "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2", "-filter_complex",
        "[1]trim=duration=2[m];[0][m][2][3]concat=n=4", "-c:v", "libx264", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    return render("device-turned.mp4", "-display_rotation", "90", "-i", str(plain), "-c", "copy")


@pytest.fixture
def full_range(render: Render) -> Path:  # noqa: F811
    return render(
        "device-full.mkv", "-f", "lavfi", "-i", "mandelbrot=size=320x180:rate=10", "-t", "2", "-pix_fmt", "yuvj420p",
        "-c:v", "libx264",
    )  # fmt: skip


@pytest.mark.parametrize("video", ["scenes", "clip", "full_range"])
def test_a_device_gives_the_row_of_a_cpu(
    video: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blift.connectors.media.nvidia.device", stand_in)
    compare(str(request.getfixturevalue(video)))


@pytest.mark.parametrize(
    ("choice", "lines", "access", "decoder"),
    [
        (DecoderChoice.AUTO, 1080, Access.EVERY, "pynvvideocodec"),
        (DecoderChoice.AUTO, 720, Access.EVERY, "pyav"),
        (DecoderChoice.AUTO, 1080, Access.SPARSE, "decord"),
        (DecoderChoice.AUTO, 1080, Access.KEY, "pyav"),
        (DecoderChoice.GPU, 720, Access.EVERY, "pynvvideocodec"),
        (DecoderChoice.GPU, 720, Access.SPARSE, "decord"),
    ],
)
def test_the_device_takes_what_pays_there(
    render: Render,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    choice: DecoderChoice,
    lines: int,
    access: Access,
    decoder: str,
) -> None:
    monkeypatch.setattr("blift.connectors.media.nvidia.device", stand_in)
    path = render(
        f"lines{lines}.mp4", "-f", "lavfi", "-i", f"testsrc2=size=640x{lines}:rate=5:duration=1", "-c:v", "libx264",
        "-preset", "ultrafast", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    config = replace(_CONFIG, decoder=choice, access=access)
    assert measure(str(path), config, gpu=True).row["decoder"] == decoder


def test_what_the_device_would_give_otherwise_is_decoded_on_the_cpu(
    render: Render,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("blift.connectors.media.nvidia.device", stand_in)
    path = render(
        "deep.mp4", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=5:duration=1", "-c:v", "libx264",
        "-pix_fmt", "yuv420p10le",
    )  # fmt: skip
    assert measure(str(path), _CONFIG, gpu=True).row["decoder"] == "pyav"


def compare_recorded(folder: Path) -> None:
    """Assert the same of every recorded video that a device decodes."""
    paths = sorted(path for path in folder.rglob("*.m*") if path.name != "corrupted.mp4")
    decoded = [str(path) for path in paths if can_decode(facts_of(str(path), _CONFIG.limits))]
    assert len(decoded) > 10
    for path in decoded:
        compare(path)


@pytest.mark.long
@pytest.mark.shared
def test_so_it_does_of_recorded_videos(shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blift.connectors.media.nvidia.device", stand_in)
    compare_recorded(shared_data / "media")


@pytest.mark.gpu
@pytest.mark.shared
def test_so_does_a_real_device(shared_data: Path) -> None:
    if not has_device():
        pytest.skip("no NVIDIA device, or the extra `gpu` is not installed")
    compare_recorded(shared_data / "media")
