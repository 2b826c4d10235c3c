"""One line in a hundred out of a packed archive: blift against what a user would take instead.

Writes an archive of which 1 % is of one subreddit, packed as Reddit's are (`zstd --long=31`), and lets every program
find its posts and comments, in turns. Checks that all found as many, and prints the median of wall and CPU seconds and
of peak memory, in one run on one machine:

    python -m benchmarks.scan --posts 460000 --comments 2260000 --runs 3
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq

from benchmarks.archive import write_archive
from benchmarks.last import save_figures
from benchmarks.records import Run, measure

_HERE = Path(__file__).parent
#: The subreddit that is looked for, and how many of all posts each subreddit has.
WANTED = "pics"
SHARES = {WANTED: 0.01} | {f"subreddit_{number:02}": 0.99 / 99 for number in range(1, 100)}
_ARCHIVES = ("RS.ndjson", "RC.ndjson")
_DUCKDB = """
import duckdb
duckdb.sql("SET threads = 2")
fields = "id: 'VARCHAR', subreddit: 'VARCHAR', author: 'VARCHAR', title: 'VARCHAR', body: 'VARCHAR', score: 'BIGINT'"
rows = "read_json('/dev/stdin', format = 'newline_delimited', columns = {" + fields + "})"
duckdb.sql(f"COPY (FROM {rows} WHERE lower(subreddit) = '%s') TO '%s' (FORMAT parquet, COMPRESSION zstd)")
"""


def write_packed(folder: Path, posts: int, comments: int) -> int:
    """Write the archives, packed; how many bytes they unpack to."""
    size = write_archive(folder, posts, comments, shares=SHARES).size_bytes
    for name in _ARCHIVES:
        subprocess.run(["/usr/bin/env", "zstd", "-q", "--rm", "--long=31", folder / name], check=True)
    return size


def commands(folder: Path, work: Path) -> dict[str, list[str]]:
    """The programs by name; each writes how many records it found, or the records, to ``work``."""
    unpacked = "zstd -dc --long=31 " + " ".join(f"'{folder / name}.zst'" for name in _ARCHIVES)
    python, recipe = sys.executable, folder / "scan.yaml"
    recipe.write_text((_HERE / "scan.yaml").read_text())
    duckdb = work / "from_pipe.py"
    duckdb.write_text(_DUCKDB % (WANTED, work / "duckdb.parquet"))
    ours = [python, "-m", "blift.pipelines.cli", "build", str(recipe), "--out", str(work / "blift"), "--quiet"]
    grep = f"grep -cF '\"subreddit\": \"{WANTED}\"' > '{work / 'grep.txt'}'"
    rows = f"'{python}' -m benchmarks.scan_rows {WANTED} '{work / 'rows.parquet'}'"
    return {
        "zstd and grep": _shell(f"{unpacked} | {grep}"),
        "zstd into DuckDB": _shell(f"{unpacked} | '{python}' '{duckdb}'"),
        "zstd into a script": _shell(f"{unpacked} | {rows}"),
        "blift": [*ours, "--stages", "ingest", "--force"],
    }


def _shell(command: str) -> list[str]:
    return ["/bin/bash", "-c", f"set -o pipefail; {command}"]


def _found(work: Path) -> dict[str, int]:
    """How many records each program found."""
    blift = [path for table in ("posts", "comments") for path in (work / "blift" / table).glob("*.parquet")]
    return {
        "zstd and grep": int((work / "grep.txt").read_text()),
        "zstd into DuckDB": pq.read_metadata(work / "duckdb.parquet").num_rows,
        "zstd into a script": pq.read_metadata(work / "rows.parquet").num_rows,
        "blift": sum(pq.read_metadata(path).num_rows for path in blift),
    }


def report(size_bytes: int, runs: dict[str, list[Run]], found: int) -> None:
    """Print the medians as a Markdown table, with ratios to zstd and grep."""
    medians = {
        name: [median(values) for values in zip(*((run.cpu_s, run.wall_s, run.peak_mb) for run in of), strict=True)]
        for name, of in runs.items()
    }
    base_cpu_s, base_wall_s, _ = medians["zstd and grep"]
    print(f"\n{size_bytes / 1e9:.2f} GB unpacked, {found:,} records found by each\n")
    print("| program | CPU s | ratio | wall s | ratio | peak MB |\n|---|--:|--:|--:|--:|--:|")
    for name, (cpu_s, wall_s, peak_mb) in medians.items():
        ratios = f"{cpu_s:.1f} | {cpu_s / base_cpu_s:.2f} | {wall_s:.1f} | {wall_s / base_wall_s:.2f}"
        print(f"| {name} | {ratios} | {peak_mb:,.0f} |")
    cpu_s, wall_s, _ = medians["blift"]
    duckdb_cpu_s, duckdb_wall_s, _ = medians["zstd into DuckDB"]
    of_grep = {"CPU of grep": cpu_s / base_cpu_s, "wall of grep": wall_s / base_wall_s}
    save_figures("scan", of_grep | {"CPU of DuckDB": cpu_s / duckdb_cpu_s, "wall of DuckDB": wall_s / duckdb_wall_s})


def main() -> None:
    """Parse the arguments, and let the programs run in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=230_000)
    parser.add_argument("--comments", type=int, default=1_130_000)
    parser.add_argument("--runs", type=int, default=3, help="of each program (default: %(default)s)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        size = write_packed(work / "archive", args.posts, args.comments)
        programs = commands(work / "archive", work)
        runs: dict[str, list[Run]] = {name: [] for name in programs}
        for _ in range(args.runs):
            for name, command in programs.items():
                runs[name].append(measure(name, command))
        found = _found(work)
        if len(set(found.values())) > 1:
            sys.exit(f"The programs found different numbers of records: {found}.")
        report(size, runs, found["blift"])


if __name__ == "__main__":
    main()
