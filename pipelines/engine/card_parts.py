"""The configurations of a dataset: their tables, and the files of their splits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from blift.connectors.shard import Shard, month_of
from blift.schemas.configs import CONFIGS
from blift.schemas.printable import printable
from blift.schemas.split import Split


@dataclass(frozen=True)
class SplitFiles:
    """A split of a configuration: the pattern of their names, the files, their rows, their bytes on disk."""

    name: str
    pattern: str
    paths: list[str]
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Config:
    """A configuration that has files."""

    name: str
    table: str
    splits: list[SplitFiles]


def configs_of(shards: Sequence[Shard], layout: Sequence[tuple[str, str, str]] = CONFIGS) -> list[Config]:
    """The configurations that have files.

    Args:
        layout: name, folder and table of all configurations.
    """
    found = []
    for name, folder, table in layout:
        own = [shard for shard in shards if shard.path.startswith(f"{folder}/")]
        if own:
            found.append(Config(name, table, [split for split in _splits(folder, own) if split.paths]))
    return found


def _splits(folder: str, shards: Sequence[Shard]) -> list[SplitFiles]:
    if any(month_of(shard.path) for shard in shards):
        folder = f"{folder}/*"
    if folder.startswith("instructions/"):
        return [_split(split.value, f"{folder}/{split.value}-*.parquet", shards) for split in Split]
    return [_split("train", f"{folder}/*.parquet", shards)]


def _split(name: str, pattern: str, shards: Sequence[Shard]) -> SplitFiles:
    own = [shard for shard in shards if fnmatch(shard.path, pattern)]
    return SplitFiles(
        name, pattern, sorted(s.path for s in own), sum(s.rows for s in own), sum(s.size_bytes for s in own)
    )


def code(text: str) -> str:
    """A text from outside as code in a cell of a Markdown table."""
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", shown)), default=0))
    return f"{fence}{shown}{fence}" if len(fence) == 1 else f"{fence} {shown} {fence}"
