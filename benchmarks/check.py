"""Holds benchmarks against `benchmarks/bounds.yaml`: ratios of their last runs, and counts that are always the same.

Ratios are those of `benchmarks/last.json`, which `python -m benchmarks.scan` and `benchmarks.records` write. Counts are
taken now, of a small archive; they take seconds, and a test holds them as well.

    python -m benchmarks.check
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from benchmarks.archive import Archive, write_archive
from benchmarks.last import last_figures
from benchmarks.scan import SHARES, WANTED
from blift.connectors.files import InputFile
from blift.connectors.plain import PlainForm
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.reddit.records import Submission

_BOUNDS = Path(__file__).parent / "bounds.yaml"
_POSTS, _COMMENTS = 4_000, 20_000


def counts(folder: Path) -> dict[str, int]:
    """What reading a small archive gives: rows, rows out of scope, and lines that need no decoder."""
    archive = write_archive(folder, _POSTS, _COMMENTS, shares=SHARES)
    posts = list(read_submissions(_file(archive.submissions), {WANTED}))
    ids = pl.concat([pl.Series(chunk.table.column("post_id")) for chunk in posts])

    def known(post_ids: pl.Series) -> np.ndarray:
        return post_ids.is_in(ids.implode()).to_numpy()

    comments = list(read_comments(_file(archive.comments), known))
    return {
        "bytes": archive.size_bytes,
        "posts": sum(chunk.table.num_rows for chunk in posts),
        "posts out of scope": sum(sum(chunk.skipped.values()) for chunk in posts),
        "comments": sum(chunk.table.num_rows for chunk in comments),
        "comments out of scope": sum(sum(chunk.skipped.values()) for chunk in comments),
        "posts in plain form": _plain(archive),
    }


def _plain(archive: Archive) -> int:
    data = archive.submissions.read_bytes().rstrip(b"\n")
    found = PlainForm(Submission, "subreddit").find(data, data.count(b"\n") + 1)
    return -1 if found is None else int(found.is_plain.sum())


def _file(path: Path) -> InputFile:
    return InputFile(str(path), path.stat().st_size, path.name)


def different_counts(bounds: Mapping[str, Any], found: Mapping[str, int]) -> Iterator[str]:
    """Sentences on counts that are not what they should be."""
    for name, count in bounds["counts"].items():
        if found.get(name) != count:
            yield f"{name}: {found.get(name)}, and it should be {count}."


def missed_ratios(bounds: Mapping[str, Any], last: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Sentences on ratios of the last runs that are out of their bounds, or were not measured."""
    for benchmark, ratios in bounds["ratios"].items():
        for name, bound in ratios.items():
            value = last.get(benchmark, {}).get(name)
            if value is None:
                yield f"{benchmark}, {name}: not measured; run python -m benchmarks.{benchmark}."
            elif not bound.get("at_least", value) <= value <= bound.get("at_most", value):
                yield f"{benchmark}, {name}: {value}, and the bound is {bound}."


def bounds() -> dict[str, Any]:
    """What `benchmarks/bounds.yaml` says."""
    found: dict[str, Any] = yaml.safe_load(_BOUNDS.read_text())
    return found


def main() -> None:
    """Print what is out of bounds, and fail where something is."""
    with tempfile.TemporaryDirectory() as temporary:
        problems = [*different_counts(bounds(), counts(Path(temporary))), *missed_ratios(bounds(), last_figures())]
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
