"""Made-up and recorded videos, what people make of them, and strangers that share an intro or a clip."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np

from benchmarks.media_variants import picture, smooth_picture

_SIZE = (320, 180)
_CODEC = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p")

#: Two lines of burnt-in text, of which one comes and goes.
_LINE = ",".join(
    f"drawbox=x=iw*{left}:y=ih*{top}:w=iw*{1 - 2 * left}:h=ih*0.05:color=white:t=fill{when}"
    for left, top, when in ((0.2, 0.82, ":enable='lt(mod(t,2),1)'"), (0.3, 0.89, ""))
)

#: What FFmpeg does to a video, and the ending of what it makes.
FILM_VARIANTS: dict[str, tuple[tuple[str, ...], str]] = {
    "remuxed": (("-c", "copy"), "mkv"),
    "recompressed, crf 36": ((*_CODEC, "-crf", "36"), "mp4"),
    "half size": (("-vf", "scale=160:-2", *_CODEC), "mp4"),
    "grey": (("-vf", "hue=s=0", *_CODEC), "mp4"),
    "letterbox": (("-vf", "pad=iw:ih+60:0:30", *_CODEC), "mp4"),
    "mirrored": (("-vf", "hflip", *_CODEC), "mp4"),
    "quarter turn": (("-vf", "transpose=1", *_CODEC), "mp4"),
    **{f"start cut by {cut} s": (("-ss", str(cut), *_CODEC), "mp4") for cut in (0.1, 0.25, 0.7, 1.3, 2.1, 3.0)},
    "end cut by 40 %": (("-t", "6", *_CODEC), "mp4"),
    "15 frames a second": (("-r", "15", *_CODEC), "mp4"),
    "GIF": (("-vf", "fps=10,scale=240:-2"), "gif"),
    "logo, 3 %": (("-vf", "drawbox=x=iw*0.78:y=ih*0.06:w=iw*0.19:h=ih*0.14:color=white:t=fill", *_CODEC), "mp4"),
    "subtitles": (("-vf", _LINE, *_CODEC), "mp4"),
}


def ffmpeg(*arguments: str) -> None:
    """Run FFmpeg.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments], check=True)


def recorded_films(folder: Path, data: Path) -> Iterator[Path]:
    """Ten seconds of each recorded clip that has as many, at 320 pixels."""
    for path in sorted((data / "media").rglob("*.mp4")):
        target = folder / f"recorded-{path.parent.name}-{path.stem}.mp4"
        if path.name == "test_clip_10s.mp4":  # a part of the long clip beside it
            continue
        try:
            ffmpeg("-t", "10", "-i", str(path), "-an", "-r", "25", "-vf", "scale=320:-2", *_CODEC, str(target))
        except subprocess.CalledProcessError:  # a broken file, kept for other tests
            continue
        yield target


def panned(folder: Path, seed: int) -> Path:
    """Ten seconds of a camera that moves over a wide picture."""
    picture(20_000 + seed).resize((1280, 960)).save(folder / "wide.png")
    target, speed = folder / f"pan{seed}.mp4", 20 + 35 * (seed % 3)
    move = f"crop=320:180:t*{speed}:t*{speed * 7 // 9}"
    ffmpeg("-loop", "1", "-t", "10", "-i", str(folder / "wide.png"), "-vf", move, "-r", "25", *_CODEC, str(target))
    return target


def cut_film(folder: Path, seed: int) -> Path:
    """Ten seconds of five scenes."""
    return film_of_scenes(folder / f"scenes{seed}.mp4", [30_000 + 10 * seed + scene for scene in range(5)], 2.0)


def still_film(folder: Path, seed: int) -> Path:
    """Ten seconds of one picture."""
    smooth_picture(40_000 + seed).resize(_SIZE).save(folder / "still.png")
    target = folder / f"still{seed}.mp4"
    ffmpeg("-loop", "1", "-t", "10", "-i", str(folder / "still.png"), "-r", "10", *_CODEC, str(target))
    return target


def short_film(folder: Path, seed: int) -> Path:
    """One second of a camera that moves."""
    target = folder / f"short{seed}.mp4"
    ffmpeg("-ss", "3", "-t", "1", "-i", str(panned(folder, 500 + seed)), *_CODEC, str(target))
    return target


def film_of_scenes(target: Path, seeds: Sequence[int], scene_s: float, fps: int = 10) -> Path:
    """A film of made-up pictures, each moving for some seconds."""
    arguments = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{_SIZE[0]}x{_SIZE[1]}", "-r", str(fps), "-i", "-"]
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *arguments, *_CODEC, str(target)]
    with subprocess.Popen(program, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for seed in seeds:
            wide = np.asarray(picture(seed).resize((_SIZE[0] + 60, _SIZE[1] + 40)))
            for frame in range(round(scene_s * fps)):
                left, top = min(60, 2 * frame), min(40, frame)
                process.stdin.write(np.ascontiguousarray(wide[top : top + _SIZE[1], left : left + _SIZE[0]]).tobytes())
    return target


def series(folder: Path, number: int) -> Iterator[Path]:
    """Three episodes with an intro of six seconds in common, half of each."""
    intro = [50_000 + 100 * number + scene for scene in range(3)]
    for episode in range(3):
        own = [50_010 + 100 * number + 10 * episode + scene for scene in range(3)]
        yield film_of_scenes(folder / f"series{number}-{episode}.mp4", [*intro, *own], 2.0)


def compilation(folder: Path, number: int) -> Iterator[Path]:
    """Four clips, and the film that shows them one after the other."""
    clips = [[80_000 + 100 * number + 10 * clip + scene for scene in range(3)] for clip in range(4)]
    for place, clip in enumerate(clips):
        yield film_of_scenes(folder / f"clip{number}-{place}.mp4", clip, 2.0)
    yield film_of_scenes(folder / f"compilation{number}.mp4", [scene for clip in clips for scene in clip], 2.0)
