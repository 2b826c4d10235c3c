"""Samples, and the comments that were chosen for them, as the formats of other datasets look at them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.errors import InputError
from blift.transforms.splits import components, split_of
from blift.transforms.tables import frame


@dataclass(frozen=True)
class ExportedSample:
    """A row of the table `sample`, and its split."""

    row: Mapping[str, Any]
    split: str


@dataclass(frozen=True)
class ExportedComment:
    """A chosen comment: who wrote it (a pseudonym, or None), on which sample, and when; and its split."""

    author: str | None
    sample_id: str
    posted_at: Any
    split: str


def splits_of(folder: RunFolder) -> dict[str, str]:
    """The split of every sample, as instruction pairs have it.

    Raises:
        InputError: the dataset has no pairs, so that nobody has said how large the splits are.
    """
    parts = [_read(folder, shard, ["sample_id", "cluster", "channel_id"]) for shard in _samples(folder)]
    manifest = folder.require_manifest()
    if "instruct" not in manifest.stages or not parts:
        raise InputError(f"{folder.path} has no splits: the stage instruct has not run. Build it to its end.")
    shares = manifest.stages["instruct"].inputs["instruct"]["splits"]
    samples = pl.concat(parts).sort("sample_id")
    groups = components(samples["sample_id"], samples["cluster"], samples["channel_id"])
    return dict(zip(samples["sample_id"], split_of(groups, shares["validation"], shares["test"]), strict=True))


def commented(folder: RunFolder) -> dict[str, tuple[str, str]]:
    """The sample and the split of each chosen comment, by the comment's id."""
    splits = splits_of(folder)
    found: dict[str, tuple[str, str]] = {}
    for shard in _samples(folder):
        rows = _read(folder, shard, ["sample_id", "comments"]).explode("comments").drop_nulls("comments")
        ids = rows["comments"].struct.field("comment_id")
        found.update({name: (sample, splits[sample]) for name, sample in zip(ids, rows["sample_id"], strict=True)})
    return found


def sample_of(row: Mapping[str, Any], splits: Mapping[str, str]) -> ExportedSample:
    """The sample in a row of the table `sample`."""
    return ExportedSample(row, splits[row["sample_id"]])


def comment_of(row: Mapping[str, Any], chosen: Mapping[str, tuple[str, str]]) -> ExportedComment | None:
    """The comment in a row of the table `comment`; None where it was chosen for no sample."""
    if row["comment_id"] not in chosen:
        return None
    sample_id, split = chosen[row["comment_id"]]
    return ExportedComment(row["author"], sample_id, row["posted_at"], split)


def _samples(folder: RunFolder) -> Iterator[Shard]:
    record = folder.require_manifest().stages.get("curate")
    return (shard for shard in sorted(record.shards if record else ()) if shard.path.startswith("samples/"))


def _read(folder: RunFolder, shard: Shard, columns: list[str]) -> pl.DataFrame:
    return frame(read_shard(folder.path, shard, "sample", columns))
