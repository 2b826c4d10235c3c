"""`blift inspect`: what a run folder holds."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from blift.connectors.parquet import read_shard
from blift.connectors.shard import Shard
from blift.pipelines.commands.show import show_funnel
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import run_folder
from blift.schemas.counted import counted
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable_lines

#: Items of a list that are shown.
_SHOWN_ITEMS = 3

#: Folders of a run, the table that their shards hold.
TABLE_OF = {
    "posts/": "post",
    "comments/": "comment",
    "samples/": "sample",
    "instructions/llava/": "instruction",
    "instructions/chat/": "chat",
    "instructions/llava-without-media/": "instruction",
    "instructions/chat-without-media/": "chat",
    "instructions/preferences/": "preference",
    "instructions/preferences-without-media/": "preference",
    "rejects/": "reject",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `inspect`."""
    names = sorted(name.strip("/") for name in TABLE_OF)
    parser.add_argument("folder", metavar="DIR", help="a run folder, or DIR@previous for the dataset before")
    parser.add_argument("--rows", type=int, default=2, metavar="N", help="rows of each dataset (default: 2)")
    parser.add_argument(
        "--dataset", choices=names, metavar="NAME", help=f"rows of this dataset only: {', '.join(names)}"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift inspect`."""
    if args.rows < 0:
        raise BliftError(f"--rows is {args.rows}; it must be 0 or more.")
    folder = run_folder(args.folder)
    manifest = folder.require_manifest()
    if args.dataset is None:
        show_funnel(manifest, sys.stdout)
    for prefix, table in TABLE_OF.items():
        shards = _shards(manifest, prefix)
        if not shards or (args.dataset and args.dataset != prefix.strip("/")):
            continue
        rows, files = counted(sum(shard.rows for shard in shards), "row"), counted(len(shards), "file")
        print(f"\n{prefix} {rows} in {files}")
        for row in _first_rows(folder, shards, table, args.rows):
            print(printable_lines(json.dumps(_without_nulls(row), ensure_ascii=False, default=str, indent=2)))
    return 0


def _shards(manifest: Manifest, prefix: str) -> list[Shard]:
    return [shard for record in manifest.stages.values() for shard in record.shards if shard.path.startswith(prefix)]


def _first_rows(folder: RunFolder, shards: list[Shard], table: str, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for shard in shards:
        if len(rows) >= count:
            break
        rows += read_shard(folder.path, shard, table).slice(0, count - len(rows)).to_pylist()
    return rows


def _without_nulls(value: Any) -> Any:
    """The value without null and empty members, and with long lists cut, so that a row fits a screen."""
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item not in (None, [], "")}
    if isinstance(value, list):
        shown = [_without_nulls(item) for item in value[:_SHOWN_ITEMS]]
        return [*shown, f"... {len(value) - len(shown)} more"] if len(value) > len(shown) else shown
    return value
