"""`blift report`: a page with its data beside it, which shows what a run folder holds."""

from __future__ import annotations

import argparse
from pathlib import Path

from blift.pipelines.engine.versions import run_folder
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    parser.description = (
        "Write a page that shows a dataset: its funnel and rejects, distributions over all samples, a draw of samples "
        "with their pairs, merged media, findings of the privacy gate, and what differs from another run. Open "
        "index.html of the folder in a browser; it needs no server and asks the network for nothing. The same run "
        "folder gives the same bytes."
    )
    parser.add_argument("folder", metavar="RUN", help="a run folder, or RUN@previous for the dataset before")
    parser.add_argument(
        "--out", metavar="DIR", default="report", help="a new folder, or one of a report (default: report)"
    )
    parser.add_argument("--against", metavar="RUN2", help="a run folder to compare with, such as RUN@previous")
    parser.add_argument(
        "--samples", type=int, default=None, metavar="N", help="samples to draw for the page (default: 500)"
    )
    parser.add_argument("--released", action="store_true", help="report on the release, without personal data")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift report`."""
    from blift.pipelines.report.report import report  # noqa: PLC0415 - slow
    from blift.pipelines.report.samples import DRAWN  # noqa: PLC0415 - the same

    samples = DRAWN if args.samples is None else args.samples
    if samples < 1:
        raise BliftError(f"--samples is {samples}; it must be 1 or more.")
    against = run_folder(args.against) if args.against else None
    done = report(run_folder(args.folder), Path(args.out), against=against, samples=samples, released=args.released)
    if not args.quiet:
        page = printable(str(Path(args.out) / "index.html"))
        print(f"{page} shows {done.samples:,} of {done.of:,} samples, with {done.pictures:,} pictures.")
        print("Open it in a browser.")
    return 0
