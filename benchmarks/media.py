"""The media pass against decoding alone, and against one tool after the other.

`python -m benchmarks.media --data ../shared/data` measures CPU time, user and system of all threads, each in a process
of its own. Programs of Python take a clip of a second and 64 x 64 pixels first, and tell the time from there on:
neither start nor imports count, which a worker pays once for many files. What FFmpeg takes for that clip is off too.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import imageio_ffmpeg

_RUNS = 7
#: Lines of generated clips, and seconds of each.
_HEIGHTS, _SECONDS = (360, 720, 1080, 2160), 10


@dataclass(frozen=True)
class Cost:
    """CPU seconds, peak resident MB, and what the program says of its work."""

    cpu_s: float
    peak_mb: float
    said: dict[str, object]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with `media/`")
    parser.add_argument("--long", action="store_true", help="also a 2-hour video of 1080 lines (some 20 minutes)")
    parser.add_argument("--only", choices=("decoders", "images"), help="one table alone")
    parser.add_argument("--program", help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    parser.add_argument("--least", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.program:
        print(json.dumps(_told(args.program, args.file, args.least)))
        return
    with tempfile.TemporaryDirectory(prefix="blift-bench-") as folder:
        least = _least(Path(folder))
        if args.only != "images":
            _decoders(_recorded(args.data), least)
        if args.only != "decoders":
            _images(args.data)
        if args.only:
            return
        clips = [*_real(args.data), *(scaled_clip(Path(folder), args.data, height, _SECONDS) for height in _HEIGHTS)]
        _passes(clips, least)
        _memory(Path(folder), clips, hours=2 if args.long else 0)


def _told(program: str, file: str, least: str | None) -> dict[str, object]:
    """What a program says of a file, and what the file cost once the program had taken ``least``."""
    if least:
        PROGRAMS[program](least)
    started = time.process_time()
    said = PROGRAMS[program](file)
    return {"cpu_s": time.process_time() - started, **said}


def _passes(clips: Sequence[Path], least: Path) -> None:
    columns = ["clip", "frames", "blift, CPU s a minute", "frames/s", "over decoding alone", "the same, not compiled"]
    print(f"\n| {' | '.join([*columns, 'times faster than tool by tool'])} |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    for clip in clips:
        ours, floor, others, plain = best_in_turns(("blift", "ffmpeg", "tools", "libraries"), clip, least)
        frames, seconds = int(str(ours.said["frames"])), float(str(ours.said["duration_s"]))
        print(
            f"| {clip.name} | {frames} | {60 * ours.cpu_s / seconds:.2f} | {frames / ours.cpu_s:,.0f} | "
            f"{ours.cpu_s / floor.cpu_s:.2f} | {plain.cpu_s / floor.cpu_s:.2f} | {others.cpu_s / ours.cpu_s:.1f} |",
            flush=True,
        )


def _decoders(clips: Sequence[Path], least: Path) -> None:
    print("\n| clip | access | PyAV, CPU s | decord, CPU s |\n|---|---|--:|--:|")
    for clip in clips:
        for access in ("every", "sparse"):
            pyav, decord = best_in_turns((f"pyav-{access}", f"decord-{access}"), clip, least)
            print(f"| {clip.name} | {access} | {pyav.cpu_s:.2f} | {decord.cpu_s:.2f} |", flush=True)


def _images(data: Path) -> None:
    print("\n| images | program | CPU ms each | equal hashes |\n|---|---|--:|--:|")
    for size in ("4000x3000", "1600x1200", "640x480"):
        for program in ("hash", "row", "imagehash"):
            cost = run(f"images-{program}", Path(f"{data}:{size}"))
            said = cost.said
            each_ms = 1000 * float(str(said["cpu_s"])) / int(str(said["images"]))
            equal = said.get("equal", "")
            print(f"| {said['images']} of {size} | {program} | {each_ms:.1f} | {equal} |", flush=True)


def _memory(folder: Path, clips: Sequence[Path], hours: int) -> None:
    clip = next(clip for clip in clips if "1080" in clip.name)
    times = hours * 3600 // _SECONDS if hours else 18
    long = folder / "long.mp4"
    _ffmpeg("-stream_loop", str(times - 1), "-i", str(clip), "-c", "copy", str(long))
    cost = run("blift", long)
    minutes, frames = float(str(cost.said["duration_s"])) / 60, int(str(cost.said["frames"]))
    print(f"\n{minutes:.0f} minutes of 1080 lines: {cost.peak_mb:,.0f} MB, {frames / cost.cpu_s:.0f} frames/s")


def best_in_turns(programs: Sequence[str], clip: Path, least: Path) -> list[Cost]:
    """The cheapest run of each program, less what it costs on next to nothing; in turns, as a machine's pace varies."""
    costs: dict[str, list[Cost]] = {program: [] for program in programs}
    starts: list[float] = []
    for _ in range(_RUNS):
        for program in programs:
            cost = run(program, clip, least)
            if program == "ffmpeg":
                starts.append(run(program, least).cpu_s)
            else:
                cost = replace(cost, cpu_s=float(str(cost.said["cpu_s"])))
            costs[program].append(cost)
    cheapest = {program: min(found, key=_cpu_s) for program, found in costs.items()}
    if starts:
        cheapest["ffmpeg"] = replace(cheapest["ffmpeg"], cpu_s=cheapest["ffmpeg"].cpu_s - min(starts))
    return list(cheapest.values())


def _cpu_s(cost: Cost) -> float:
    return cost.cpu_s


def run(program: str, clip: Path, least: Path | None = None) -> Cost:
    """One run in a process of its own."""
    if program == "ffmpeg":
        command = [
            _program(),
            "-v",
            "error",
            "-threads",
            "1",
            "-i",
            str(clip),
            "-map",
            "0:v:0",
            "-map",
            "0:a:0?",
            "-f",
            "null",
            "-",
        ]
    else:
        command = [sys.executable, "-m", "benchmarks.media", "--program", program, "--file", str(clip)]
        command += ["--least", str(least)] if least else []
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # as the process that measures has it
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    said = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{program} failed on {clip}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(said) if said.strip() else {})


def _blift(file: str) -> dict[str, object]:
    from blift.connectors.media.settings import MeasureConfig
    from blift.pipelines.stages.media.child import settle
    from blift.pipelines.stages.media.measure import measure

    settle()
    row = measure(file, MeasureConfig()).row
    return {"frames": row["frames"], "duration_s": row["duration_s"], "scenes": len(row["scenes"])}


def _libraries(file: str) -> dict[str, object]:
    """The same as where no C compiler was there: OpenCV and Pillow in place of the compiled loops."""
    from blift.connectors.media import yuv
    from blift.transforms.media import change, lanczos

    for module in (yuv, change, lanczos):
        module.compiled = None  # type: ignore[attr-defined]
    return _blift(file)


def _tools(file: str) -> dict[str, object]:
    """Scenes by PySceneDetect, then keyframes and samples by a second decode, then imagehash."""
    import imagehash
    from PIL import Image
    from scenedetect import SceneManager, open_video
    from scenedetect.detectors import ContentDetector

    video = open_video(file, backend="pyav")
    manager = SceneManager()
    manager.add_detector(ContentDetector(threshold=30, weights=ContentDetector.Components(1, 1, 1, 1)))
    manager.detect_scenes(video)
    scenes = manager.get_scene_list() or [(video.base_timecode, video.base_timecode + video.frame_number)]
    middles = {(first.frame_num + stop.frame_num) // 2 for first, stop in scenes}
    second = open_video(file, backend="pyav")
    per_s, number, hashes = max(1, round(second.frame_rate)), 0, 0
    while (frame := second.read()) is not False:
        if number in middles:
            picture = Image.fromarray(frame[:, :, ::-1])
            picture.thumbnail((512, 512))
            picture.save(os.devnull, "JPEG", quality=88)
        if number % per_s == 0:
            imagehash.phash(Image.fromarray(frame[:, :, ::-1]))
            hashes += 1
        number += 1
    return {"frames": number, "scenes": len(scenes), "hashes": hashes}


def _decode(decoder: str, access: str) -> Callable[[str], dict[str, object]]:
    def decode(file: str) -> dict[str, object]:
        from blift.connectors.media.decord import DecordVideo
        from blift.connectors.media.limits import Limits
        from blift.connectors.media.pyav import PyAvVideo

        video = (PyAvVideo if decoder == "pyav" else DecordVideo)(file, Limits(), 128)
        step_s = video.claimed_s / 10
        frames = video.every_frame() if access == "every" else video.frames_at([step_s * place for place in range(10)])
        return {"frames": sum(1 for _ in frames)}

    return decode


def _of_images(program: str) -> Callable[[str], dict[str, object]]:
    def work(which: str) -> dict[str, object]:
        import io

        import cv2
        import imagehash
        import numpy as np
        from PIL import Image

        from blift.connectors.media.images import read_image
        from blift.connectors.media.limits import Limits
        from blift.connectors.media.settings import MeasureConfig
        from blift.pipelines.stages.media.measure import measure
        from blift.transforms.media.hashes import look_at, phash

        cv2.setNumThreads(1)
        data, size = which.rsplit(":", 1)
        width, height = (int(side) for side in size.split("x"))
        rng = np.random.default_rng(1)
        sources = [path for path in sorted(Path(data, "media").rglob("*.jp*g")) if "corrupt" not in path.name]
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for place in range(200 if width < 2000 else 60):
                with Image.open(sources[place % len(sources)]) as image:
                    share, left, top = rng.uniform(0.6, 1), rng.uniform(), rng.uniform()
                    box_width, box_height = share * image.width, share * image.height
                    corner = left * (image.width - box_width), top * (image.height - box_height)
                    part = image.convert("RGB").resize(
                        (width, height), box=(*corner, corner[0] + box_width, corner[1] + box_height)
                    )
                files.append(f"{folder}/{place}.jpg")
                part.save(files[-1], quality=int(rng.integers(60, 95)))
            expected = [str(imagehash.phash(Image.open(io.BytesIO(Path(file).read_bytes())))) for file in files]
            found = []
            started = time.process_time()
            for file in files:
                if program == "imagehash":
                    found.append(str(imagehash.phash(Image.open(file))))
                elif program == "row":
                    found.append(measure(file, MeasureConfig()).row["phash"])
                else:
                    found.append(phash(look_at(read_image(file, os.path.getsize(file), Limits()).luma)))
            spent = time.process_time() - started
        equal = sum(one == other for one, other in zip(found, expected, strict=True))
        return {"images": len(files), "cpu_s": spent, "equal": equal}

    return work


PROGRAMS: dict[str, Callable[[str], dict[str, object]]] = {
    "blift": _blift,
    "libraries": _libraries,
    "tools": _tools,
    **{
        f"{decoder}-{access}": _decode(decoder, access)
        for decoder in ("pyav", "decord")
        for access in ("every", "sparse")
    },
    **{f"images-{program}": _of_images(program) for program in ("hash", "row", "imagehash")},
}


def _real(data: Path) -> list[Path]:
    names = ["cosmos-curate/test_video_30s.mp4", "data-juicer/video3.mp4", "data-juicer/video4.mp4"]
    return [data / "media" / name for name in names if (data / "media" / name).exists()]


def _recorded(data: Path) -> list[Path]:
    """The recorded clips of which decoders are compared."""
    return [path for name in ("cosmos-curate", "data-juicer") for path in sorted((data / "media" / name).glob("*.mp4"))]


def _least(folder: Path) -> Path:
    """A second of next to nothing."""
    clip = folder / "least.mp4"
    _ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=10:duration=1", "-c:v", "libx264", str(clip))
    return clip


def scaled_clip(folder: Path, data: Path, height: int, seconds: int) -> Path:
    """A clip of so many lines: a recorded one scaled where there is one, with film grain, else a moving pattern."""
    real = data / "media" / "cosmos-curate" / "test_video_30s.mp4"
    source = ["-i", str(real)] if real.exists() else ["-f", "lavfi", "-i", "mandelbrot=size=640x360:rate=24"]
    clip, picture = folder / f"h264-{height}.mp4", f"scale=-2:{height}:flags=bicubic,noise=alls=6:allf=t"
    length, coded = (
        ("-t", str(seconds)),
        ("-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-pix_fmt", "yuv420p"),
    )
    _ffmpeg(*length, *source, *length, "-an", "-vf", picture, *coded, str(clip))
    return clip


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([_program(), "-v", "error", "-y", *arguments], check=True)


def _program() -> str:
    return str(imageio_ffmpeg.get_ffmpeg_exe())


if __name__ == "__main__":
    main()
