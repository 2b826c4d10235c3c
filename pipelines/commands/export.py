"""`blift export`: instruction pairs in the files that a trainer reads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from blift.pipelines.engine.versions import run_folder
from blift.pipelines.export.formats import FORMATS
from blift.schemas.counted import counted
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `export`."""
    parser.description = (
        "Write the instruction pairs of a run folder in the files that a trainer reads, with their media beside them. "
        "Pairs whose media have no file are left out, and so are those that the trainer does not take; both are "
        "counted. The same run folder gives the same bytes."
    )
    parser.epilog = "\n".join(["trainers:", *(f"  {each.name}: {each.trainer}" for each in FORMATS.values())])
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", metavar="RUN", help="a run folder, or RUN@previous for the dataset before")
    parser.add_argument("--to", choices=FORMATS, required=True, metavar="TRAINER", help=", ".join(FORMATS))
    parser.add_argument("--out", required=True, metavar="DIR", help="a new folder, or one of an export to the same")
    parser.add_argument("--mix", metavar="FILE", help="a YAML file that names other datasets to mix in, with weights")
    parser.add_argument("--released", action="store_true", help="export the release, without personal data")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift export`."""
    from blift.pipelines.export.export import export  # noqa: PLC0415 - slow
    from blift.pipelines.export.mix import read_mix  # noqa: PLC0415 - the same

    chosen = FORMATS[args.to]
    mixed = read_mix(Path(args.mix)) if args.mix else None
    done = export(run_folder(args.folder), chosen, Path(args.out), released=args.released, mixed=mixed)
    for origin in sorted(origin for origin, count in done.mixed.items() if not count):
        print(
            f"warning: {printable(origin)} gave no row: its weight asks for less than half a row in every split. "
            "Raise it.",
            file=sys.stderr,
        )
    if not args.quiet:
        rows = ", ".join(f"{name} {count:,}" for name, count in done.rows.items())
        own, others = done.rows.total(), done.mixed.total()
        whose = f": {own:,} of {printable(args.folder)} ({rows}) and {others:,} mixed in," if others else f" ({rows})"
        files = counted(len(done.files), "file")
        print(f"{printable(args.out)} holds {counted(own + others, 'row')}{whose} with {files} of media.")
        for origin, count in sorted(done.mixed.items()):
            print(f"Mixed in: {counted(count, 'row')} of {printable(origin)}.")
        for reason, count in sorted(done.left_out.items()):
            print(f"Left out: {counted(count, chosen.source.what)} {printable(reason)}.")
        print(f"{chosen.trainer.replace('DIR', printable(args.out))}")
    return 0
