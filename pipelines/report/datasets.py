"""The datasets of a run folder, or of its release, read a shard at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from blift.connectors.parquet_parts import OpenShard, open_shard
from blift.connectors.shard import Shard, table_folder
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.stages.release.layout import PUBLISHED
from blift.schemas.errors import InputError

_RELEASE, _STAGE = "release/", "release"
#: Table of each dataset, by its folder.
_TABLES = {folder: table for _, folder, table in PUBLISHED}


@dataclass(frozen=True)
class Datasets:
    """What is read: a run folder, its manifest, and whether its release stands for it."""

    folder: RunFolder
    manifest: Manifest
    released: bool = False

    def shards(self, dataset: str) -> list[Shard]:
        """The files of a dataset, in order; none where the run has no such dataset."""
        place = f"{_RELEASE}{dataset}" if self.released else dataset
        return sorted(shard for shard in self.manifest.shards if table_folder(shard.path) == place)

    def rows(self, dataset: str) -> int:
        """Rows of a dataset."""
        return sum(shard.rows for shard in self.shards(dataset))

    def parts(self, dataset: str) -> Iterator[OpenShard]:
        """The shards of a dataset, each open until the next is asked for.

        Raises:
            InputError: a file is missing or damaged.
            SchemaError: a file is of a version that no migration carries to the present one.
        """
        for shard in self.shards(dataset):
            with open_shard(self.folder.path, shard, _TABLES[dataset]) as part:
                yield part

    def pick(
        self, dataset: str, column: str, values: Sequence[str], columns: Sequence[str] | None = None
    ) -> Iterator[dict[str, Any]]:
        """The rows whose ``column`` has one of some values; what lies between them is not decoded.

        Raises:
            InputError: as ``parts``.
            SchemaError: as ``parts``.
        """
        wanted = sorted(set(values))
        for part in self.parts(dataset) if wanted else ():
            yield from part.matching(column, wanted, columns).to_pylist()

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
