"""What became of each post and sample: every id with its reject, or with the sample that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from blift.connectors.parquet_parts import OpenShard
from blift.transforms.tables import frame

#: Ids of posts and samples that can be looked up; a run with more is for `blift explore`.
MOST_IDS = 2_000_000
#: Ids of one file of the look-up, about; characters of a detail.
_IDS_OF_A_FILE, _DETAIL = 2_000, 300
_KINDS = ("post", "sample")
#: What many rejects share, and is therefore named once in a file of the look-up.
_SHARED = ["stage", "rule", "reason"]
_PLACE = {"source": pl.String, "line": pl.Int64, "detail": pl.String}
_SCHEMA = {"id": pl.String, "kind": pl.UInt32, **_PLACE, "sample": pl.String}


class Fates:
    """Ids of posts and samples with what became of them, gathered shard by shard."""

    def __init__(self) -> None:
        self._parts = [pl.DataFrame(schema=_SCHEMA)]
        self._kinds: dict[tuple[str | None, ...], int] = {}
        self._left = MOST_IDS
        self.complete = True

    def add_rejects(self, rejects: pl.DataFrame) -> None:
        """Add rejects: the columns of their table but for the record."""
        named = rejects.filter(pl.col("record_table").is_in(_KINDS), pl.col("record_id").is_not_null())
        kinds = named.select(_SHARED).unique().sort(_SHARED, nulls_last=True)
        numbers = [self._kinds.setdefault(kind, len(self._kinds)) for kind in kinds.iter_rows()]
        numbered = kinds.with_columns(kind=pl.Series(numbers, dtype=pl.UInt32))
        rows = named.join(numbered, on=_SHARED, how="left", nulls_equal=True, maintain_order="left")
        self._add(rows.select("kind", "source", "line", id="record_id", detail=pl.col("detail").str.slice(0, _DETAIL)))

    def add_samples(self, part: OpenShard) -> None:
        """Add the posts of the samples of a shard."""
        rows = frame(part.members("sample_id", "audiences", "post_id")).explode("audiences").drop_nulls()
        self._add(rows.select(id="audiences", sample="sample_id"))

    def _add(self, rows: pl.DataFrame) -> None:
        self.complete = self.complete and rows.height <= self._left
        self._parts.append(rows.head(self._left))
        self._left -= self._parts[-1].height

    def told(self) -> Iterator[tuple[str, Any]]:
        """The ids in order, in files of some thousands, as pieces of data: ``ids``, ``ids-0``, ...

        ``starts`` of ``ids`` has the first id of each file, in the order of code points. A file tells of posts that a
        sample holds (``kept``) and of what was rejected (``rejected``), column by column; ``kind`` is a place in
        ``kinds``, which have stage, rule and reason.
        """
        rows = pl.concat(self._parts, how="diagonal").sort("id", maintain_order=True)
        self._parts.clear()
        # All rows of one id are in one file.
        ids = rows.get_column("id")
        starts = ids.gather_every(_IDS_OF_A_FILE).unique(maintain_order=True)
        bounds = [*(ids.search_sorted(starts, side="left").to_list() if len(starts) else []), rows.height]
        yield "ids", {"complete": self.complete, "starts": starts.to_list()}
        kinds = list(self._kinds)
        for place, (first, stop) in enumerate(pairwise(bounds)):
            yield f"ids-{place}", _file(rows.slice(first, stop - first), kinds)


def _file(rows: pl.DataFrame, kinds: list[tuple[str | None, ...]]) -> dict[str, Any]:
    kept, rejected = rows.filter(pl.col("kind").is_null()), rows.filter(pl.col("kind").is_not_null())
    used, places = np.unique(rejected.get_column("kind").to_numpy(), return_inverse=True)
    return {
        "kinds": [kinds[each] for each in used],
        "kept": kept.select("id", "sample").to_dict(as_series=False),
        "rejected": {**rejected.select("id", *_PLACE).to_dict(as_series=False), "kind": places.tolist()},
    }
