"""`blift verify`: whether a run folder still is what was written."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import polars as pl

from blift.connectors.parquet import file_sha256, read_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.stage_run import dataset_fingerprint
from blift.schemas.errors import InputError
from blift.schemas.printable import printable
from blift.transforms.accounting import unbalanced
from blift.transforms.invariants import broken_media, broken_timelines
from blift.transforms.tables import frame

_EXIT_DIFFERS = 1
#: Tables whose rows are checked, by their folder.
_TABLES = {"posts": "post", "media": "media", "samples": "sample"}
#: Columns that are compared over all shards.
_COMPARED = {
    "media": {"sha256": pl.String(), "cluster": pl.String(), "form": pl.String()},
    "sample": {"sample_id": pl.String(), "media_kind": pl.String(), "sha256": pl.String()},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.description = (
        "Recompute the sha256 of every shard, check that every step of the funnel lost nothing, and that timelines lie "
        "within their media. "
        "Exit code 1 where something differs."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder")
    parser.set_defaults(run=run)


def broken_rows(folder: RunFolder, shards: Sequence[Shard]) -> list[str]:
    """What does not hold of the rows of some shards, as sentences.

    Raises:
        InputError: a shard cannot be read.
    """
    problems: list[str] = []
    kept: dict[str, list[pl.DataFrame]] = {name: [pl.DataFrame(schema=columns)] for name, columns in _COMPARED.items()}
    for shard in shards:
        table = _TABLES.get(shard.path.partition("/")[0])
        if table is None:
            continue
        rows = frame(read_shard(folder.path, shard, table))
        problems += broken_timelines(table, rows)
        if table in kept:
            kept[table].append(rows.select(list(_COMPARED[table])))
    media, samples = (pl.concat(kept[name], how="vertical_relaxed") for name in ("media", "sample"))
    return problems + broken_media(media, samples)


def run(args: argparse.Namespace) -> int:
    """Run `blift verify`."""
    folder = RunFolder(args.folder)
    manifest = folder.require_manifest()
    problems = unbalanced(list(funnel_rows(manifest)))
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    for shard in shards:
        try:
            found = file_sha256(folder.file(shard.path))
        except InputError as error:
            problems.append(str(error))
            continue
        if found != shard.sha256:
            problems.append(f"{shard.path} has changed: sha256 {found[:16]}..., written as {shard.sha256[:16]}...")
    if not problems:
        problems += broken_rows(folder, shards)
    if dataset_fingerprint(shards) != manifest.fingerprint:
        problems.append("The manifest was edited: its fingerprint is not that of its shards. Delete it.")
    for problem in problems:
        print(printable(problem))
    if problems:
        print("Delete the files that have changed, and run `blift build` again: it writes what is missing.")
        return _EXIT_DIFFERS
    fingerprint = printable(manifest.fingerprint)
    print(f"{len(shards)} files are as they were written; every step of the funnel balances. {fingerprint}")
    return 0
