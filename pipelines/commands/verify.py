"""`blift verify`: whether a run folder still is what was written."""

from __future__ import annotations

import argparse

from blift.connectors.parquet import file_sha256
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.stage_run import dataset_fingerprint
from blift.pipelines.engine.versions import run_folder
from blift.schemas.errors import InputError
from blift.schemas.printable import printable
from blift.transforms.accounting import unbalanced

_EXIT_DIFFERS = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.description = (
        "Recompute the sha256 of every shard, and check that every step of the funnel lost nothing. "
        "Exit code 1 where something differs."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder, or DIR@previous for the dataset before")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift verify`."""
    folder = run_folder(args.folder)
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
