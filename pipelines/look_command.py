"""`blift inspect` and `blift verify`: what a run folder holds, and whether it still is what was written."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from connectors.parquet import Shard, file_sha256, read_shard
from pipelines.build import dataset_fingerprint
from pipelines.run_folder import MANIFEST, Manifest, RunFolder
from pipelines.show import funnel_rows, show_funnel
from schemas.errors import BliftError, InputError
from transforms.accounting import unbalanced

_EXIT_DIFFERS = 1
#: Items of a list that are shown.
_SHOWN_ITEMS = 3

#: Folders of a run, the table that their shards hold.
TABLE_OF = {
    "posts/": "post",
    "comments/": "comment",
    "samples/": "sample",
    "instructions/llava/": "instruction",
    "instructions/chat/": "chat",
    "rejects/": "reject",
}


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `inspect` and `verify` to the command's parser."""
    inspect_parser = commands.add_parser(
        "inspect", help="show the funnel and sample rows of a run folder", allow_abbrev=False
    )
    inspect_parser.add_argument("folder", metavar="DIR", help="a run folder")
    inspect_parser.add_argument("--rows", type=int, default=2, metavar="N", help="rows of each dataset (default: 2)")
    inspect_parser.add_argument(
        "--dataset", choices=sorted(name.strip("/") for name in TABLE_OF), metavar="NAME",
        help="rows of this dataset only: " + ", ".join(sorted(name.strip("/") for name in TABLE_OF)),
    )  # fmt: skip
    inspect_parser.set_defaults(run=inspect)
    verify_parser = commands.add_parser(
        "verify", help="recompute the digests of a run folder", allow_abbrev=False,
        description="Recompute the sha256 of every shard, and check that every step of the funnel lost nothing. "
        "Exit code 1 where something differs.",
    )  # fmt: skip
    verify_parser.add_argument("folder", metavar="DIR", help="a run folder")
    verify_parser.set_defaults(run=verify)


def inspect(args: argparse.Namespace) -> int:
    """Run `blift inspect`."""
    if args.rows < 0:
        raise BliftError(f"--rows is {args.rows}; it must be 0 or more.")
    folder = RunFolder(args.folder)
    manifest = _manifest(folder)
    if args.dataset is None:
        show_funnel(manifest, sys.stdout)
    for prefix, table in TABLE_OF.items():
        shards = _shards(manifest, prefix)
        if not shards or (args.dataset and args.dataset != prefix.strip("/")):
            continue
        print(f"\n{prefix} {sum(shard.rows for shard in shards):,} rows in {len(shards)} files")
        for row in _first_rows(folder, shards, table, args.rows):
            print(json.dumps(_without_nulls(row), ensure_ascii=False, default=str, indent=2))
    return 0


def verify(args: argparse.Namespace) -> int:
    """Run `blift verify`."""
    folder = RunFolder(args.folder)
    manifest = _manifest(folder)
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
        problems.append("The manifest was edited: its fingerprint is not that of its shards.")
    for problem in problems:
        print(problem)
    if problems:
        print(f"{len(problems)} problems. Run `blift build` again to write what is missing or changed.")
        return _EXIT_DIFFERS
    print(f"{len(shards)} files are as they were written; every step of the funnel balances. {manifest.fingerprint}")
    return 0


def _manifest(folder: RunFolder) -> Manifest:
    manifest = folder.read_manifest()
    if manifest is None:
        raise InputError(f"{folder.path} has no {MANIFEST}: it is no run folder, or its build did not finish a stage.")
    return manifest


def _shards(manifest: Manifest, prefix: str) -> list[Shard]:
    return [shard for record in manifest.stages.values() for shard in record.shards if shard.path.startswith(prefix)]


def _first_rows(folder: RunFolder, shards: list[Shard], table: str, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for shard in shards:
        if len(rows) >= count:
            break
        rows += read_shard(folder.path, shard.path, table).slice(0, count - len(rows)).to_pylist()
    return rows


def _without_nulls(value: Any) -> Any:
    """The value without null and empty members, and with long lists cut, so that a row fits a screen."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item not in (None, [], "")}
    if isinstance(value, list):
        shown = [_without_nulls(item) for item in value[:_SHOWN_ITEMS]]
        return [*shown, f"... {len(value) - len(shown)} more"] if len(value) > len(shown) else shown
    return value
