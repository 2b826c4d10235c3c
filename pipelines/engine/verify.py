"""Whether a dataset is whole, is what was written, and is what its tables say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from blift.connectors.parquet import file_sha256, read_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.invariants import violations
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage_run import dataset_fingerprint
from blift.pipelines.engine.validate import validate_files
from blift.schemas.configs import LISTS
from blift.schemas.errors import InputError
from blift.schemas.media import MediaForm
from blift.transforms.accounting import unbalanced
from blift.transforms.invariants import broken_timelines, pictures_of_videos
from blift.transforms.tables import frame, hash64

#: Tables with timelines, and the beginning of their files; media before the samples that show them.
TIMED = {"post": "posts/", "media": "media/", "sample": "samples/"}
#: Folders whose files are of no table of blift: lists of files, of digests, statistics; and those of media themselves.
_NO_TABLES = (f"{LISTS}/", "fetched/", "release/", "stats/")

#: Folders of tables of whose rows more holds than their definition says (``invariants``).
_CHECKED = {"posts/": "post", "comments/": "comment"}


@dataclass(frozen=True)
class Reference:
    """A column whose values must be keys of another table. `column.member` is one of structs."""

    folder: str
    table: str
    column: str
    keys_folder: str
    keys_table: str
    key: str


REFERENCES = (
    Reference("posts/", "post", "post_id", "origins/", "origin", "record_id"),
    Reference("comments/", "comment", "comment_id", "origins/", "origin", "record_id"),
    Reference("comments/", "comment", "post_id", "posts/", "post", "post_id"),
    Reference("samples/", "sample", "audiences.post_id", "posts/", "post", "post_id"),
    Reference("samples/", "sample", "comments.comment_id", "comments/", "comment", "comment_id"),
    Reference("annotations/", "annotation", "sample_id", "samples/", "sample", "sample_id"),
    Reference("samples/", "sample", "sha256", "media/", "media", "sha256"),
    Reference("media/", "media", "cluster", "media/", "media", "sha256"),
    Reference("instructions/llava/", "instruction", "sample_id", "samples/", "sample", "sample_id"),
    Reference("instructions/chat/", "chat", "sample_id", "samples/", "sample", "sample_id"),
    Reference("instructions/preferences", "preference", "preferred.sample_id", "samples/", "sample", "sample_id"),
    Reference("instructions/preferences", "preference", "other.sample_id", "samples/", "sample", "sample_id"),
)


def problems(folder: RunFolder, manifest: Manifest, needed: Sequence[str]) -> Iterator[str]:
    """A sentence for each thing that is wrong with a dataset; rows are looked at where all files are as written.

    Args:
        needed: the stages without which the dataset is not whole.
    """
    if missing := [name for name in needed if name not in manifest.stages]:
        have = "has" if len(missing) == 1 else "have"
        yield f"The dataset is not complete: {' and '.join(missing)} {have} not run."
    yield from unbalanced(list(funnel_rows(manifest)))
    if dataset_fingerprint(manifest.shards) != manifest.fingerprint:
        yield "The manifest was edited: its fingerprint is not that of its shards. Delete it."
    changed = list(_changed(folder, manifest.shards))
    yield from changed
    if not changed:
        yield from _of_tables(folder, manifest.shards)
        yield from _of_rows(folder, manifest.shards)
        yield from _of_references(folder, manifest.shards)
        yield from _of_media(folder, manifest.shards)


def _changed(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    for shard in shards:
        try:
            found = file_sha256(folder.file(shard.path))
        except InputError as error:
            yield str(error)
            continue
        if found != shard.sha256:
            yield f"{shard.path} has changed: sha256 {found[:16]}..., written as {shard.sha256[:16]}..."


def _of_tables(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    tables = [shard for shard in shards if not shard.path.startswith(_NO_TABLES)]
    for finding in validate_files(folder.file(shard.path) for shard in tables):
        yield f"{finding.file.removeprefix(folder.file(''))}: {finding.rule}: {finding.sentence}"


def _of_rows(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    for shard in shards:
        table = next((table for beginning, table in _CHECKED.items() if shard.path.startswith(beginning)), None)
        if table is not None:
            sentences = violations(read_shard(folder.path, shard, table), table)
            yield from (f"{shard.path}: {sentence}" for sentence in sentences)


def _of_references(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    keys: dict[str, np.ndarray] = {}
    for reference in REFERENCES:
        own = [shard for shard in shards if shard.path.startswith(reference.folder)]
        others = [shard for shard in shards if shard.path.startswith(reference.keys_folder)]
        if not own or not others:
            continue
        if reference.keys_table not in keys:
            hashes = [hash64(_column(folder, shard, reference.keys_table, reference.key)) for shard in others]
            keys[reference.keys_table] = np.concatenate(hashes)
        for shard in own:
            yield from _unknown(folder, shard, reference, keys[reference.keys_table])


def _of_media(folder: RunFolder, shards: Sequence[Shard]) -> Iterator[str]:
    """Timelines that leave their media, and videos whose file is a still picture."""
    pictures = [pl.Series("sha256", [], pl.String)]
    for table, beginning in TIMED.items():
        for shard in (shard for shard in shards if shard.path.startswith(beginning)):
            rows = frame(read_shard(folder.path, shard, table))
            if table == "media":
                pictures.append(rows.filter(pl.col("form") == MediaForm.IMAGE.value)["sha256"])
            elif table == "sample":
                yield from (f"{shard.path}: {wrong}" for wrong in pictures_of_videos(rows, pl.concat(pictures)))
            yield from (f"{shard.path}: {wrong}" for wrong in broken_timelines(table, rows))


def _unknown(folder: RunFolder, shard: Shard, reference: Reference, keys: np.ndarray) -> Iterator[str]:
    values = _column(folder, shard, reference.table, reference.column)
    strangers = values.filter(pl.Series(~np.isin(hash64(values), keys)))
    if len(strangers):
        count = "1 value is" if len(strangers) == 1 else f"{len(strangers):,} values are"
        yield (
            f"{shard.path}: `{reference.column}`: {count} no `{reference.key}` of {reference.keys_folder}, such as "
            f"{strangers[0]!r}."
        )


def _column(folder: RunFolder, shard: Shard, table: str, column: str) -> pl.Series:
    name, _, member = column.partition(".")
    values = pl.Series(name, read_shard(folder.path, shard, table, [name]).column(name))
    if member:
        values = (values.explode() if isinstance(values.dtype, pl.List) else values).struct.field(member)
    return values.drop_nulls()
