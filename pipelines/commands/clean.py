"""`blift clean`: the datasets that updates have replaced, deleted from a run folder."""

from __future__ import annotations

import argparse

from blift.pipelines.build.stages import STAGES, stage
from blift.pipelines.engine.versions import prune, prune_lists, prune_unnamed, run_folder
from blift.schemas.counted import counted
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `clean`."""
    parser.description = (
        "Delete the datasets that updates of a run folder have replaced, and files that builds which did not end "
        "left behind, media that no pair shows any more, and lists that no recipe names any more. Files of the present "
        "dataset stay."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="replaced datasets to keep (default: 0)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift clean`."""
    from blift.pipelines.stages.instruct.store import prune_media  # noqa: PLC0415 - slow

    if args.keep < 0:
        raise BliftError(f"--keep is {args.keep}; it must be 0 or more.")
    folder = run_folder(args.folder)
    if folder.replaced is not None:
        raise BliftError(
            f"{args.folder} is one of the datasets that {folder.path} keeps, and `clean` takes the whole folder: write "
            f"blift clean {folder.path}, with --keep N for the last N of them."
        )
    folder.require_manifest()
    with folder.locked():
        gone = prune(folder, args.keep)
        tables = [table for name in STAGES for table in stage(name).files]
        gone += prune_unnamed(folder, tables)
        gone += prune_media(folder)
        gone += prune_lists(folder)
    print(f"Deleted {counted(len(gone), 'file')} of {printable(folder.path)}.")
    return 0
