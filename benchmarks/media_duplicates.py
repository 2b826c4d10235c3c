"""Near-duplicate media: the search of hashes by size, what is found of variants, and what is wrongly joined.

    python -m benchmarks.media_duplicates --data FOLDER_OF_RECORDED_DATA

prints CPU time and memory of the search from 100,000 to 1,000,000 hashes (against comparing all with all); recall for
each kind of variant of images and videos among strangers, and the precision of pairs; and whether the recorded
near-duplicates fall into their groups.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import combinations, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import imagehash
import numpy as np
import polars as pl
import pyarrow as pa
from PIL import Image

from benchmarks.media_films import (
    FILM_VARIANTS,
    compilation,
    cut_film,
    ffmpeg,
    panned,
    recorded_films,
    series,
    short_film,
    still_film,
)
from benchmarks.media_variants import (
    IMAGE_VARIANTS,
    chart,
    meme,
    picture,
    plain_picture,
    smooth_picture,
    text_screenshot,
)
from blift.connectors.media.limits import Refused
from blift.connectors.media.settings import MeasureConfig
from blift.connectors.media.store import KEPT
from blift.pipelines.stages.media.keyframes import read_drawing
from blift.pipelines.stages.media.measure import measure
from blift.transforms.media.clusters import connected, named_clusters
from blift.transforms.media.hamming import similar_pairs
from blift.transforms.media.looks import MEDIA_COLUMNS, DuplicateOptions, Kind, kinds, looks
from blift.transforms.media.pairs import image_links, mark_links, mark_matches, video_links, video_matches
from blift.transforms.media.same import Evidence, evidence_of, same_media

_DISTANCE = 8
_PARTS = ("search", "images", "videos", "recorded")
_LOOKED_AT = pa.schema([KEPT.field(name) for name in MEDIA_COLUMNS])
OPTIONS = DuplicateOptions()


class Seen(NamedTuple):
    """What was measured of a file: what is searched, and what is compared; ``pixels`` decide who stays."""

    looked_at: dict[str, Any]
    evidence: Evidence
    pixels: int


#: Measured files by name: `original/variant`, where strangers are originals of their own.
Corpus = dict[str, Seen]
#: What is in every archive: originals, and strangers.
_ALWAYS = frozenset({"original", "alone"})
#: Two files by name, in order; and whether two are one media.
Pair = tuple[str, str]
Same = Callable[[str, str], bool]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with `media/`")
    parser.add_argument("--images", type=int, default=100, help="originals of images, of which all variants are made")
    parser.add_argument("--films", type=int, default=24, help="the same of videos")
    parser.add_argument("--strangers", type=int, default=5_000, help="strangers among the images; a 50th as many films")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=_PARTS, help="tables that are printed")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if "search" in args.parts:
        _search_table()
    with tempfile.TemporaryDirectory(prefix="blift-bench-") as folder:
        if "images" in args.parts:
            images = image_corpus(Path(folder), args.data, args.images, args.strangers)
            print_recall("Images", images, list(IMAGE_VARIANTS))
        if "videos" in args.parts:
            films = film_corpus(Path(folder), args.data, args.films, args.strangers // 50)
            print_recall("Videos", films, list(FILM_VARIANTS))
    if "recorded" in args.parts:
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


def image_corpus(folder: Path, data: Path, originals: int, strangers: int) -> Corpus:
    """Originals with all their variants, and strangers, measured."""
    corpus: Corpus = {}
    for place, original in enumerate(islice(image_originals(data), originals)):
        corpus[f"original{place}/original"] = _seen(original, folder, 90)
        for name, variant in IMAGE_VARIANTS.items():
            quality = 30 if "quality" in name else 80
            corpus[f"original{place}/{name}"] = _seen(variant(original), folder, quality)
    for place, stranger in enumerate(islice(image_strangers(), strangers)):
        corpus[f"stranger{place}/alone"] = _seen(stranger, folder, 80)
    return corpus


def image_originals(data: Path) -> Iterator[Image.Image]:
    """Recorded pictures and frames, made-up pictures of two kinds, memes, in turns."""
    recorded = _recorded_pictures(data)
    for seed in range(1_000_000):
        if (found := next(recorded, None)) is not None:
            yield found
        yield from (picture(seed), smooth_picture(seed), meme(1_000 + seed, seed))


def image_strangers() -> Iterator[Image.Image]:
    """Of each fifty: five text screenshots, three memes over shared templates, charts, plain and made-up pictures."""
    for seed in range(1_000_000):
        yield from (text_screenshot(10 * seed + place) for place in range(5))
        yield from (meme(seed % 10, 10 * seed + place) for place in range(3))
        yield from (chart(seed % 6, 10 * seed + place) for place in range(2))
        yield from (plain_picture(10 * seed + place) for place in range(2))
        yield from (picture(10_000 + 50 * seed + place) for place in range(19))
        yield from (smooth_picture(10_000 + 50 * seed + place) for place in range(19))


def _recorded_pictures(data: Path) -> Iterator[Image.Image]:
    """One of each group of recorded pictures, and the middle frame of each recorded clip; each picture once."""
    groups: set[str] = set()
    hashes: list[imagehash.ImageHash] = []
    for path in sorted((data / "media").glob("*/*")):
        group = f"{path.parent.name}/{path.stem.split('_')[0]}" if path.parent.name == "imagededup" else str(path)
        if path.parent.name == "exif-orientation" or group in groups:
            continue
        groups.add(group)
        found = _frame(path) if path.suffix == ".mp4" else _picture(path)
        if found is None or min(found.size) < 160:
            continue
        # Some projects recorded the same files.
        own = imagehash.phash(found)
        if all(own - other > _DISTANCE for other in hashes):
            hashes.append(own)
            yield found


def _picture(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            found = image.convert("RGB")
    except (OSError, SyntaxError):
        return None
    found.thumbnail((1000, 1000))
    return found


def _frame(path: Path) -> Image.Image | None:
    capture = cv2.VideoCapture(str(path))
    capture.set(cv2.CAP_PROP_POS_FRAMES, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) // 2)
    read, frame = capture.read()
    return Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)) if read else None


def film_corpus(folder: Path, data: Path, originals: int, strangers: int) -> Corpus:
    """Originals with all their variants, and strangers, measured."""
    corpus: Corpus = {}
    for place, original in enumerate(islice(film_originals(folder, data), originals)):
        corpus[f"film{place}/original"] = seen_file(original)
        for name, (arguments, ending) in FILM_VARIANTS.items():
            if original.name.startswith("short") and ("cut" in name):
                continue  # it has no seconds to lose
            target = folder / f"variant.{ending}"
            ffmpeg("-i", str(original), *arguments, str(target))
            corpus[f"film{place}/{name}"] = seen_file(target)
    for place, stranger in enumerate(islice(film_strangers(folder), strangers)):
        corpus[f"stranger{place}/alone"] = seen_file(stranger)
    return corpus


def film_originals(folder: Path, data: Path) -> Iterator[Path]:
    """Recorded clips, cameras that move, films of scenes, still ones and short ones, in turns."""
    recorded = recorded_films(folder, data)
    for seed in range(1_000_000):
        if (found := next(recorded, None)) is not None:
            yield found
        yield from (panned(folder, seed), cut_film(folder, seed), still_film(folder, seed), short_film(folder, seed))


def film_strangers(folder: Path) -> Iterator[Path]:
    """Of each 250: fifty series with an intro in common and twenty compilations with their clips; evenly mixed."""
    for number in range(1_000_000):
        for each in range(5):
            yield from series(folder, 5 * number + each)
        for each in range(2):
            yield from compilation(folder, 2 * number + each)


def _seen(image: Image.Image, folder: Path, quality: int) -> Seen:
    path = folder / "image.jpg"
    image.convert("RGB").save(path, quality=quality)
    return seen_file(path)


def seen_file(path: Path) -> Seen:
    """A file of an image or a video, measured."""
    measured = measure(str(path), MeasureConfig())
    row = {"loudness_lufs": None, **measured.row, **measured.traits.columns()}
    drawn = [(drawing.time_s, read_drawing(drawing)) for drawing in measured.traits.drawings]
    looked_at = {name: row.get(name) for name in MEDIA_COLUMNS if name != "sha256"}
    return Seen(looked_at, evidence_of(row, drawn, OPTIONS), row["width"] * row["height"])


def clusters(corpus: Corpus, options: DuplicateOptions = OPTIONS) -> dict[str, str]:
    """The cluster of every file that has one."""
    same = _comparison(corpus, options)
    return _named(corpus, _alike(_candidates(corpus, options), same), same)


def _comparison(corpus: Corpus, options: DuplicateOptions) -> Same:
    """Whether two files, by name, are one media; each pair is compared once."""

    @cache
    def compared(one: str, other: str) -> bool:
        return same_media(corpus[one].evidence, corpus[other].evidence, options)

    return lambda one, other: compared(*sorted((one, other)))


def _alike(candidates: pl.DataFrame, same: Same) -> pl.DataFrame:
    return candidates.filter(pl.Series([same(*pair) for pair in candidates.iter_rows()], dtype=pl.Boolean))


def _named(corpus: Corpus, links: pl.DataFrame, same: Same) -> dict[str, str]:
    component = pl.DataFrame(connected(links))
    pixels = [corpus[name].pixels for name in component["sha256"].to_list()]
    members = component.with_columns(
        pixels=pl.Series(pixels, dtype=pl.Int64),
        posted_at=pl.lit(None, pl.Datetime("us", "UTC")),
        media_key=pl.col("sha256"),
    )
    found = named_clusters(members, same).to_pydict()
    return dict(zip(found["sha256"], found["cluster"], strict=True))


def _candidates(corpus: Corpus, options: DuplicateOptions) -> pl.DataFrame:
    """Pairs of files that hashes bring together, each once."""
    rows = [seen.looked_at | {"sha256": name} for name, seen in corpus.items()]
    media = pl.DataFrame(pa.Table.from_pylist(rows, _LOOKED_AT))
    links: list[pl.DataFrame] = []
    matches: list[pl.DataFrame] = []
    marks: list[pl.DataFrame] = []
    for kind, some in kinds(pl.DataFrame(looks(media, options))):
        distance = options.distance_of(kind)
        for place in range(distance + 1):
            if kind is Kind.MARK:
                marks.append(pl.DataFrame(mark_matches(some, distance, place)))
            elif kind.moves:
                matches.append(pl.DataFrame(video_matches(some, distance, options.common, place).matches))
            else:
                links.append(pl.DataFrame(image_links(some, kind, options, place)))
    links += [pl.DataFrame(video_links(pl.concat(matches), options))] if matches else []
    links += [pl.DataFrame(mark_links(pl.concat(marks)))] if marks else []
    sides = {"left": pl.min_horizontal("left", "right"), "right": pl.max_horizontal("left", "right")}
    return pl.concat(links).select(**sides).unique().sort("left", "right")


class Recall(NamedTuple):
    """What was found of a corpus.

    Attributes:
        candidates: pairs of files that hashes brought together.
        missed: by variant, names of files that are not with their original.
        right: pairs of files in one cluster that are of one original.
        wrong: those that are not.
    """

    candidates: int
    missed: dict[str, list[str]]
    right: set[Pair]
    wrong: set[Pair]


def recall(corpus: Corpus) -> Recall:
    """Look for each variant in an archive of its own: of the originals, that variant of each, and all strangers."""
    same = _comparison(corpus, OPTIONS)
    candidates = _candidates(corpus, OPTIONS).filter(
        pl.struct("left", "right").map_elements(lambda pair: _may_meet(**pair), return_dtype=pl.Boolean)
    )
    alike = _alike(candidates, same)
    found = Recall(candidates.height, {}, set(), set())
    for variant in sorted({_variant(name) for name in corpus} - _ALWAYS):
        here = [name for name in corpus if _variant(name) in {*_ALWAYS, variant}]
        cluster = _named(corpus, alike.filter(pl.col("left").is_in(here), pl.col("right").is_in(here)), same)
        found.missed[variant] = [
            name
            for name in here
            if _variant(name) == variant and cluster.get(name) != cluster.get(f"{_original(name)}/original", "")
        ]
        of_one, of_several = pairs_in_clusters(cluster)
        found.right.update(of_one)
        found.wrong.update(of_several)
    return found


def print_recall(title: str, corpus: Corpus, variants: Sequence[str]) -> None:
    """A table of recall by variant, and the precision of pairs."""
    started = time.process_time()
    found = recall(corpus)
    took_s = time.process_time() - started
    print(f"\n{title}: {len(corpus):,} files, {found.candidates:,} pairs brought together by hashes\n")
    print("| variant | found | of | recall % | not found of |\n|---|--:|--:|--:|---|")
    for variant in variants:
        of = sum(_variant(name) == variant for name in corpus)
        here = of - len(found.missed[variant])
        missed = " ".join(_original(name) for name in found.missed[variant][:8])
        print(f"| {variant} | {here} | {of} | {100 * here / of:.1f} | {missed} |")
    pairs = len(found.right) + len(found.wrong)
    print(
        f"\nPairs in clusters: {pairs:,}; wrong: {len(found.wrong)}, precision {len(found.right) / pairs:.4f}; ", end=""
    )
    print(f"search and comparison took {took_s:.0f} s of CPU.", flush=True)
    for pair in sorted(found.wrong)[:20]:
        print(f"- {pair[0]} and {pair[1]}")


def _original(name: str) -> str:
    return name.partition("/")[0]


def _variant(name: str) -> str:
    return name.partition("/")[2]


def _may_meet(left: str, right: str) -> bool:
    """Whether two files can be in one archive: two different variants are not."""
    return _variant(left) == _variant(right) or bool(_ALWAYS & {_variant(left), _variant(right)})


def pairs_in_clusters(cluster: dict[str, str]) -> tuple[set[Pair], set[Pair]]:
    """Pairs of files in one cluster: those of one original, and those that are not."""
    by_cluster: dict[str, list[str]] = {}
    for name, own in cluster.items():
        by_cluster.setdefault(own, []).append(name)
    pairs = {pair for members in by_cluster.values() for pair in combinations(sorted(members), 2)}
    right = {pair for pair in pairs if _original(pair[0]) == _original(pair[1])}
    return right, pairs - right


def _recorded(data: Path) -> None:
    corpus: Corpus = {}
    for path in sorted((data / "media" / "imagededup").glob("*")):
        try:
            corpus[path.name] = seen_file(path)
        except Refused:
            continue
    groups: dict[str, list[str]] = {}
    for name, own in clusters(corpus).items():
        groups.setdefault(own, []).append(name)
    print(f"\nRecorded images ({len(corpus)}), in groups:")
    for members in groups.values():
        print(f"- {', '.join(sorted(members))}")


if __name__ == "__main__":
    main()
