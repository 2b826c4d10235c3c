"""Pictures and clips for the demo corpus: coloured scenes with hard cuts, rendered from a seed."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
from PIL import ExifTags, Image, ImageDraw, ImageOps

_WIDTH, _HEIGHT, _FPS = 320, 180, 10
_SCENES, _SCENE_S = 4, 2
_PICTURES = 12
#: Pictures that say who took them and where, by their place, and how they are turned.
_ORIENTATIONS = {1: 6, 2: 3, 3: 8, 4: 1}
ARTIST = "Ada Lovelace"


def write_pictures(folder: Path, names: Sequence[str]) -> None:
    """Pictures under some of the names: different ones, one picture posted again in three ways, and broken files."""
    different, again, broken = names[:_PICTURES], names[_PICTURES : _PICTURES + 3], names[_PICTURES + 3 :]
    for place, name in enumerate(different):
        said: dict[str, Any] = {"exif": _photographed(_ORIENTATIONS[place])} if place in _ORIENTATIONS else {}
        _picture(place).save(folder / name, quality=90, **said)
    repeated = _picture(0)
    small, mirrored, boxed = (folder / name for name in again)
    repeated.resize((320, 180)).save(small, quality=40)
    ImageOps.mirror(repeated).save(mirrored, quality=80)
    ImageOps.expand(repeated, (0, 60), "black").save(boxed, quality=80)
    no_picture, torn, huge = (folder / name for name in broken[:3])
    no_picture.write_text("<html><body>This picture is gone.</body></html>\n", encoding="utf-8")
    torn.write_bytes(small.read_bytes()[:120])
    Image.new("L", (12_000, 12_000)).save(huge, "PNG")


def _photographed(orientation: int) -> Image.Exif:
    """What a telephone writes into a picture: who took it, where, and how it was held."""
    said = Image.Exif()
    said[ExifTags.Base.Artist], said[ExifTags.Base.Orientation] = ARTIST, orientation
    said.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (52.0, 31.0, 0.0)
    return said


def _picture(seed: int) -> Image.Image:
    """640 x 360 pixels with a few shapes, and a pattern that no other picture has."""
    rng = random.Random(f"picture {seed}")
    picture = _scene(rng, 0.5).resize((640, 360))
    draw = ImageDraw.Draw(picture)
    for _ in range(25):
        left, top, side = rng.randint(0, 560), rng.randint(0, 300), rng.randint(10, 80)
        draw.rectangle((left, top, left + side, top + side), fill=_colour(rng))
    return picture


def render_clip(path: Path, seed: int) -> int:
    """An H.264 clip of four scenes of two seconds; returns 1, or 0 where ffmpeg could not render it."""
    frames = bytearray()
    for scene in range(_SCENES):
        for frame in range(_SCENE_S * _FPS):
            picture = _scene(random.Random(f"clip {seed} {scene}"), frame / (_SCENE_S * _FPS))
            frames += np.asarray(picture, dtype=np.uint8).tobytes()
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y",
        "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{_WIDTH}x{_HEIGHT}", "-r", str(_FPS), "-i", "-",
        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-threads", "1", "-fflags", "+bitexact", "-flags", "+bitexact",
        str(path),
    ]  # fmt: skip
    done = subprocess.run(command, input=bytes(frames), check=False, capture_output=True)
    return int(done.returncode == 0)


def _scene(rng: random.Random, moment: float) -> Image.Image:
    """One frame: a sky, a ground, and a disc that moves from left to right as ``moment`` goes from 0 to 1."""
    picture = Image.new("RGB", (_WIDTH, _HEIGHT), _colour(rng))
    draw = ImageDraw.Draw(picture)
    horizon = rng.randint(90, 140)
    draw.rectangle((0, horizon, _WIDTH, _HEIGHT), fill=_colour(rng))
    radius, height = rng.randint(15, 35), rng.randint(40, 80)
    centre = int(radius + moment * (_WIDTH - 2 * radius))
    draw.ellipse((centre - radius, height - radius, centre + radius, height + radius), fill=_colour(rng))
    return picture


def _colour(rng: random.Random) -> tuple[int, int, int]:
    return rng.randint(0, 255), rng.randint(0, 255), rng.randint(0, 255)
