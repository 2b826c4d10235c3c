"""A device's decoder against the CPU's, by the lines of a video and by how many of its frames are looked at.

    python -m benchmarks.media_gpu --data FOLDER_OF_RECORDED_DATA

decodes one video at 360 to 2160 lines (a recorded one scaled, 20 s), once every frame, as the media pass does with the
small picture of each, and once ten frames spread over it; then the whole media pass with the device and without. It
prints frames a second of the clock, CPU seconds, and memory of the device. Without a device it says so and ends with 2.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from benchmarks.media import scaled_clip
from blift.connectors.media.decord import DecordVideo
from blift.connectors.media.frames import VideoFile
from blift.connectors.media.limits import Limits
from blift.connectors.media.nvidia import NvidiaVideo, device
from blift.connectors.media.pyav import PyAvVideo
from blift.connectors.media.settings import DecoderChoice, MeasureConfig
from blift.pipelines.stages.media.measure import measure
from blift.schemas.errors import RecipeError

_HEIGHTS, _SECONDS, _RUNS, _SPARSE = (360, 720, 1080, 2160), 20, 3, 10
_SIDE = MeasureConfig().working_side

Open = Callable[[str, Limits, int], VideoFile]


@dataclass(frozen=True)
class Cost:
    """What a run took: seconds of the clock, CPU seconds of all threads, frames that were looked at."""

    wall_s: float
    cpu_s: float
    frames: int

    def told(self) -> str:
        """Two cells of the table."""
        return f"{self.frames / self.wall_s:,.0f} | {self.cpu_s:.2f}"


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with `media/`")
    args = parser.parse_args()
    try:
        print(f"{_name()}, best of {_RUNS}\n")
    except RecipeError as error:
        print(f"benchmarks.media_gpu: {error}", file=sys.stderr)
        return 2
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory(prefix="blift-bench-") as folder:
        clips = {height: scaled_clip(Path(folder), args.data, height, _SECONDS) for height in _HEIGHTS}
        table(clips)
    return 0


def table(clips: dict[int, Path]) -> None:
    """Print what each access costs on the CPU and on the device, of clips by their lines."""
    print("| lines | looked at | CPU, frames/s | CPU s | device, frames/s | CPU s | device over CPU, frames/s |")
    print("|--:|---|--:|--:|--:|--:|--:|")
    for lines, clip in clips.items():
        rows = {
            "every frame": (_every(PyAvVideo, clip), _every(NvidiaVideo, clip)),
            f"{_SPARSE} frames": (_sparse(DecordVideo, clip), _sparse(NvidiaVideo, clip)),
            "the whole pass": (_whole(clip, gpu=False), _whole(clip, gpu=True)),
        }
        for name, (cpu, own) in rows.items():
            ratio = cpu.wall_s / own.wall_s
            print(f"| {lines} | {name} | {cpu.told()} | {own.told()} | {ratio:.2f} |", flush=True)


def _every(opened: Open, clip: Path) -> Cost:
    def look() -> int:
        video = opened(str(clip), Limits(), _SIDE)
        try:
            return sum(1 for frame in video.every_frame() if frame.small() is not None)
        finally:
            video.close()

    return _best(look)


def _sparse(opened: Open, clip: Path) -> Cost:
    def look() -> int:
        video = opened(str(clip), Limits(), _SIDE)
        try:
            times_s = [video.claimed_s / _SPARSE * place for place in range(_SPARSE)]
            return sum(1 for frame in video.frames_at(times_s) if frame.small() is not None)
        finally:
            video.close()

    return _best(look)


def _whole(clip: Path, *, gpu: bool) -> Cost:
    config = MeasureConfig(decoder=DecoderChoice.GPU)
    return _best(lambda: int(measure(str(clip), config, gpu=gpu).row["frames"]))


def _best(look: Callable[[], int]) -> Cost:
    look()  # what is loaded at the first use is not counted
    costs = []
    for _ in range(_RUNS):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        frames = look()
        costs.append(Cost(time.perf_counter() - wall_s, time.process_time() - cpu_s, frames))
    return min(costs, key=lambda cost: cost.wall_s)


def _name() -> str:
    """What the device calls itself.

    Raises:
        RecipeError: there is none.
    """
    own = device()
    return str(own.arrays.cuda.runtime.getDeviceProperties(own.number)["name"].decode())


if __name__ == "__main__":
    sys.exit(main())
