"""The datasets of a run folder, or of its release, read a shard at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from blift.connectors.parquet import read_shard
from blift.connectors.parquet_parts import count_items, count_nulls, read_leaf, read_matching
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.schemas.errors import InputError
from blift.transforms.tables import frame

_RELEASE, _STAGE = "release/", "release"
#: Table of each dataset that the report reads.
TABLES: Mapping[str, str] = {
    "posts": "post",
    "comments": "comment",
    "samples": "sample",
    "media": "media",
    "rejects": "reject",
    "instructions/chat": "chat",
    "instructions/llava": "instruction",
    "instructions/llava-without-media": "instruction",
}


@dataclass(frozen=True)
class Datasets:
    """What is read: a run folder, its manifest, and whether its release stands for it."""

    folder: RunFolder
    manifest: Manifest
    released: bool = False

    def shards(self, dataset: str) -> list[Shard]:
        """The files of a dataset, in order; none where the run has no such dataset."""
        prefix = f"{_RELEASE}{dataset}/" if self.released else f"{dataset}/"
        return sorted(shard for shard in self.manifest.shards if shard.path.rpartition("/")[0] + "/" == prefix)

    def rows(self, dataset: str) -> int:
        """Rows of a dataset."""
        return sum(shard.rows for shard in self.shards(dataset))

    def read(self, dataset: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Some columns of a dataset, shard by shard.

        Raises:
            InputError: a file is missing or damaged.
            SchemaError: a file is of a version that no migration carries to the present one.
        """
        for shard in self.shards(dataset):
            yield frame(read_shard(self.folder.path, shard, TABLES[dataset], columns))

    def items(self, dataset: str, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """How many items the lists of some columns have, shard by shard, in the rows' order."""
        for shard in self.shards(dataset):
            yield frame(count_items(self.folder.path, shard, TABLES[dataset], columns))

    def nulls(self, dataset: str, columns: Sequence[str]) -> dict[str, int]:
        """Rows without a value, by column."""
        found = dict.fromkeys(columns, 0)
        for shard in self.shards(dataset):
            for column, count in count_nulls(self.folder.path, shard, TABLES[dataset], columns).items():
                found[column] += count
        return found

    def pick(
        self, dataset: str, column: str, values: Sequence[str], columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """The rows whose ``column`` has one of some values; what lies between them is not decoded."""
        wanted = sorted(set(values))
        for shard in self.shards(dataset) if wanted else ():
            yield from read_matching(self.folder.path, shard, TABLES[dataset], column, wanted, columns).to_pylist()

    def audiences(self) -> Iterator[pl.DataFrame]:
        """Posts and the samples that they are in: ``post_id``, ``sample_id``, shard by shard."""
        for shard in self.shards("samples"):
            rows = frame(read_leaf(self.folder.path, shard, "sample", "sample_id", "audiences", "post_id"))
            yield rows.explode("audiences").drop_nulls().select(post_id="audiences", sample_id="sample_id")

    def as_released(self) -> Datasets:
        """The release of the same run.

        Raises:
            InputError: it has none.
        """
        if _STAGE not in self.manifest.stages:
            raise InputError(
                f"{self.folder.path} has no release. Run `blift publish --dry-run`, which makes one, or leave "
                "--released out."
            )
        return replace(self, released=True)
