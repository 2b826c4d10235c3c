"""The samples that the page shows: a draw that is the same whenever it is made, and what is seen of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from blift.connectors.parquet_parts import OpenShard
from blift.pipelines.report.datasets import Datasets
from blift.transforms.tables import frame

#: Samples that are drawn if nothing else is asked for, and of each kind that a draw might miss.
DRAWN, OF_A_KIND = 500, 50
#: Characters of a text that the page holds, and that the list shows.
MOST_CHARACTERS, _LISTED_CHARACTERS = 20_000, 160


class Draw:
    """Samples drawn of all, and a few more with a replay graph, with several scenes, of several posts.

    An id is a hash of the media, so the lowest ids are a random draw, the same of every run that holds the sample; and
    as the rows of a shard are in the order of their ids, they lie together.

    Args:
        count: samples to draw of all.
    """

    def __init__(self, count: int) -> None:
        self._most = {"all": count, **dict.fromkeys(("replay", "scenes", "audiences"), min(count, OF_A_KIND))}
        self._kept: dict[str, list[str]] = {kind: [] for kind in self._most}

    def add(self, part: OpenShard) -> None:
        """Draw of the samples of a shard."""
        ids = frame(part.read(["sample_id"]))
        rows = ids.hstack(frame(part.lengths(["replay", "scenes", "audiences"])))
        least = {"replay": 1, "scenes": 2, "audiences": 2}
        for kind, most in self._most.items():
            chosen = rows if kind == "all" else rows.filter(pl.col(kind) >= least[kind])
            found = chosen.get_column("sample_id").bottom_k(most).to_list()
            self._kept[kind] = sorted([*self._kept[kind], *found])[:most]

    @property
    def ids(self) -> list[str]:
        """Those that were drawn, in order."""
        return sorted({sample for ids in self._kept.values() for sample in ids})

    @property
    def at_random(self) -> int:
        """How many of them stand for all."""
        return len(self._kept["all"])


def drawn_rows(datasets: Datasets, ids: list[str]) -> list[dict[str, Any]]:
    """The samples of some ids, by id, as rows of their table."""
    return sorted(datasets.pick("samples", "sample_id", ids), key=lambda row: str(row["sample_id"]))


def listed(row: Mapping[str, Any]) -> list[Any]:
    """What the list of samples shows of one, in the order of ``COLUMNS``."""
    title = row["title"] or ""
    return [
        row["sample_id"],
        title[:_LISTED_CHARACTERS] + ("…" if len(title) > _LISTED_CHARACTERS else ""),
        row["platform"],
        row["media_kind"],
        row["language"],
        row["posted_at"],
        row["score"],
        row["likes"],
        row["views"],
        row["num_comments"],
        row["duration_s"],
        len(row["comments"]),
        len(row["scenes"]),
        len(row["audiences"]),
        len(row["replay"]),
        row["replay_absent"],
    ]


COLUMNS = (
    "sample_id",
    "title",
    "platform",
    "media_kind",
    "language",
    "posted_at",
    "score",
    "likes",
    "views",
    "num_comments",
    "duration_s",
    "comments",
    "scenes",
    "posts",
    "replay",
    "replay_absent",
)


def plain(value: Any, most: int = MOST_CHARACTERS) -> Any:
    """A value as the page reads it: without numbers that JSON has none for, and with long texts cut.

    A text of more than ``most`` characters is cut to ``{"cut": text, "characters": n}``, so that the page tells how
    much is missing.
    """
    match value:
        case str():
            return value if len(value) <= most else {"cut": value[:most], "characters": len(value)}
        case float():
            return value if math.isfinite(value) else None
        case list() | tuple():
            return [plain(item, most) for item in value]
        case dict():
            return {key: plain(item, most) for key, item in value.items()}
        case _:
            return value
