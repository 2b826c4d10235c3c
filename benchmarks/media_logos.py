"""Films behind one logo: how many variants are found, and how many films are wrongly joined, on many made-up films.

    python -m benchmarks.media_logos --films 40 --seed 0

Frames are drawn, painted over, pressed as JPEG and hashed, without a film being encoded: a hundred films take a minute.
Every film bears every mark, so that each pair of films has the same logo in the same place.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterable
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.media_duplicates import OPTIONS, Seen, clusters
from benchmarks.media_variants import picture
from blift.transforms.media.hashes import glimpse, part_hashes
from blift.transforms.media.looks import MEDIA_COLUMNS
from blift.transforms.media.same import evidence_of
from blift.transforms.media.sketches import sketch_of

_WIDTH, _HEIGHT, _SECONDS, _PER_S = 320, 180, 10, 2
_GLIMPSES_PER_S = 12
#: Left, top, right, bottom and level of what is painted over every frame.
_MARKS: dict[str, tuple[int, int, int, int, int] | None] = {
    "original": None,
    "quality 30": None,
    "start cut off": None,
    "logo, 1 %": (274, 8, 309, 23, 230),
    "3 %": (250, 10, 309, 34, 255),
    "5 %": (8, 8, 87, 43, 255),
    "5 %, dark": (232, 136, 311, 171, 0),
    "8 %": (8, 8, 107, 53, 255),
    "12 %": (190, 100, 309, 157, 255),
    "2 %, at an edge": (280, 70, 315, 101, 255),
    "ticker, 8 %": (0, 160, 319, 173, 255),
    "ticker, 15 %": (0, 148, 319, 174, 0),
}
_QUALITY, _START_S = {"quality 30": 30}, {"start cut off": 2.3}

#: The frame at a time in seconds, luma.
Film = Callable[[float], np.ndarray]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=40, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the films")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"| films | {' | '.join([*_MARKS][1:])} | pairs wrongly together |\n|---|" + "--:|" * len(_MARKS))
    for name, make in _KINDS.items():
        films = {
            f"{name} {seed}/{mark}": _measured(make(np.random.default_rng(seed), 9_000_000 + 50 * seed), mark)
            for seed in range(args.seed, args.seed + args.films)
            for mark in _MARKS
        }
        _print_row(f"{args.films} {name}", clusters(films), films)


def _moving(rng: np.random.Generator, first: int) -> Film:
    """A picture along which the camera moves, up to 95 pixels a second."""
    wide, speed, angle, start = _wide(first), rng.uniform(15, 95), rng.uniform(0, np.pi / 2), rng.uniform(0, 60, 2)
    across, down = speed * np.cos(angle), 0.75 * speed * np.sin(angle)
    return lambda time_s: _window(wide, start[0] + time_s * across, start[1] + time_s * down)


def _cut(rng: np.random.Generator, first: int) -> Film:
    """Scenes of 1.2 to 4 seconds out of six pictures, with a slow camera."""
    ends = np.cumsum(rng.uniform(1.2, 4, 12))
    wide = [_wide(first + number) for number in range(6)]
    starts, speeds = rng.uniform(0, 500, (12, 2)), rng.uniform(0, 40, (12, 2))

    def frame(time_s: float) -> np.ndarray:
        scene = int(np.searchsorted(ends, time_s))
        left, top = starts[scene] + speeds[scene] * (time_s - (ends[scene - 1] if scene else 0.0))
        return _window(wide[scene % 6], left, top)

    return frame


def _still(rng: np.random.Generator, first: int) -> Film:
    """A picture that stands still, with something that moves in it."""
    ground = np.asarray(Image.fromarray(_wide(first)).resize((_WIDTH, _HEIGHT)))
    moving, phase = _wide(first + 1)[:70, :70], rng.uniform(0, 1, 4)

    def frame(time_s: float) -> np.ndarray:
        left, top = 0.5 + 0.5 * np.sin(6.3 * (phase[:2] + 0.3 * time_s * phase[2:]))
        shown, column, line = ground.copy(), int((_WIDTH - 70) * left), int((_HEIGHT - 70) * top)
        shown[line : line + 70, column : column + 70] = moving
        return shown

    return frame


_KINDS = {"moving": _moving, "cut": _cut, "still": _still}


def _wide(seed: int) -> np.ndarray:
    return np.asarray(picture(seed).resize((1280, 960)).convert("L"))


def _window(wide: np.ndarray, left: float, top: float) -> np.ndarray:
    return np.ascontiguousarray(wide[int(top) : int(top) + _HEIGHT, int(left) : int(left) + _WIDTH])


def _measured(film: Film, mark: str) -> Seen:
    """What measuring the film with a mark would give."""
    glimpses: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    start_s = _START_S.get(mark, 0.0)
    for tick in range(int((_SECONDS - start_s) * _GLIMPSES_PER_S)):
        time_s = tick / _GLIMPSES_PER_S
        luma = _pressed(film(start_s + time_s), mark)
        seen = glimpse(np.ascontiguousarray(luma[::2, ::2]))
        glimpses += [{"time_s": time_s, "whole": seen.whole, "inside": seen.inside}] if seen else []
        if tick % (_GLIMPSES_PER_S // _PER_S) == 0:
            at = {"time_s": time_s, "phash_unboxed": None}
            parts += [{**at, "part": part.value, "phash": own} for part, own in part_hashes(luma).items()]
    row: dict[str, Any] = {"form": "video", "phash_turned": [], "phash_unboxed": [], "marks": []}
    row |= {"glimpses": glimpses, "part_hashes": parts, "duration_s": _SECONDS - start_s, "loudness_lufs": None}
    drawn = [(0.0, sketch_of(_pressed(film(start_s), mark)))]
    looked_at = {name: row.get(name) for name in MEDIA_COLUMNS if name != "sha256"}
    return Seen(looked_at, evidence_of(row, drawn, OPTIONS), _WIDTH * _HEIGHT)


def _pressed(frame: np.ndarray, mark: str) -> np.ndarray:
    image, painted, file = Image.fromarray(frame), _MARKS[mark], io.BytesIO()
    if painted:
        ImageDraw.Draw(image).rectangle(painted[:4], fill=painted[4])
    image.save(file, "JPEG", quality=_QUALITY.get(mark, 60))
    return np.asarray(Image.open(file).convert("L"))


def _print_row(label: str, component: dict[str, str], rows: Iterable[str]) -> None:
    """Of how many films each variant is found, and how many pairs of films are in one cluster."""
    films = sorted({name.split("/")[0] for name in rows})
    found = [
        sum(component.get(f"{film}/{mark}", "-") == component.get(f"{film}/original") for film in films)
        for mark in [*_MARKS][1:]
    ]
    held: dict[str, set[str]] = {}
    for name, own in component.items():
        held.setdefault(own, set()).add(name.split("/")[0])
    wrong = sum(len(members) * (len(members) - 1) // 2 for members in held.values())
    print(f"| {label} | {' | '.join(map(str, found))} | {wrong} |", flush=True)


if __name__ == "__main__":
    main()
