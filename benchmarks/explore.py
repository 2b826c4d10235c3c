"""`blift explore` on generated samples: how long a page, a random sample and a search take, each asked over HTTP.

``python -m benchmarks.explore FOLDER [SAMPLES]`` writes them once (1,000,000, in minutes), and starts a server.
Before that, the same questions are put to DuckDB and Polars in this process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import timeit
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from blift.connectors.parquet import shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder, StageRecord
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import FunnelRow

_SHARDS, _WORDS, _COMMENTS, _REPLAY = 16, 5_000, 4, 100
_ROUNDS = 5
Strings = list[str]


def write_samples(folder: Path, samples: int) -> None:
    """Write a run folder of generated samples: three of ten are videos with a replay graph, each has four comments."""
    chance, per_shard = np.random.default_rng(0), samples // _SHARDS
    shards = [_shard(folder, number, per_shard, chance) for number in range(_SHARDS)]
    funnel = [FunnelRow("curate", "sample", 0, "same_media", samples, samples, 0, {})]
    record = StageRecord("", {}, shards, funnel, 0.0, {}, [])
    RunFolder(str(folder)).write_manifest(Manifest("generated", "", {"curate": record}))


def _shard(folder: Path, number: int, rows: int, chance: np.random.Generator) -> Shard:
    schema = SCHEMAS["sample"]
    columns = _columns(number, rows, chance)
    empty = {
        field.name: pa.array([[]] * rows, field.type) if pa.types.is_list(field.type) else pa.nulls(rows, field.type)
        for field in schema
        if field.name not in columns
    }
    table = pa.table({field.name: (columns | empty)[field.name] for field in schema})
    return write_shard(table, "sample", str(folder), shard_name("samples/samples", number, _SHARDS))


def _columns(number: int, rows: int, chance: np.random.Generator) -> dict[str, pa.Array]:
    ids = [f"{number:02x}{row:06x}" for row in range(rows)]
    addresses = [f"https://i.redd.it/{one}.jpg" for one in ids]
    video, score = chance.random(rows) < 0.3, chance.integers(0, 50_000, rows)
    title = _texts(chance, rows, 8)
    audience = SCHEMAS["sample"].field("audiences").type
    posts = [
        [{"post_id": f"reddit:{one}", "platform": "reddit", "title": text, "score": int(points)}]
        for one, text, points in zip(ids, title, score, strict=True)
    ]
    return {
        "sample_id": pa.array([f"{number:02x}{row:030x}" for row in range(rows)]),
        "media_key": pa.array([f"reddit-image:{one}" for one in ids]),
        "media_kind": pa.array(np.where(video, "video", "image")),
        "media_urls": pa.array([[address] for address in addresses]),
        "platform": pa.array(["reddit"] * rows),
        "url": pa.array(addresses),
        "permalink": pa.array(addresses),
        "title": pa.array(title),
        "text": pa.array(_texts(chance, rows, 20)),
        "subreddit": pa.array(np.array(["pics", "aww", "videos", "funny"])[chance.integers(0, 4, rows)]),
        "posted_at": pa.array(chance.integers(13 * 10**8, 17 * 10**8, rows) * 10**6).cast(pa.timestamp("us", tz="UTC")),
        "language": pa.array(["en"] * rows),
        "score": pa.array(score),
        "views": pa.array(chance.integers(0, 10**7, rows)),
        "num_comments": pa.array(chance.integers(0, 1_000, rows)),
        "duration_s": pa.array(np.where(video, 100.0, np.nan), from_pandas=True),
        "comments": _comments(rows, chance),
        "replay": _replay(video, chance),
        "audiences": pa.array(posts, audience),
    }


def _texts(chance: np.random.Generator, rows: int, words: int) -> Strings:
    return [" ".join(f"word{word}" for word in row) for row in chance.integers(0, _WORDS, (rows, words)).tolist()]


def _comments(rows: int, chance: np.random.Generator) -> pa.Array:
    many = rows * _COMMENTS
    values = {
        "comment_id": pa.array([f"reddit:{place:x}" for place in range(many)]),
        "platform": pa.array(["reddit"] * many),
        "text": pa.array(_texts(chance, many, 12)),
        "score": pa.array(chance.integers(0, 900, many)),
    }
    structs = pa.StructArray.from_arrays(list(values.values()), list(values))
    return pa.ListArray.from_arrays(pa.array(np.arange(0, many + 1, _COMMENTS), pa.int32()), structs)


def _replay(video: np.ndarray, chance: np.random.Generator) -> pa.Array:
    ends = np.concatenate([[0], np.cumsum(np.where(video, _REPLAY, 0))])
    start = (np.arange(ends[-1]) % _REPLAY).astype(float)
    values = [pa.array(start), pa.array(start + 1), pa.array(np.round(chance.random(ends[-1]), 3))]
    return pa.ListArray.from_arrays(
        pa.array(ends, pa.int32()), pa.StructArray.from_arrays(values, ["start_s", "end_s", "value"])
    )


def measure(folder: Path, samples: int) -> None:
    """Start the server in a process of its own, and print how long each question takes."""
    command = [sys.executable, "-P", "-m", "blift.pipelines.cli", "explore", str(folder), "--no-browser"]
    before = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        print(f"start to address: {time.perf_counter() - before:.2f} s")
        print("| question | first, wall ms | median, wall ms | first, CPU ms | median, CPU ms |\n|---|--:|--:|--:|--:|")
        for what, ask in _questions(url, samples).items():
            _timed(what, process.pid, ask)
        process.terminate()
    print(f"peak memory of the server: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


def _questions(url: str, samples: int) -> dict[str, Callable[[int], object]]:
    """What is asked, each with the number of the round."""
    per_shard = samples // _SHARDS
    places = np.random.default_rng(1).integers(0, [_SHARDS, per_shard], (_ROUNDS, 2)).tolist()

    def rows(**parameters: object) -> Any:
        return _answer(url, "rows", parameters)

    def random_sample(seed: int) -> object:
        file, row = rows(seed=seed + 1, limit=1)["rows"][0]["place"]
        return _answer(url, "row", {"file": file, "row": row})

    return {
        "first page": lambda _: rows(),
        "random sample": random_sample,
        "twenty random rows": lambda n: rows(seed=n + 1, limit=20),
        "page sorted by score": lambda n: rows(order="score", descending=1, offset=50 * n),
        "filter `score > N`": lambda n: rows(filter=json.dumps(["score", ">", str(49_000 + n)])),
        "the same, sorted by views": lambda n: rows(filter=json.dumps(["score", ">", str(49_000 + n)]), order="views"),
        "filter `title` contains": lambda n: rows(filter=json.dumps(["title", "contains", f"word{n} word{n + 1}"])),
        "search in all texts": lambda n: rows(search=f"word{n} word{n + 1}"),
        "sample by id": lambda n: _answer(url, "id", {"id": f"{places[n][0]:02x}{places[n][1]:030x}"}),
        "sample by id of a post": lambda n: _answer(url, "id", {"id": f"reddit:{places[n][0]:02x}{places[n][1]:06x}"}),
    }


def _answer(url: str, name: str, parameters: Mapping[str, object]) -> Any:
    with urllib.request.urlopen(f"{url}api/{name}?{urlencode(parameters)}") as answer:  # noqa: S310 - loopback
        return json.load(answer)


def _timed(what: str, server: int, ask: Callable[[int], object]) -> None:
    """Print a row: the wall time and the CPU time of the server, of the first round and in the median."""
    walls, cpus = [], []
    for number in range(_ROUNDS):
        wall, cpu = time.perf_counter(), _cpu_s(server)
        ask(number)
        walls.append(time.perf_counter() - wall)
        cpus.append(_cpu_s(server) - cpu)
    figures = (walls[0], np.median(walls), cpus[0], np.median(cpus))
    print(f"| {what} | {' | '.join(f'{1000 * each:.0f}' for each in figures)} |")


def _cpu_s(process: int) -> float:
    """CPU seconds of a process so far, in steps of 10 ms."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(folder: Path) -> None:
    """Print how long DuckDB and Polars take for the same questions, the best of five times."""
    files = [str(path) for path in sorted((folder / "samples").iterdir())]
    scan, text = pl.scan_parquet(files), "word7 word8"
    con = duckdb.connect()
    con.execute(f"CREATE VIEW s AS SELECT *, file_index AS f, file_row_number AS r FROM read_parquet({files})")  # noqa: S608
    one = scan.slice(500_000, 1)
    questions: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "one whole sample": (lambda: con.sql("FROM s WHERE f = 8 AND r = 9").fetchall(), one.collect),
        "best 50 scores": (
            lambda: con.sql("SELECT f, r FROM s ORDER BY score DESC LIMIT 50").fetchall(),
            scan.with_row_index().select("index", "score").top_k(50, by="score").collect,
        ),
        "text in titles": (
            lambda: con.sql(f"SELECT count(*) FROM s WHERE contains(lower(title), '{text}')").fetchall(),  # noqa: S608
            scan.filter(pl.col("title").str.to_lowercase().str.contains(text, literal=True)).select(pl.len()).collect,
        ),
    }
    for what, (by_duckdb, by_polars) in questions.items():
        times = [min(timeit.repeat(ask, number=1, repeat=5)) * 1000 for ask in (by_duckdb, by_polars)]
        print(f"{what:24} DuckDB {times[0]:6.0f} ms   Polars {times[1]:6.0f} ms")


if __name__ == "__main__":
    _folder, _samples = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    if not (_folder / "manifest.json").exists():
        write_samples(_folder, _samples)
    compare(_folder)
    measure(_folder, _samples)
