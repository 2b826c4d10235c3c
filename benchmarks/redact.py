"""Personal data in recorded texts: what is shipped against every rule over every text, in turns; CPU seconds, medians.

python -m benchmarks.redact --data ../shared/data/reddit --megabytes 20
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pyarrow as pa

from blift.connectors.files import InputFile
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.transforms.personal_data import rules_of
from blift.transforms.privacy import redact

_PASSES, _RUNS = 4, 3


def recorded(folder: Path, size: int) -> list[str]:
    """The texts of the recorded posts and comments, again and again until they have ``size`` bytes."""
    found: list[str] = []
    for name, read, columns in (("RS*", read_submissions, ("title", "text")), ("RC*", read_comments, ("text",))):
        for path in sorted(path for path in folder.glob(name) if path.is_file()):
            for chunk in read(InputFile(str(path), path.stat().st_size, path.name)):
                found += [text for column in columns for text in chunk.table.column(column).to_pylist() if text]
    return found * max(1, size // sum(len(text.encode()) for text in found))


def every_rule(texts: list[str]) -> tuple[list[str], Counter[str]]:
    """Every rule over every text, until nothing changes."""
    column, found = pl.Series(texts), Counter[str]()
    for _ in range(_PASSES):
        before = column
        for rule in rules_of("text"):
            hits = int(column.str.count_matches(rule.regex).sum())
            after = column.str.replace_all(rule.regex, rule.put) if hits else column
            if not after.equals(column):
                found[rule.kind] += hits
                column = after
        if column.equals(before):
            break
    return column.to_list(), found


def shipped(texts: list[str]) -> tuple[list[str], Counter[str]]:
    """The same by blift."""
    table, found = redact(pa.table({"text": texts}))
    return table.column("text").to_pylist(), found


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what came."""
    started = time.process_time()
    found = work()
    return time.process_time() - started, found


def main() -> None:
    """Parse the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=20)
    args = parser.parse_args()
    texts = recorded(args.data, args.megabytes * 1_000_000)
    seconds: dict[str, list[float]] = {"every rule over every text": [], "blift": []}
    for _ in range(_RUNS):
        plain_s, plain = timed(lambda: every_rule(texts))
        ours_s, ours = timed(lambda: shipped(texts))
        if plain != ours:
            sys.exit("The two differ.")
        seconds["every rule over every text"].append(plain_s)
        seconds["blift"].append(ours_s)
    size = sum(len(text.encode()) for text in texts)
    print(f"{len(texts):,} texts, {size / 1e6:.0f} MB, {dict(ours[1])}")
    for name, of in seconds.items():
        print(f"{name}: {median(of):.2f} CPU s, {median(of) / size * 1e8:.1f} s for 100 MB")


if __name__ == "__main__":
    main()
