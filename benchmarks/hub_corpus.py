"""A run folder of made-up samples, so large as a benchmark wants it, with the account that a build would write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from blift.connectors.parquet import shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.schemas.registry import SCHEMAS

_RECIPE = "name: benchmark\nsources: {reddit: {submissions: [none]}}\ncard: {title: Benchmark, license: cc-by-4.0}\n"
_VOCABULARY = 20_000


def samples(rows: int, words: int, seed: int = 1) -> pa.Table:
    """Rows of the sample table, sorted by id: titles, texts of so many words, three comments each."""
    rng = np.random.default_rng(seed)
    vocabulary = pl.Series(
        [hashlib.blake2b(str(n).encode(), digest_size=4).hexdigest()[: 2 + n % 7] for n in range(_VOCABULARY)]
    )
    ids = sorted(hashlib.blake2b(f"{seed} {row}".encode(), digest_size=16).hexdigest() for row in range(rows))

    def texts(length: int) -> pl.Series:
        drawn = vocabulary.gather((rng.zipf(1.3, rows * length) - 1) % _VOCABULARY)
        return drawn.reshape((rows, length)).arr.join(" ")

    frame = pl.DataFrame({"sample_id": ids}).with_columns(
        media_key="reddit-image:" + pl.col("sample_id").str.head(13),
        media_kind=pl.lit("image"),
        platform=pl.lit("reddit"),
        url="https://i.redd.it/" + pl.col("sample_id").str.head(13) + ".jpg",
        permalink="https://www.reddit.com/r/pics/comments/" + pl.col("sample_id").str.head(6) + "/",
        title=texts(9),
        text=texts(words),
        subreddit=pl.lit("pics"),
        posted_at=pl.Series(rng.integers(1_420_000_000, 1_640_000_000, rows) * 1_000_000).cast(
            pl.Datetime("us", "UTC")
        ),
        score=pl.Series(rng.integers(1, 50_000, rows)),
        num_comments=pl.Series(rng.integers(2, 900, rows)),
        comments=pl.concat_list(
            pl.struct(
                comment_id="reddit:" + pl.col("sample_id").str.head(6) + str(place),
                platform=pl.lit("reddit"),
                text=texts(14),
                score=pl.Series(rng.integers(1, 900, rows)),
            )
            for place in range(3)
        ),
    )
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    for field in SCHEMAS["sample"]:
        if field.name not in table.column_names and pa.types.is_list(field.type):
            offsets = pa.array(np.zeros(rows + 1, np.int32))
            empty = pa.ListArray.from_arrays(offsets, pa.array([], field.type.value_type), type=field.type)
            table = table.append_column(field, empty)
    return table


def unchanged(rows: pa.Table) -> pa.Table:
    """The rows as they are."""
    return rows


def write_run(
    folder: Path, rows: int, shards: int, words: int, change: Callable[[pa.Table], pa.Table] = unchanged
) -> int:
    """Write a run folder, each shard's rows changed; the bytes of its shards."""
    run = RunFolder(str(folder))
    run.create()
    run.make_folders(["samples/"])
    per_shard = rows // shards
    written: list[Shard] = [
        write_shard(
            change(samples(per_shard, words, seed)), "sample", run.path, shard_name("samples/samples", seed, shards)
        )
        for seed in range(shards)
    ]
    record = StageRecord("", {}, written, [], 0.0, {}, [])
    run.write_text("recipe.yaml", _RECIPE)
    run.write_manifest(Manifest("benchmark", "0", {"curate": record}, "0" * 64))
    return sum(shard.size_bytes for shard in written)
