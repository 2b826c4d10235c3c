"""From archives to samples: blift against a hand-written DuckDB script and against row-at-a-time Beam.

Generates an archive, runs the three on it (the same rules, see records.yaml), checks that they made the same samples,
and prints wall and CPU seconds and peak memory of each, in one run on one machine:

    python -m benchmarks.records --posts 200000 --comments 1000000 --scales 1,5
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.archive import write_archive
from benchmarks.last import save_figures

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Run:
    """One program, run once: seconds, and the most memory that it and its children held at one time."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(name: str, command: list[str]) -> Run:
    """Run a command to its end; CPU time and memory are those of the whole process tree."""
    started = time.monotonic()
    process = os.posix_spawn(command[0], command, {**os.environ, "PYTHONPATH": str(_HERE.parent)})
    peak, stop = [0.0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(process, peak, stop))
    sampler.start()
    _, status, usage = os.wait4(process, 0)
    stop.set()
    sampler.join()
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{name} failed: {' '.join(command)}")
    highest = max(peak[0], usage.ru_maxrss / 1024)
    return Run(name, time.monotonic() - started, usage.ru_utime + usage.ru_stime, highest)


def _sample(root: int, peak: list[float], stop: threading.Event) -> None:
    while not stop.wait(0.05):
        peak[0] = max(peak[0], sum(_resident_mb(pid) for pid in _tree(root)))


def _tree(root: int) -> list[int]:
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        found.append(pid)
        try:
            queue += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            continue
    return found


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, IndexError):
        return 0.0


def _samples(path: Path, prefix: str) -> dict[str, tuple[Any, ...]]:
    """Samples by media key, as comparable values: score, comments counted, chosen comments."""
    rows = pq.read_table(path, columns=["media_key", "score", "num_comments", "comments"]).to_pylist()
    return {
        row["media_key"]: (
            row["score"],
            row["num_comments"],
            [
                (str(c.get("id", c.get("comment_id"))).removeprefix(prefix), c["text"], c["score"])
                for c in row["comments"]
            ],
        )
        for row in rows
    }


def compare(folder: Path, work: Path, *, rows_too: bool) -> list[Run]:
    """Run the programs on one archive, and stop if their samples differ."""
    recipe = folder / "records.yaml"
    shutil.copyfile(_HERE / "records.yaml", recipe)
    python = sys.executable
    ours = [python, "-m", "blift.pipelines.cli", "build", str(recipe), "--out", str(work / "blift")]
    runs = [
        measure("blift", [*ours, "--stages", "ingest,curate", "--quiet"]),
        measure("DuckDB", [python, "-m", "benchmarks.records_duckdb", str(folder), str(work / "duckdb.parquet")]),
    ]
    expected = _samples(work / "duckdb.parquet", "")
    _same("blift", _samples(work / "blift" / "samples", "reddit:"), expected)
    if rows_too:
        runs.append(
            measure("Beam, row by row", [python, "-m", "benchmarks.records_rows", str(folder), str(work / "rows")])
        )
        _same("row by row", _samples(next(work.glob("rows-*")), ""), expected)
    print(f"\n{len(expected):,} samples, the same from each.")
    return runs


def _same(name: str, found: dict[str, tuple[Any, ...]], expected: dict[str, tuple[Any, ...]]) -> None:
    if found != expected:
        different = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
        first = different[0]
        sys.exit(
            f"{name} and DuckDB differ in {len(different)} of {len(expected)} samples; the first is {first}:\n"
            f"{found.get(first)}\n{expected.get(first)}"
        )


def report(scale: int, size_bytes: int, runs: list[Run]) -> None:
    """Print the runs as a Markdown table, with ratios to DuckDB."""
    base = next(run for run in runs if run.name == "DuckDB")
    print(f"\n{scale}x, {size_bytes / 1e9:.2f} GB of NDJSON\n")
    print("| program | wall s | CPU s | CPU / DuckDB's | peak MB |\n|---|--:|--:|--:|--:|")
    for run in runs:
        ratio = run.cpu_s / base.cpu_s
        print(f"| {run.name} | {run.wall_s:.1f} | {run.cpu_s:.1f} | {ratio:.2f} | {run.peak_mb:,.0f} |")
    ours = next(run for run in runs if run.name == "blift")
    figures = {"CPU of DuckDB": ours.cpu_s / base.cpu_s, "wall of DuckDB": ours.wall_s / base.wall_s}
    if scale == 1:
        save_figures("records", figures | {"peak MB": ours.peak_mb})


def main() -> None:
    """Parse the arguments and run every scale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=200_000)
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--scales", default="1,5", help="multiples of posts and comments to run (default: 1,5)")
    parser.add_argument("--skip-rows", action="store_true", help="leave out the row-by-row pipeline, which is slow")
    args = parser.parse_args()
    for scale in (int(text) for text in args.scales.split(",")):
        with tempfile.TemporaryDirectory() as temporary:
            work = Path(temporary)
            archive = write_archive(work / "archive", args.posts * scale, args.comments * scale)
            report(scale, archive.size_bytes, compare(work / "archive", work, rows_too=not args.skip_rows))


if __name__ == "__main__":
    main()
