"""Near-duplicate comments: blift against scikit-learn's TfidfVectorizer, post by post.

Generates comments (many posts with a heavy tail of sizes, and posts with thousands of comments), runs both programs
on them, each in a process of its own, stops if they drop different comments, and prints CPU seconds and peak memory:

    python -m benchmarks.near_duplicates --data FOLDER_OF_RECORDED_DATA
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import polars as pl
from backports import zstd
from sklearn.feature_extraction.text import TfidfVectorizer

from blift.transforms.near_duplicates import TOLERANCE, near_duplicates

Program = Callable[[pl.Series, np.ndarray, float], np.ndarray]

_STOCK = (
    "this is the way",
    "take my upvote and leave",
    "I laughed way too hard at this",
    "Happy cake day!",
    "Source?",
    "lol",
)


@dataclass(frozen=True)
class Corpus:
    """Comments on posts; `both` is unset where scikit-learn's similarities do not fit into memory."""

    name: str
    texts: pl.Series
    groups: np.ndarray
    both: bool = True


@dataclass(frozen=True)
class Run:
    """One program, run once in a fresh process; memory is the most that it held beyond what it was given."""

    cpu_s: float
    peak_mb: float
    repeats: np.ndarray


def scikit_learn(texts: pl.Series, groups: np.ndarray, threshold: float) -> np.ndarray:
    """`near_duplicates` as one would write it with scikit-learn: fit and multiply one post at a time."""
    repeats = np.full(len(texts), -1, dtype=np.int64)
    bounds = np.flatnonzero(np.concatenate(([True], groups[1:] != groups[:-1], [True]))).tolist()
    comments = texts.to_list()
    for start, stop in pairwise(bounds):
        if stop - start > 1:
            repeats[start:stop] = _one_post(comments[start:stop], start, threshold - TOLERANCE)
    return repeats


def _one_post(comments: list[str], start: int, limit: float) -> list[int]:
    repeats = [-1] * len(comments)
    try:
        vectors = TfidfVectorizer().fit_transform(comments)
    except ValueError:  # no comment has a word
        pairs = []
    else:
        pairs = np.argwhere(np.tril((vectors @ vectors.T).toarray(), -1) >= limit).tolist()
    first = {text.lower(): place for place, text in reversed(list(enumerate(comments)))}
    same = [[place, first[text.lower()]] for place, text in enumerate(comments) if first[text.lower()] < place]
    for row, kept in sorted(pairs + same):
        if repeats[row] < 0 and repeats[kept] < 0:
            repeats[row] = start + kept
    return repeats


PROGRAMS: dict[str, Program] = {"blift": near_duplicates, "scikit-learn, per post": scikit_learn}


def generate(name: str, sizes: np.ndarray, seed: int, *, both: bool = True) -> Corpus:
    """Comments of posts of those sizes: 14 words in the middle, words by Zipf's law, a fifth of them the post's own.

    Of a hundred comments four are earlier ones with a word replaced, two are earlier ones, and four are stock phrases.
    """
    random = np.random.default_rng(seed)
    vocabulary = _vocabulary(random, 60_000)
    common = 1 / (np.arange(len(vocabulary)) + 2.7)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    lengths = np.clip(random.lognormal(np.log(14), 1.1, len(groups)), 1, 1500).astype(np.int64)
    ends = np.cumsum(lengths)
    general = random.choice(len(vocabulary), ends[-1], p=common / common.sum())
    topic = (np.repeat(groups, lengths) * 7919 + random.geometric(0.02, ends[-1]) * 31) % len(vocabulary)
    words = vocabulary[np.where(random.random(ends[-1]) < 0.2, topic, general)].tolist()
    kinds, earlier = random.random(len(groups)), random.random(len(groups))
    first = np.repeat(np.cumsum(sizes) - sizes, sizes)
    texts: list[str] = []
    for row, (end, length, kind) in enumerate(zip(ends.tolist(), lengths.tolist(), kinds.tolist(), strict=True)):
        text = " ".join(words[end - length : end]).capitalize() + "."
        if kind < 0.06 and row > first[row]:
            text = texts[int(first[row] + earlier[row] * (row - first[row]))]
            text = text.replace(text.split()[-1], words[end - 1]) if kind < 0.04 else text
        texts.append(_STOCK[row % len(_STOCK)] if 0.06 <= kind < 0.1 else text)
    return Corpus(name, pl.Series(texts), groups, both)


def _vocabulary(random: np.random.Generator, size: int) -> np.ndarray:
    letters = np.array(list("etaoinshrdlucmwfygpbvkxqjz"))
    lengths = np.clip(2 + np.log1p(np.arange(size)) / 2 + random.normal(0, 1.5, size), 1, 14).astype(np.int64)
    drawn = letters[np.minimum(random.geometric(0.12, lengths.sum()) - 1, 25)]
    return np.array(["".join(word) for word in np.split(drawn, np.cumsum(lengths)[:-1])], dtype=object)


def recorded(data: Path) -> Corpus:
    """The recorded comments of Reddit by post, each once, as they follow in the recording."""
    window: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 31}
    with zstd.open(data / "reddit" / "RC_recorded.zst", options=window) as stream:
        lines = stream.read()
    rows = pl.read_ndjson(lines, schema={"id": pl.String, "link_id": pl.String, "body": pl.String})
    rows = rows.drop_nulls().unique("id", keep="first", maintain_order=True).sort("link_id", maintain_order=True)
    return Corpus("recorded", rows["body"], rows["link_id"].rle_id().to_numpy().astype(np.int64))


def run(program: str, corpus: Corpus, threshold: float) -> Run:
    """Run a program in a fresh process, where nothing else has used memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_run, program, corpus, threshold).result()


def _run(program: str, corpus: Corpus, threshold: float) -> Run:
    PROGRAMS[program](pl.Series(["a warm start", "a warm start"]), np.zeros(2, dtype=np.int64), threshold)
    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the highest so far is the present from here on
    started = time.process_time()
    repeats = PROGRAMS[program](corpus.texts, corpus.groups, threshold)
    cpu_s = time.process_time() - started
    return Run(cpu_s, _memory("VmHWM") - before, repeats)


def _memory(field: str) -> float:
    """A field of /proc/self/status, in megabytes."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024 / 1e6


def compare(corpora: list[Corpus], threshold: float) -> None:
    """Run the programs on every corpus, print a Markdown table, and stop where they drop different comments."""
    print("| comments | program | CPU s | peak MB | dropped | scikit-learn's CPU / its own |")
    print("|---|---|--:|--:|--:|--:|")
    for corpus in corpora:
        runs = {program: run(program, corpus, threshold) for program in PROGRAMS if corpus.both or program == "blift"}
        yardstick = list(runs.values())[-1]
        for program, one in runs.items():
            if not np.array_equal(one.repeats, yardstick.repeats):
                row = int(np.flatnonzero(one.repeats != yardstick.repeats)[0])
                sys.exit(f"{program} differs in {corpus.name} at comment {row}: {corpus.texts[row]!r}")
            ratio = f"{yardstick.cpu_s / one.cpu_s:.1f}" if corpus.both else ""
            dropped = int(np.count_nonzero(one.repeats >= 0))
            print(f"| {corpus.name} | {program} | {one.cpu_s:.2f} | {one.peak_mb:,.0f} | {dropped:,} | {ratio} |")
        if not corpus.both:
            print(f"| {corpus.name} | scikit-learn, per post | not run | {len(corpus.texts) ** 2 * 8 / 1e6:,.0f} | | |")
        sys.stdout.flush()
    print("\nWhere both ran, they dropped the same comments, each for the same kept one. Peak memory is what a program")
    print("held beyond its input; where scikit-learn was not run it is the size of the matrix of similarities alone.")


def main() -> None:
    """Parse the arguments, generate the comments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=20_000, help="posts with 2 to 200 comments (default: 20000)")
    parser.add_argument("--threshold", type=float, default=0.7, help="cosine similarity (default: 0.7)")
    parser.add_argument("--data", type=Path, help="folder with reddit/RC_recorded.zst, to run on recorded comments too")
    args = parser.parse_args()
    tail = np.clip(2 + np.random.default_rng(1).pareto(1.1, args.posts) * 4, 2, 200).astype(np.int64)
    corpora = [
        generate(f"{args.posts:,} posts of 2 to 200", tail, 1),
        generate("2 posts of 5,000", np.array([5_000, 5_000]), 2),
        generate("1 post of 50,000", np.array([50_000]), 3, both=False),
    ]
    corpora += [recorded(args.data)] if args.data else []
    for corpus in corpora:
        characters = corpus.texts.str.len_chars().sum() / len(corpus.texts)
        print(f"{corpus.name}: {len(corpus.texts):,} comments of {characters:.0f} characters")
    print(f"\nSimilarity {args.threshold}\n")
    compare(corpora, args.threshold)


if __name__ == "__main__":
    main()
