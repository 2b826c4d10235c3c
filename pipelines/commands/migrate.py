"""`blift migrate`: a run folder of an earlier version in the present one."""

from __future__ import annotations

import argparse

from blift.pipelines.engine.run_folder import RunFolder
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `migrate`."""
    parser.description = (
        "Write a run folder whose tables are in their present versions, out of one of an earlier version, which stays "
        "as it is. What the new versions say and the old data do not tell is named."
    )
    parser.add_argument("folder", metavar="RUN", help="a run folder")
    parser.add_argument("--out", required=True, metavar="DIR", help="the new run folder")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift migrate`."""
    from blift.pipelines.engine.migrate import migrate, told  # noqa: PLC0415 - slow, and `--help` needs none

    target = RunFolder(args.out)
    for line in told(migrate(RunFolder(args.folder), target), target):
        print(printable(line))
    return 0
