"""What `blift stats` costs on a million samples: CPU seconds and peak memory, for one file and for many.

python -m benchmarks.stats [--samples 1000000] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from blift.connectors.parquet import shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RECIPE, Manifest, RunFolder, StageRecord
from blift.transforms.tables import rows_of

_WORDS = (
    "somebody", "says", "something", "of", "that", "kind", "and", "goes", "on", "about", "it", "for", "a", "while",
)  # fmt: skip


def _samples(first: int, count: int) -> pa.Table:
    """Samples with five comments each; scores and views have long tails, and nearly all values are distinct."""
    random = np.random.default_rng(first)
    score, views = (random.lognormal(mean, 2, count).astype(np.int64) for mean in (4, 10))
    texts = [" ".join(_WORDS[: 1 + size]) for size in random.integers(0, len(_WORDS), 5 * count)]
    ids = [f"{place:032x}" for place in range(first, first + count)]
    comments = pl.DataFrame(
        {
            "sample_id": np.repeat(ids, 5),
            "comment_id": [f"reddit:{5 * first + place:x}" for place in range(5 * count)],
            "platform": "reddit",
            "text": texts,
            "score": random.lognormal(2, 1, 5 * count).astype(np.int64),
        }
    )
    lists = comments.group_by("sample_id", maintain_order=True).agg(
        pl.struct("comment_id", "platform", "text", "score").alias("comments")
    )
    rows = lists.with_columns(
        media_key=pl.col("sample_id"),
        media_kind=pl.lit("image"),
        platform=pl.lit("reddit"),
        subreddit=pl.Series([f"subreddit{place % 5000}" for place in range(count)]),
        title=pl.Series(texts[:count]),
        posted_at=pl.lit(datetime(2021, 1, 1, tzinfo=UTC)) + pl.duration(hours=pl.int_range(count) % 10_000),
        score=pl.Series(score),
        views=pl.Series(views),
        like_percent=pl.Series(random.random(count)),
        upvote_ratio=pl.Series(random.random(count).round(2)),
    )
    return rows_of(rows, "sample")


def _tables(samples: int, files: int) -> Iterator[tuple[int, pa.Table]]:
    size = samples // files
    for place in range(files):
        yield place, pa.concat_tables([_samples(place * size + at, 10_000) for at in range(0, size, 10_000)])


def _write(folder: Path, samples: int, files: int) -> int:
    """A run folder that holds samples alone; its bytes."""
    shards: list[Shard] = [
        write_shard(rows, "sample", str(folder), shard_name("samples/samples", place, files))
        for place, rows in _tables(samples, files)
    ]
    run = RunFolder(str(folder))
    (folder / RECIPE).write_text("name: benchmark\n")
    run.write_manifest(Manifest("benchmark", "0", {"curate": StageRecord("", {}, shards, [], 0, {}, [])}))
    return sum(shard.size_bytes for shard in shards)


def main() -> None:
    """Print a table of docs/benchmarks.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--folder", default=None)
    args = parser.parse_args()
    print("| samples | files | MB | wall s | CPU s | peak MB |\n|--:|--:|--:|--:|--:|--:|")
    for samples, files in ((args.samples // 10, 1), (args.samples, 1), (args.samples, 20)):
        folder = Path(tempfile.mkdtemp(dir=args.folder))
        size = _write(folder, samples, files)
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        command = [sys.executable, "-c", _CHILD, str(folder)]
        peak_kb = int(subprocess.run(command, check=True, capture_output=True, text=True).stderr.split()[-1])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        wall_s = time.perf_counter() - started
        print(f"| {samples:,} | {files} | {size / 1e6:,.0f} | {wall_s:.1f} | {cpu_s:.1f} | {peak_kb / 1024:,.0f} |")
        shutil.rmtree(folder)


_CHILD = """
import resource, sys
from blift.pipelines.cli import main
main(["stats", sys.argv[1], "--json"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""

if __name__ == "__main__":
    main()
