"""Distributions over all samples, out of the counts that `blift stats` describes too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from blift.connectors.parquet_parts import OpenShard
from blift.schemas.registry import SCHEMAS
from blift.transforms.statistics.counts import Summed, count, count_lengths, count_missing
from blift.transforms.statistics.describe import CountedColumn, columns_of, most_frequent
from blift.transforms.statistics.numbers import NOTHING, binned, describe_numbers

#: Numbers that are shown, and what they count in.
NUMBERS = {
    "score": "upvotes less downvotes",
    "likes": "likes",
    "views": "views",
    "num_comments": "comments that the platforms count",
    "duration_s": "seconds",
}
#: Lists whose lengths are shown.
LISTS = {"comments": "chosen comments", "scenes": "scenes", "audiences": "posts of the media"}
_WORDS = ("platform", "media_kind", "language", "subreddit", "replay_absent")
_TIME = "posted_at"
_READ = (*NUMBERS, *_WORDS, _TIME)
#: Columns of which only the missing values are shown.
_OTHERS = tuple(each.name for each in SCHEMAS["sample"] if not pa.types.is_list(each.type) and each.name not in _READ)
#: Values of a word that are told one by one, at most: the most frequent.
_MOST_WORDS = 40
#: Bins begin at 0, 1, 2, 5, 10, 20, 50, ...: what people do is spread over orders of magnitude.
_EDGES = np.array([0, *(step * 10**power for power in range(12) for step in (1, 2, 5))], dtype=np.float64)


class Distributions:
    """Distributions of samples, gathered shard by shard; every row counts."""

    def __init__(self) -> None:
        self._rows = 0
        self._counts = Summed()

    def add(self, part: OpenShard) -> None:
        """Add the samples of a shard."""
        self._rows += part.rows
        self._counts.add(count(part.read(_READ)))
        self._counts.add(count_lengths(part.lengths(list(LISTS))))
        self._counts.add(count_missing("sample", part.rows, part.nulls(_OTHERS)))

    def told(self) -> dict[str, Any]:
        """What the page draws."""
        columns = columns_of(self._counts.total())
        missing = {name: columns[name].totals["missing"] for name in (*_READ, *_OTHERS)}
        return {
            "rows": self._rows,
            "numbers": [
                *(_number(unit, columns[name], "values") for name, unit in NUMBERS.items()),
                *(_number(unit, columns[name], "lengths") for name, unit in LISTS.items()),
            ],
            "words": [_words(columns[name]) for name in _WORDS],
            "months": sorted(columns[_TIME].words.get("months", {}).items()),
            "missing": sorted(missing.items(), key=lambda item: (-item[1], item[0])),
        }


def _number(unit: str, column: CountedColumn, measure: str) -> dict[str, Any]:
    """A number: its figures, and the bins from the first to the last that hold something."""
    counted = column.numbers.get(measure, NOTHING)
    described, bins = describe_numbers(counted), binned(counted, _EDGES)
    starts = [None, *_EDGES.tolist()]
    ends = [0.0, *_EDGES[1:].tolist(), None]
    held = np.flatnonzero(bins)
    shown = range(held[0], held[-1] + 1) if len(held) else range(0)
    return {
        "name": column.name,
        "unit": unit,
        "rows": described.count,
        "mean": described.mean,
        "median": described.quantiles.get("0.50"),
        "least": described.min,
        "most": described.max,
        "bins": [[starts[place], ends[place], int(bins[place])] for place in shown],
    }


def _words(column: CountedColumn) -> dict[str, Any]:
    words = column.words.get("words", {})
    shown = most_frequent(words, _MOST_WORDS)
    return {
        "name": column.name,
        "missing": column.totals["missing"],
        "values": shown,
        "others": [len(words) - len(shown), sum(words.values()) - sum(rows for _, rows in shown)],
    }
