"""Near-duplicate media: the search of hashes by size, and what is found among strangers.

    python -m benchmarks.media_duplicates --data FOLDER_OF_RECORDED_DATA

prints CPU time and memory of the search from 100,000 to 1,000,000 hashes (against comparing all with all), recall for
each kind of variant of images and videos among strangers, and whether the recorded near-duplicates fall into their
groups.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import combinations, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import imageio_ffmpeg
import numpy as np
import polars as pl
import pyarrow as pa
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from benchmarks.media_variants import picture
from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import MeasureConfig
from blift.pipelines.stages.media.measure import measure
from blift.schemas.media import FramePart
from blift.schemas.registry import SCHEMAS
from blift.transforms.media.clusters import connected
from blift.transforms.media.hamming import similar_pairs
from blift.transforms.media.hashes import part_hashes
from blift.transforms.media.looks import MEDIA_COLUMNS, DuplicateOptions, kinds, looks
from blift.transforms.media.pairs import image_links, video_links, video_matches

_DISTANCE = 8
_IMAGES, _VIDEOS, _STRANGE_VIDEOS = 100, 24, 300
#: Pictures that one seed of the benchmark may have.
_SEEDS = 1_000_000
_MEDIA = pa.schema([SCHEMAS["media"].field(name) for name in MEDIA_COLUMNS])

#: Hash of a picture, and of its parts.
Sample = tuple[str, dict[FramePart, str]]
Variant = Callable[[Image.Image], Image.Image]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with `media/`")
    parser.add_argument("--distractors", type=int, default=5_000, help="pictures of strangers")
    parser.add_argument("--seed", type=int, default=0, help="of the made-up pictures and films")
    args = parser.parse_args()
    first = args.seed * _SEEDS
    cv2.setNumThreads(1)
    _search_table()
    with tempfile.TemporaryDirectory(prefix="blift-bench-") as folder:
        strangers = _image_table(Path(folder), args.distractors, first)
        _video_table(Path(folder), args.data, strangers, first)
    _recorded(args.data)


def _search_table() -> None:
    print("| hashes | program | CPU s | peak MB | pairs found |\n|--:|---|--:|--:|--:|")
    for count in (30_000, 100_000, 300_000, 1_000_000):
        for program in (_by_blocks, _all_with_all) if count == 30_000 else (_by_blocks,):
            with ProcessPoolExecutor(1, get_context("spawn")) as one:
                cpu_s, peak_mb, found = one.submit(program, count).result()
            name = program.__name__.strip("_").replace("_", " ")
            print(f"| {count:,} | {name} | {cpu_s:.1f} | {peak_mb:,.0f} | {found:,} |", flush=True)


def _hashes(count: int) -> np.ndarray:
    """Random hashes, a hundredth of them up to 8 bits away from another."""
    rng = np.random.default_rng(count)
    hashes = rng.integers(0, 1 << 63, count, dtype=np.uint64)
    planted = count // 100
    flips = np.zeros(planted, dtype=np.uint64)
    for _ in range(_DISTANCE):
        flips |= np.uint64(1) << rng.integers(0, 64, planted).astype(np.uint64)
    hashes[planted : 2 * planted] = hashes[:planted] ^ flips
    return np.unique(hashes)


def _by_blocks(count: int) -> tuple[float, float, int]:
    hashes = _hashes(count)
    asking = np.ones(len(hashes), dtype=bool)
    started, found = time.process_time(), 0
    for place in range(_DISTANCE + 1):
        found += sum(len(left) for left, _ in similar_pairs(hashes, asking, _DISTANCE, place))
    return time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found


def _all_with_all(count: int) -> tuple[float, float, int]:
    hashes = _hashes(count)
    started, found = time.process_time(), 0
    for place in range(len(hashes) - 1):
        found += int((np.bitwise_count(hashes[place + 1 :] ^ hashes[place]) <= _DISTANCE).sum())
    return time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, found


def _logo(image: Image.Image) -> Image.Image:
    marked = image.copy()
    ImageDraw.Draw(marked).rectangle((image.width - 70, 10, image.width - 10, 40), fill="white", outline="black")
    return marked


def _text(image: Image.Image) -> Image.Image:
    marked = image.copy()
    ImageDraw.Draw(marked).text((40, image.height - 60), "when you see it", fill="white", font_size=36)
    return marked


def _crop(image: Image.Image) -> Image.Image:
    return image.crop((image.width // 40, image.height // 40, image.width * 39 // 40, image.height * 39 // 40))


VARIANTS: dict[str, Variant] = {
    "recompressed, quality 30": lambda image: image,
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "grey": lambda image: image.convert("L"),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.25),
    "logo": _logo,
    "text": _text,
    "5 % cropped": _crop,
    "letterbox": lambda image: ImageOps.expand(image, (0, 50), "black"),
    "mirrored": ImageOps.mirror,
    "quarter turn": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "turned by 20 degrees": lambda image: image.rotate(20, Image.Resampling.BICUBIC),
}


def _image_table(folder: Path, distractors: int, first: int) -> list[Sample]:
    """Recall and precision of images; gives strangers as samples of videos."""
    rows: list[dict[str, Any]] = []
    for seed in range(_IMAGES):
        original = picture(first + seed)
        rows.append(_row(original, folder, f"{seed}/original", 90))
        rows += [
            _row(variant(original), folder, f"{seed}/{name}", 30 if "quality" in name else 80)
            for name, variant in VARIANTS.items()
        ]
    strangers: list[Sample] = []
    for seed in range(distractors):
        stranger = picture(first + 10_000 + seed)
        rows.append(_row(stranger, folder, f"stranger{seed}/alone", 80))
        strangers.append((rows[-1]["phash"], part_hashes(np.asarray(stranger.convert("L")))))
    print(
        "\n| distance, ring distance | " + " | ".join(VARIANTS) + " | originals wrongly together | clean clusters % |"
    )
    print("|---|" + "--:|" * (len(VARIANTS) + 2))
    for distance, ring in ((6, 3), (6, 6), (8, 6), (10, 6)):
        options = DuplicateOptions(distance=distance, ring_distance=ring)
        _print_row(f"{distance}, {ring}", clusters(rows, options), list(VARIANTS))
    return strangers


def _row(image: Image.Image, folder: Path, name: str, quality: int) -> dict[str, Any]:
    path = folder / "image.jpg"
    image.convert("RGB").save(path, quality=quality)
    return measure(str(path), MeasureConfig()).row | {"sha256": name}


def clusters(rows: Sequence[dict[str, Any]], options: DuplicateOptions) -> dict[str, str]:
    """The component of every file that has one."""
    table = pa.Table.from_pylist([{name: row.get(name) for name in MEDIA_COLUMNS} for row in rows], _MEDIA)
    links: list[pl.DataFrame] = []
    matches: list[pl.DataFrame] = []
    for kind, some in kinds(pl.DataFrame(looks(pl.DataFrame(table), options))):
        distance = options.distance_of(kind)
        places = range(distance + 1)
        if kind.moves:
            matches += [pl.DataFrame(video_matches(some, distance, options.common, place).matches) for place in places]
        else:
            links += [pl.DataFrame(image_links(some, kind, options, place)) for place in places]
    if matches:
        links.append(pl.DataFrame(video_links(pl.concat(matches), options)))
    found = connected(pl.concat(links)).to_pydict()
    return dict(zip(found["sha256"], found["component"], strict=True))


def _print_row(label: str, component: dict[str, str], variants: Sequence[str]) -> None:
    """Recall of every variant: in the cluster of its original. Precision: clusters that hold one original alone."""
    originals = sorted({name.split("/")[0] for name in component if not name.startswith("stranger")})
    count = _VIDEOS if originals and originals[0].startswith("video") else _IMAGES
    recall = []
    for variant in variants:
        hits = sum(
            component.get(f"{original}/{variant}", "-") == component.get(f"{original}/original")
            for original in originals
        )
        recall.append(f"{100 * hits / count:.0f}")
    merged: set[tuple[str, str]] = set()
    by_component: dict[str, set[str]] = {}
    for name, own in component.items():
        by_component.setdefault(own, set()).add(name.split("/")[0])
    for members in by_component.values():
        merged |= {(one, other) for one, other in combinations(sorted(members), 2)}
    right = sum(len(members) == 1 for members in by_component.values())
    precision = 100 * right / max(1, len(by_component))
    print(f"| {label} | {' | '.join(recall)} | {len(merged)} | {precision:.1f} |", flush=True)


FILTERS: dict[str, tuple[str, ...]] = {
    "recompressed, crf 36": ("-crf", "36"),
    "half size": ("-vf", "scale=160:-2"),
    "start cut off": ("-ss", "2.3"),
    "end cut off": ("-t", "7.1"),
    "logo, 1 % of the picture": ("-vf", "drawbox=x=274:y=8:w=36:h=16:color=white@0.8:t=fill"),
    "logo, 3 %": ("-vf", "drawbox=x=250:y=10:w=60:h=25:color=white:t=fill"),
    "logo, 5 %, other corner": ("-vf", "drawbox=x=8:y=8:w=80:h=36:color=white:t=fill"),
    "logo, 2 %, at an edge": ("-vf", "drawbox=x=280:y=70:w=36:h=32:color=white:t=fill"),
    "ticker, 8 %": ("-vf", "drawbox=x=0:y=160:w=320:h=14:color=white:t=fill"),
    "ticker, 15 %": ("-vf", "drawbox=x=0:y=148:w=320:h=27:color=black:t=fill"),
    "letterbox": ("-vf", "pad=iw:ih+60:0:30"),
    "other rate": ("-r", "15"),
    "mirrored": ("-vf", "hflip"),
}


def _video_table(folder: Path, data: Path, strangers: Sequence[Sample], first: int) -> None:
    sources = list(islice(_sources(folder, data, first), _VIDEOS))
    files: dict[str, Path] = {}
    for place, source in enumerate(sources):
        files[f"video{place}/original"] = source
        for name, arguments in FILTERS.items():
            files[f"video{place}/{name}"] = folder / f"{place}-{len(files)}.mp4"
            _ffmpeg("-i", str(source), *arguments, str(files[f"video{place}/{name}"]))
    print(
        f"\n{len(sources)} videos of 10 s; {_STRANGE_VIDEOS} strangers are sequences of hashes of made-up pictures.\n"
    )
    print(
        "| samples a second, distance, share | "
        + " | ".join(FILTERS)
        + " | originals wrongly together | clean clusters % |"
    )
    print("|---|" + "--:|" * (len(FILTERS) + 2))
    rng = np.random.default_rng(5)
    for per_s, distance in ((1.0, 8), (2.0, 8), (4.0, 8)):
        config = replace(MeasureConfig(), samples_per_s=per_s)
        rows = [measure(str(path), config).row | {"sha256": name} for name, path in files.items()]
        chosen = (rng.choice(len(strangers), 12) for _ in range(_STRANGE_VIDEOS))
        rows += [_strange(place, [strangers[one] for one in some], per_s) for place, some in enumerate(chosen)]
        for share in (0.3, 0.4, 0.5):
            found = clusters(rows, DuplicateOptions(share=share, per_s=per_s, video_distance=distance))
            _print_row(f"{per_s:g}, {distance}, {share}", found, list(FILTERS))


def _strange(place: int, samples: Sequence[Sample], per_s: float) -> dict[str, Any]:
    frames = [
        {"time_s": number / per_s, "phash": phash, "phash_unboxed": None, "detail": 30.0}
        for number, (phash, _) in enumerate(samples)
    ]
    parts = [
        {"time_s": number / per_s, "part": part.value, "phash": own, "phash_unboxed": None}
        for number, (_, parts) in enumerate(samples)
        for part, own in parts.items()
    ]
    return {
        "sha256": f"stranger{place}/alone",
        "form": "video",
        "phash_turned": [],
        "phash_unboxed": [],
        "frame_hashes": frames,
        "part_hashes": parts,
    }


def _sources(folder: Path, data: Path, first: int) -> Iterator[Path]:
    """Cuts of ten seconds of recorded clips, and moving made-up scenes."""
    for path in sorted((data / "media").rglob("*.mp4")):
        try:
            seconds = measure(str(path), MeasureConfig()).row["duration_s"]
        except Refused:
            continue
        # One cut a clip: scenes come again, and the short clip of one folder is a part of its long one.
        for start in () if path.name == "test_clip_10s.mp4" else range(min(1, int(seconds) - 9)):
            yield _cut(folder, ["-ss", str(start), "-t", "10", "-i", str(path)])
    for seed in range(_VIDEOS):
        picture(first + 20_000 + seed).resize((1280, 960)).save(folder / f"wide{seed}.png")
        move = ["-loop", "1", "-t", "10", "-i", str(folder / f"wide{seed}.png"), "-vf", "crop=320:180:t*90:t*70"]
        yield _cut(folder, move)


def _cut(folder: Path, arguments: Sequence[str]) -> Path:
    target = folder / f"source{len(list(folder.glob('source*')))}.mp4"
    scaled = [] if "-vf" in arguments else ["-vf", "scale=320:180"]
    _ffmpeg(*arguments, *scaled, "-an", "-r", "25", str(target))
    return target


def _ffmpeg(*arguments: str) -> None:
    program = imageio_ffmpeg.get_ffmpeg_exe()
    *first, target = arguments
    subprocess.run([program, "-v", "error", "-y", *first, "-c:v", "libx264", "-preset", "veryfast", target], check=True)


def _recorded(data: Path) -> None:
    rows = []
    for path in sorted((data / "media" / "imagededup").glob("*")):
        try:
            rows.append(measure(str(path), MeasureConfig()).row | {"sha256": path.name})
        except Refused:
            continue
    groups: dict[str, list[str]] = {}
    for name, own in clusters(rows, DuplicateOptions()).items():
        groups.setdefault(own, []).append(name)
    print(f"\nRecorded images ({len(rows)}), in groups:")
    for members in groups.values():
        print(f"- {', '.join(sorted(members))}")


if __name__ == "__main__":
    main()
