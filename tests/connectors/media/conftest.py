"""Small clips, rendered once."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
import pytest

Render = Callable[..., Path]


@pytest.fixture(scope="session")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Renders a clip with FFmpeg's program: a name, and the program's arguments before it."""
    folder = tmp_path_factory.mktemp("clips")

    def run(name: str, *arguments: str) -> Path:
        path = folder / name
        if not path.exists():
            program = imageio_ffmpeg.get_ffmpeg_exe()
            subprocess.run([program, "-v", "error", "-y", *arguments, str(path)], check=True)
        return path

    return run


@pytest.fixture(scope="session")
def clip(render: Render) -> Path:
    """Two seconds of H.264 at 25 frames a second, 320 x 180, with a tone that falls silent after half of one."""
    return render(
        "clip.mp4",
        "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2",
        "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2,volume='if(lt(t,0.5),1,0)':eval=frame",
        "-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p", "-c:a", "aac", "-shortest",
    )  # fmt: skip
