"""What became of each post and sample: every id with its reject, or with the sample that holds it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
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
_REJECT = ["record_id", "stage", "rule", "reason", "source", "line", "detail"]
_SCHEMA = {
    "id": pl.String,
    "stage": pl.String,
    "rule": pl.String,
    "reason": pl.String,
    "source": pl.String,
    "line": pl.Int64,
    "detail": pl.String,
    "sample": pl.String,
}


class Fates:
    """Ids of posts and samples with what became of them, gathered shard by shard."""

    def __init__(self) -> None:
        self._parts = [pl.DataFrame(schema=_SCHEMA)]
        self._left = MOST_IDS
        self.complete = True

    def add_rejects(self, rejects: pl.DataFrame) -> None:
        """Add rejects: the columns of their table but for the record."""
        named = rejects.filter(pl.col("record_table").is_in(_KINDS), pl.col("record_id").is_not_null())
        cut = pl.col("detail").str.slice(0, _DETAIL)
        self._add(named.select(_REJECT).with_columns(detail=cut).rename({"record_id": "id"}))

    def add_samples(self, part: OpenShard) -> None:
        """Add the posts of the samples of a shard."""
        rows = frame(part.members("sample_id", "audiences", "post_id")).explode("audiences").drop_nulls()
        self._add(rows.select(id="audiences", sample="sample_id"))

    def _add(self, rows: pl.DataFrame) -> None:
        self.complete = self.complete and rows.height <= self._left
        self._parts.append(rows.head(self._left))
        self._left -= self._parts[-1].height

    def told(self) -> Iterator[tuple[str, Any]]:
        """The ids in buckets by a checksum, as pieces of data: ``ids``, ``ids-0``, ...

        A row is ``[id, sample id]`` of what is in a sample, and ``[id, kind, source, line, detail]`` of what was
        rejected, where ``kinds`` has stage, rule and reason.
        """
        rows = pl.concat(self._parts, how="diagonal")
        buckets = max(1, -(-rows.height // _IDS_OF_A_FILE))
        sums = np.fromiter((zlib.crc32(each.encode()) for each in rows["id"]), np.uint32, rows.height)
        placed = rows.with_columns(bucket=pl.Series(sums % np.uint32(buckets))).sort(
            "bucket", *_SCHEMA, nulls_last=True
        )
        yield "ids", {"complete": self.complete, "buckets": buckets}
        groups = {int(key[0]): group for key, group in placed.partition_by("bucket", as_dict=True).items()}
        for bucket in range(buckets):
            yield f"ids-{bucket}", _bucket(groups.get(bucket, placed.clear()))


def _bucket(rows: pl.DataFrame) -> dict[str, Any]:
    kinds: dict[tuple[str, ...], int] = {}
    told: list[list[Any]] = []
    for name, stage, rule, reason, source, line, detail, sample in rows.select(*_SCHEMA).iter_rows():
        if sample is not None:
            told.append([name, sample])
            continue
        told.append([name, kinds.setdefault((stage, rule, reason), len(kinds)), source, line, detail])
    return {"kinds": list(kinds), "rows": told}
