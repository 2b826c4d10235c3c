"""`blift diff`: what changed between two run folders or published versions."""

from __future__ import annotations

import argparse

from blift.connectors.hub.extra import require_hub


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `diff`."""
    parser.description = (
        "Count the rows that were added, removed and changed from A to B, and say which part of the "
        "version must rise. A and B are run folders (RUN@previous is the dataset before the last update of RUN), or "
        "datasets on the Hub, as OWNER/NAME@v1.0.0. Exit code 1 where something differs."
    )
    parser.add_argument("old", metavar="A", help="the older one")
    parser.add_argument("new", metavar="B", help="the newer one")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift diff`."""
    require_hub()
    from blift.pipelines.stages.publish.diff import diff  # noqa: PLC0415 - needs the extra

    return diff(args.old, args.new, as_json=args.json)
