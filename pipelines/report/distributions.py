"""Distributions over all samples: numbers in bins, words counted, months, and how often a column has no value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from blift.connectors.parquet_parts import OpenShard
from blift.schemas.registry import SCHEMAS
from blift.transforms.tables import frame

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
#: Values of a word that are told one by one, at most: the most frequent.
_MOST_WORDS = 40
#: Bins begin at 0, 1, 2, 5, 10, 20, 50, ...: what people do is spread over orders of magnitude.
_EDGES = np.array([0, *(step * 10**power for power in range(12) for step in (1, 2, 5))], dtype=np.float64)


@dataclass
class _Number:
    """A number in bins: the first is of what is below 0."""

    bins: np.ndarray = field(default_factory=lambda: np.zeros(len(_EDGES) + 1, dtype=np.int64))
    rows: int = 0
    total: float = 0.0
    least: float | None = None
    most: float | None = None

    def add(self, values: pl.Series) -> None:
        floats = values.drop_nulls().cast(pl.Float64)
        known = floats.filter(floats.is_finite()).to_numpy()
        if not len(known):
            return
        self.bins += np.bincount(np.searchsorted(_EDGES, known, side="right"), minlength=len(self.bins))
        self.rows += len(known)
        self.total += float(np.sum(known))
        ends = (float(np.min(known)), float(np.max(known)))
        self.least = ends[0] if self.least is None else min(self.least, ends[0])
        self.most = ends[1] if self.most is None else max(self.most, ends[1])

    def told(self, name: str, unit: str) -> dict[str, Any]:
        starts = [None, *_EDGES.tolist()]
        ends = [0.0, *_EDGES[1:].tolist(), None]
        held = np.flatnonzero(self.bins)
        shown = range(held[0], held[-1] + 1) if len(held) else range(0)
        return {
            "name": name,
            "unit": unit,
            "rows": self.rows,
            "mean": self.total / self.rows if self.rows else None,
            "least": self.least,
            "most": self.most,
            "bins": [[starts[place], ends[place], int(self.bins[place])] for place in shown],
        }


class Spread:
    """Distributions of samples, gathered shard by shard; every row counts."""

    def __init__(self) -> None:
        self._rows = 0
        self._numbers = {name: _Number() for name in (*NUMBERS, *LISTS)}
        self._words: dict[str, Counter[str | None]] = {name: Counter() for name in (*_WORDS, "month")}
        self._missing = Counter({field.name: 0 for field in SCHEMAS["sample"] if not pa.types.is_list(field.type)})

    def add(self, part: OpenShard) -> None:
        """Add the samples of a shard."""
        rows = frame(part.read([*NUMBERS, *_WORDS, "posted_at"]))
        lengths = frame(part.lengths(list(LISTS)))
        self._rows += part.rows
        for name, number in self._numbers.items():
            number.add((rows if name in NUMBERS else lengths).get_column(name))
        months = rows.select(month=pl.col("posted_at").dt.strftime("%Y-%m"))
        for name, words in self._words.items():
            counts = (months if name == "month" else rows).get_column(name).value_counts()
            words.update(dict(counts.iter_rows()))
        self._missing.update(part.nulls(list(self._missing)))

    def told(self) -> dict[str, Any]:
        """What the page draws."""
        units = {**NUMBERS, **LISTS}
        return {
            "rows": self._rows,
            "numbers": [number.told(name, units[name]) for name, number in self._numbers.items()],
            "words": [_told(name, self._words[name]) for name in _WORDS],
            "months": sorted((month, count) for month, count in self._words["month"].items() if month is not None),
            "missing": sorted(self._missing.items(), key=lambda item: (-item[1], item[0])),
        }


def _told(name: str, counted: Counter[str | None]) -> dict[str, Any]:
    known = sorted(((word, rows) for word, rows in counted.items() if word is not None), key=lambda i: (-i[1], i[0]))
    shown, rest = known[:_MOST_WORDS], known[_MOST_WORDS:]
    return {
        "name": name,
        "missing": counted[None],
        "values": shown,
        "others": [len(rest), sum(rows for _, rows in rest)],
    }
