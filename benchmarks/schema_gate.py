"""How long `blift schema check` takes, and how fast rows are validated beside reading them.

`python -m benchmarks.schema_gate` prints the medians of seven runs, and the fastest run of `check`; each reading and
validation is of the same files.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from blift.connectors.parquet import shard_name, write_shard
from blift.pipelines.engine.validate import validate_path
from blift.schemas.arrow import conform
from blift.schemas.registry import SCHEMAS

ROWS, SHARDS, RUNS = 1_000_000, 8, 7


def comments(shard: int) -> pa.Table:
    """A shard of comments as archives have them."""
    rows = ROWS // SHARDS
    number = np.arange(rows) + shard * rows
    ids = [f"reddit:{value:x}" for value in number]
    words = np.array(["this", "is", "what", "people", "write", "about", "pictures"])
    chosen = words[np.random.default_rng(shard).integers(0, len(words), (rows, 12))]
    columns = {
        "comment_id": ids,
        "post_id": [f"reddit:p{value // 20:x}" for value in number],
        "platform": ["reddit"] * rows,
        "native_id": [name[7:] for name in ids],
        "text": [" ".join(line) for line in chosen],
        "score": number % 1000,
        "rank": number % 20,
        "deleted": np.zeros(rows, bool),
        "removed": np.zeros(rows, bool),
    }
    return conform(pa.table(columns), SCHEMAS["comment"])


def samples(shard: int) -> pa.Table:
    """A shard of samples with a replay graph of 100 segments, four comments and two audiences each."""
    rows = ROWS // SHARDS
    number = np.arange(rows) + shard * rows
    replay = [[{"start_s": i * 1.0, "end_s": i + 1.0, "value": i / 100} for i in range(100)]]
    said = [
        {"comment_id": f"reddit:c{i}", "platform": "reddit", "text": "So it is said.", "score": i} for i in range(4)
    ]
    heard = [{"post_id": f"reddit:p{i}", "platform": "reddit", "upvote_ratio": 0.9, "views": i} for i in range(2)]
    fixed = {"replay": replay[0], "comments": said, "audiences": heard, "platform": "reddit", "media_kind": "video"}
    schema = SCHEMAS["sample"]
    columns = {
        "sample_id": pa.array([f"{value:032x}" for value in number]),
        "media_key": pa.array([f"key {value}" for value in number]),
        **{
            name: pa.array([value], schema.field(name).type).take(pa.array(np.zeros(rows, np.int64)))
            for name, value in fixed.items()
        },
    }
    return conform(pa.table(columns), schema)


def median_s(what: Callable[[], object]) -> tuple[float, float, float]:
    """Seconds: the medians of wall time and of CPU time with that of child processes, and the least wall time."""
    wall, cpu = [], []
    for _ in range(RUNS):
        begin, before = time.perf_counter(), sum(os.times()[:4])
        what()
        wall.append(time.perf_counter() - begin)
        cpu.append(sum(os.times()[:4]) - before)
    return statistics.median(wall), statistics.median(cpu), min(wall)


def check() -> None:
    """Run the command, as CI does."""
    command = [sys.executable, "-m", "blift.pipelines.cli", "schema", "check"]
    subprocess.run(command, check=True, capture_output=True)


def measure(table: str, make: Callable[[int], pa.Table], folder: str) -> None:
    """Read and validate a million rows of a table, and print how long each takes."""
    (Path(folder) / table).mkdir()
    paths = [shard_name(f"{table}/{table}", shard, SHARDS) for shard in range(SHARDS)]
    for shard, path in enumerate(paths):
        write_shard(make(shard), table, folder, path)
    read = median_s(lambda: [pq.read_table(Path(folder) / path).num_rows for path in paths])
    validated = median_s(lambda: validate_path(folder))
    assert validate_path(folder)[0] == []
    print(f"{table}: {ROWS:,} rows read in {read[0]:.2f} s ({read[1]:.2f} s of CPU),", end=" ")
    print(f"validated in {validated[0]:.2f} s ({validated[1]:.2f} s)")


def main() -> None:
    """Measure, and print a line each."""
    wall_s, cpu_s, fastest_s = median_s(check)
    print(f"check: {wall_s:.2f} s ({cpu_s:.2f} s of CPU), fastest {fastest_s:.2f} s")
    for table, make in (("comment", comments), ("sample", samples)):
        with tempfile.TemporaryDirectory() as folder:
            measure(table, make, folder)


if __name__ == "__main__":
    main()
