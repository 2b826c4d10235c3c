"""Hashes of large JPEGs out of a quarter of their size: equal to imagehash's, or known to be uncertain.

    python -m benchmarks.jpeg_hashes --data FOLDER_OF_RECORDED_DATA --images 800

makes JPEGs of all kinds, sizes, qualities and subsamplings (photographs, captions on them, blobs, shapes, text on
white, line art, halftone, noise), and prints for each kind how many hashes are certain, how many of the certain ones
differ from imagehash's (none may), and how near the closest of those that differ came to being taken for certain. Then
the same of the recorded JPEGs.

    python -m benchmarks.jpeg_hashes --time

prints the CPU time of a hash, out of 32 x 32 pixels of luma, against that of imagehash.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import imagehash
import numpy as np
from PIL import Image, ImageDraw, ImageFile, ImageFilter, ImageOps

from blift.connectors.media.images import read_image
from blift.connectors.media.limits import Limits
from blift.transforms.media.hashes import look_at, phash, phash_turned
from blift.transforms.media.reduced import certainty, look_at_means

Paint = Callable[[np.random.Generator, tuple[int, int]], Image.Image]

_ORIENTATION = 0x0112


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with `media/`")
    parser.add_argument("--images", type=int, default=800, help="how many are made")
    parser.add_argument("--first", type=int, default=0, help="number of the first, for another set")
    parser.add_argument("--time", action="store_true", help="print the time of a hash, and nothing more")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.time:
        _times()
        return
    ImageFile.MAXBLOCK = 1 << 26
    recorded = [path for path in sorted((args.data / "media").rglob("*.jp*g")) if "corrupt" not in path.name]
    photo: Paint = partial(_photo, recorded) if recorded else _blobs
    kinds: dict[str, Paint] = {
        "photographs": photo,
        "captions on photographs": lambda rng, size: _caption(rng, photo(rng, size)),
        "blobs": _blobs,
        "shapes": _shapes,
        "text": _text,
        "line art": _lines,
        "halftone": _halftone,
        "noise": _noise,
    }
    print("| images | count | certain | of these, other than imagehash's | nearest that differs, of what is needed |")
    print("|---|--:|--:|--:|--:|")
    numbers = range(args.first, args.first + args.images)
    for place, (kind, paint) in enumerate(kinds.items()):
        _row(kind, (_made(paint, number) for number in numbers[place :: len(kinds)]))
    _row("recorded", (path.read_bytes() for path in recorded))


def _times(pictures: int = 200) -> None:
    """CPU time of a hash: the picture's alone, one of its eight turns, and imagehash's."""
    rng = np.random.default_rng(0)
    lumas = [Image.fromarray(rng.integers(0, 256, (32, 32), dtype=np.uint8)) for _ in range(pictures)]
    seen = [look_at(luma) for luma in lumas]
    ways: dict[str, Callable[[], object]] = {
        "a picture's hash": lambda: [phash(look) for look in seen],
        "one of a picture's eight turns": lambda: [phash_turned(look) for look in seen[::8]],
        "imagehash": lambda: [str(imagehash.phash(luma)) for luma in lumas],
    }
    for name, way in ways.items():
        best_s = min(timeit.repeat(way, number=1, repeat=15, timer=time.process_time))
        print(f"{name:<32}{best_s / pictures * 1e6:6.0f} us")


def _row(kind: str, files: Iterator[bytes]) -> None:
    count = certain = wrong = 0
    nearest = 0.0
    for content in files:
        with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
            file.write(content)
            file.flush()
            still = read_image(file.name, len(content), Limits())
        if still.block == 1:
            continue
        look = look_at_means(np.asarray(still.luma), still.block, still.margins)
        sure = certainty(look, still.rgb)
        with Image.open(io.BytesIO(content)) as image:
            differs = phash(look) != str(imagehash.phash(ImageOps.exif_transpose(image)))
        count, certain, wrong = count + 1, certain + (sure > 1), wrong + (sure > 1 and differs)
        nearest = max(nearest, sure) if differs else nearest
    print(f"| {kind} | {count} | {certain} | {wrong} | {nearest:.2f} |", flush=True)


def _made(paint: Paint, number: int) -> bytes:
    rng = np.random.default_rng(number)
    width = int(np.exp(rng.uniform(np.log(1280), np.log(3000))))
    height = int(np.clip(width * np.exp(rng.uniform(-0.9, 0.5)), 320, 3000))
    image = paint(rng, (width, height))
    if rng.random() < 0.1:
        image = image.convert("L")
    exif = Image.Exif()
    exif[_ORIENTATION] = int(rng.integers(1, 9))
    sink = io.BytesIO()
    subsampling = {} if image.mode == "L" else {"subsampling": int(rng.integers(0, 3))}
    quality, progressive = int(rng.integers(20, 98)), bool(rng.random() < 0.2)
    image.save(sink, "JPEG", quality=quality, progressive=progressive, exif=exif, **subsampling)
    return sink.getvalue()


def _photo(recorded: list[Path], rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    with Image.open(recorded[rng.integers(len(recorded))]) as image:
        share, left, top = rng.uniform(0.5, 1), rng.uniform(), rng.uniform()
        width, height = share * image.width, share * image.height
        corner = left * (image.width - width), top * (image.height - height)
        cut = image.convert("RGB").resize(size, box=(*corner, corner[0] + width, corner[1] + height))
    if rng.random() < 0.5:
        cut = cut.filter(ImageFilter.UnsharpMask(2, int(rng.integers(50, 250)), 0))
    return _grainy(rng, np.asarray(cut, dtype=np.float32))


def _blobs(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    mixed = np.zeros((size[1], size[0], 3), np.float32)
    for side, weight in ((3, 5), (6, 4), (12, 3), (24, 2), (96, 1)):
        coarse = Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
        mixed += np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), np.float32) * (weight / 15)
    return _grainy(rng, (mixed - 128) * rng.uniform(1, 2.5) + 128 + rng.uniform(-40, 40))


def _grainy(rng: np.random.Generator, picture: np.ndarray) -> Image.Image:
    grain = rng.choice([0, 0, 4, 10]) * rng.standard_normal(picture.shape, dtype=np.float32)
    return Image.fromarray(np.clip(picture + grain, 0, 255).astype(np.uint8))


def _caption(rng: np.random.Generator, image: Image.Image) -> Image.Image:
    words, size = "WHEN YOU SEE IT "[: int(rng.integers(4, 16))], image.width // 12
    for top in (5, image.height - size - 15):
        ImageDraw.Draw(image).text((10, top), words, fill="white", stroke_width=3, stroke_fill="black", font_size=size)
    return image


def _text(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    dark = rng.random() < 0.25
    image = Image.new("RGB", size, "black" if dark else "white")
    draw, top, points = ImageDraw.Draw(image), int(rng.integers(0, 20)), int(rng.integers(10, 60))
    while top < size[1]:
        words = "".join(rng.choice(list("abcdefgh ijklmnop qrstuvw "), int(rng.integers(1, 2 * size[0] // points))))
        ink = "white" if dark else tuple(int(level) for level in rng.integers(0, 120, 3))
        draw.text((int(rng.integers(0, 30)), top), words, fill=ink, font_size=points)
        top += int(points * rng.uniform(1.1, 2))
    return image


def _lines(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size, "white")
    for _ in range(int(rng.integers(5, 120))):
        corners = [tuple(int(number) for number in rng.integers((0, 0), size)) for _ in range(int(rng.integers(2, 5)))]
        ink = tuple(int(level) for level in rng.integers(0, 256, 3)) if rng.random() < 0.4 else "black"
        ImageDraw.Draw(image).line(corners, fill=ink, width=int(rng.integers(1, 6)))
    return image


def _shapes(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    def ink() -> tuple[int, ...]:
        return tuple(
            int(level) for level in (rng.choice([0, 255], 3) if rng.random() < 0.3 else rng.integers(0, 256, 3))
        )

    image = Image.new("RGB", size, ink())
    for place in range(int(rng.integers(1, 25))):
        (left, right), (top, bottom) = (sorted(rng.integers(0, side, 2).tolist()) for side in size)
        draw = ImageDraw.Draw(image)
        (draw.rectangle if place % 2 else draw.ellipse)((left, top, right, bottom), fill=ink())
    return image


def _halftone(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    down, across = np.mgrid[: size[1], : size[0]]
    screen = (across // (period := int(rng.integers(2, 17))) + down // period) % 2 * 128 + 64
    return Image.fromarray(((np.asarray(_blobs(rng, size).convert("L")) > screen) * 255).astype(np.uint8)).convert(
        "RGB"
    )


def _noise(rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


if __name__ == "__main__":
    main()
