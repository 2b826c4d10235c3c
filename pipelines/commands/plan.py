"""`blift plan`: which stages a build would run, and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from blift.pipelines.commands.show import show_notes
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable, printable_lines

_MINUTE_S = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `plan`."""
    parser.description = (
        "Say which stages `blift build` would run, and why, with the bytes of their input, the files that they wrote "
        "the last time, and the time that they would take by that. Nothing is written."
    )
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="a recipe file, or the name of a shipped one")
    parser.add_argument("--out", required=True, metavar="DIR", help="the run folder")
    parser.add_argument("--limit", type=int, metavar="N", help="as of `blift build`")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift plan`."""
    from blift.pipelines.build.plan import plan  # noqa: PLC0415 - slow: all stages

    if args.limit is not None and args.limit < 1:
        raise BliftError(f"--limit is {args.limit}; it must be 1 or more.")
    source = load_recipe(args.recipe)
    show_notes(source.notes)
    planned = list(plan(source, RunFolder(args.out), args.limit))
    if args.json:
        print(printable_lines(json.dumps([asdict(each) for each in planned], indent=1)))
        return 0
    for each in planned:
        facts = [f"{each.input_bytes:,} bytes in"] if each.input_bytes is not None else []
        facts += [f"{each.shards:,} files the last time"] if each.shards is not None else []
        facts += [f"about {_time(each.seconds)}"] if each.runs and each.seconds is not None else []
        what = f"runs: {'; '.join(each.why)}" if each.runs else "is done"
        print(printable(f"{each.stage:<9} {what}" + (f" ({', '.join(facts)})" if facts else "")))
    return 0


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"
