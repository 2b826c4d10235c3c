"""`blift verify`: whether a run folder holds a whole dataset, as it was written and as its tables say."""

from __future__ import annotations

import argparse
from pathlib import Path

from blift.pipelines.build.stages import named_in
from blift.pipelines.engine.run_folder import RECIPE
from blift.pipelines.engine.verify import problems
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.recipe.text import read_recipe
from blift.schemas.counted import counted
from blift.schemas.printable import printable

_EXIT_DIFFERS = 1
_AGAIN = "Run `blift build` with the recipe again: it writes what is missing or has changed, and nothing else."
_RESTORE = (
    "A build writes the present dataset, and not this one, which an update has replaced. Restore its files from a "
    "copy, or delete what updates have replaced with `blift clean`."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `verify`."""
    parser.description = (
        "Check that a dataset is complete: that every stage of its recipe has run, every step of the funnel lost "
        "nothing, every file has the sha256 with which it was written, rows are what their tables say (types, nulls, "
        "enum values, ranges, keys), that ids lead to rows, and that timelines lie within their media. "
        "Exit code 1 where something is wrong."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder, or DIR@previous for the dataset before")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift verify`."""
    folder = run_folder(args.folder)
    manifest = folder.require_manifest()
    content, _ = read_recipe(folder.recipe_text(), Path(folder.file(RECIPE)))
    found = list(problems(folder, manifest, named_in(content)))
    for problem in found:
        print(printable(problem))
    if found:
        print(_AGAIN if folder.replaced is None else _RESTORE)
        return _EXIT_DIFFERS
    fingerprint = printable(manifest.fingerprint)
    files = counted(len(manifest.shards), "file is as it was", "files are as they were")
    print(f"{files} written and as their tables say; every step of the funnel balances. {fingerprint}")
    return 0
