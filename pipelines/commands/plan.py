"""`blift plan`: which stages a build would run, and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from blift.pipelines.commands.target import add_target, target
from blift.pipelines.engine.stage import Reading
from blift.schemas.counted import counted
from blift.schemas.printable import printable, printable_lines

_MINUTE_S = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `plan`."""
    parser.description = (
        "Say which stages `blift build` would run, and why, with the bytes of their input, the files that they wrote "
        "the last time, the time that they would take by that, and how many archives `ingest` would read. "
        "Nothing is written."
    )
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift plan`."""
    from blift.pipelines.build.plan import plan  # noqa: PLC0415 - slow: all stages

    source, folder = target(args)
    planned = list(plan(source, folder, args.limit, replaces=args.replace))
    if args.json:
        print(printable_lines(json.dumps([asdict(each) for each in planned], indent=1)))
        return 0
    for each in planned:
        facts = [f"{counted(each.input_bytes, 'byte')} in"] if each.input_bytes is not None else []
        facts += [_reading(each.reading)] if each.runs and each.reading else []
        facts += [f"{counted(each.shards, 'file')} the last time"] if each.shards is not None else []
        facts += [f"about {_time(each.seconds)}"] if each.runs and each.seconds is not None else []
        what = f"runs: {'; '.join(each.why)}" if each.runs else "is done"
        print(printable(f"{each.stage:<9} {what}" + (f" ({', '.join(facts)})" if facts else "")))
    return 0


def _reading(reading: Reading) -> str:
    """How much is read and how much is taken over."""
    read = f"reads {counted(reading.files, 'file')}"
    if not reading.kept_files:
        return read
    kept = f"{counted(reading.kept_files, 'file')} ({counted(reading.kept_bytes, 'byte')})"
    return f"{read} ({counted(reading.size_bytes, 'byte')}) and takes over {kept}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE_S else f"{seconds / _MINUTE_S:.0f} min"
