"""`blift fetch`: what a recipe asks for, from the platforms into a fetch folder; and how far it is."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import time
from collections.abc import Sequence
from functools import partial

from rich.console import Console

from blift.connectors.fetch.state import FILE_NAME, State, state_file
from blift.connectors.filesystem import is_here
from blift.connectors.registry import kinds
from blift.connectors.web.manners import Budget
from blift.pipelines.commands.show import show_notes
from blift.pipelines.commands.target import add_recipe_options
from blift.pipelines.engine.ending import EXIT_INTERRUPTED, EXIT_USER_ERROR
from blift.pipelines.engine.log import Level, say
from blift.pipelines.recipe.file import load_recipe
from blift.pipelines.stages.fetch.ask import Place, plan_of
from blift.pipelines.stages.fetch.report import FetchProgress, show_status
from blift.pipelines.stages.fetch.run import FetchResult, fetch
from blift.schemas.counted import counted
from blift.schemas.errors import BliftError, InputError, RecipeError
from blift.schemas.printable import printable

STATUS = "status"
_UNITS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SIZES = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `fetch`."""
    parser.usage = "blift fetch RECIPE.yaml [--out DIR] [options]\n       blift fetch status DIR"
    parser.description = (
        "Ask platforms for what the section `fetch` of a recipe names, at the rate "
        "that they allow. It can be ended at any moment; the same command goes on where it was. `blift fetch status "
        "DIR` says how far a fetch folder is, what is absent and why."
    )
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="a recipe with a section `fetch`; or the word `status`")
    parser.add_argument("folder", metavar="DIR", nargs="?", help="of `status`: the fetch folder")
    parser.add_argument("--out", metavar="DIR", help="the fetch folder (default: `fetch.folder`, beside the recipe)")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes (default: 1); they share all limits"
    )
    parser.add_argument("--retry", choices=["failed"], help="ask again for what failed")
    parser.add_argument(
        "--refresh", metavar="AGE", help="ask again for what is older, such as 12h, 30d or 4w: adds an observation to "
        "each post, and marks those that were taken back",
    )  # fmt: skip
    parser.add_argument(
        "--schedule",
        action="store_true",
        help="ask again for posts that have passed an age of `fetch.schedule` (days 1, 2, 7 and 30) since they were "
        "last read",
    )
    parser.add_argument("--max-requests", type=int, metavar="N", help="end after so many requests")
    parser.add_argument("--max-bytes", metavar="SIZE", help="end after so many bytes, such as 500M or 20G")
    parser.add_argument("--max-time", metavar="TIME", help="end after so long, such as 90min or 8h")
    add_recipe_options(parser)
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift fetch`."""
    if args.recipe == STATUS:
        return _status(args)
    if args.folder is not None:
        raise BliftError(
            f"`blift fetch` takes one recipe, and got {args.folder!r} too. Name the fetch folder by --out."
        )
    if args.workers < 1:
        raise BliftError(f"--workers is {args.workers}; it must be 1 or more.")
    if args.max_requests is not None and args.max_requests < 1:
        raise BliftError(f"--max-requests is {args.max_requests}; it must be 1 or more.")
    source = load_recipe(args.recipe, allow_python=args.allow_python, settings=args.settings)
    show_notes(source.notes)
    if source.recipe.fetch is None:
        raise RecipeError(f"{args.recipe} has no section `fetch`, which says what to ask for. See docs/fetch.md.")
    folder = args.out or source.resolve([source.recipe.fetch.folder])[0]
    if not is_here(folder):
        raise BliftError(f"A fetch folder lies on this machine, and {folder} does not. Choose another --out.")
    folder = os.path.abspath(folder)
    budget = Budget(
        args.max_requests,
        size(args.max_bytes, "--max-bytes") if args.max_bytes else None,
        time.time() + seconds_of(args.max_time, "--max-time") if args.max_time else None,
    )
    older_s = seconds_of(args.refresh, "--refresh") if args.refresh else None
    asked = plan_of(source, Place.of_fetch(folder), budget)
    for note in asked.notes:
        say("warning", printable(note), Level.WARNING)
    progress = FetchProgress(quiet=args.quiet)
    with progress:
        result = fetch(
            asked.plan,
            partial(
                _prepare,
                retry=args.retry == "failed",
                older_s=older_s,
                ages_days=source.recipe.fetch.schedule if args.schedule else (),
                progress=progress,
            ),
            progress.watch,
            lambda: progress.say(
                "Finishing what is under way. Ctrl-C again ends it at once; nothing that is done is lost."
            ),
            args.workers,
        )
    return _conclude(result, folder, args)


def _prepare(
    state: State, *, retry: bool, older_s: float | None, ages_days: Sequence[float], progress: FetchProgress
) -> None:
    if retry:
        progress.say(f"{state.retry_failed():,} failed items are asked for again.")
    if older_s is not None:
        progress.say(f"{state.refresh(time.time() - older_s):,} items are asked for again.")
    if ages_days:
        progress.say(f"{state.schedule(ages_days, time.time()):,} items are due, and asked for again.")


def _conclude(result: FetchResult, folder: str, args: argparse.Namespace) -> int:
    """Say what came of the run; the exit code."""
    written = result.written
    if written and not args.quiet:
        kept = ", ".join(
            f"{written.records[kind.name]:,} {kind.plural}"
            for _, kind in kinds().records
            if kind.plural and written.records[kind.name]
        )
        print(
            f"{printable(folder)} holds records of {kept or 'nothing'}; {counted(written.files, 'file')}; "
            f"{written.withdrawn:,} taken back."
        )
        if result.budget_spent:
            print("The budget of this run is spent. Run the same command again to go on.")
        print(printable(f"How far it is: blift fetch status {shlex.quote(folder)}"))
    troubles = [*result.troubles, *_nothing_got(result)]
    for trouble in troubles:
        say("failed", printable(trouble), Level.ERROR)
    if warning := _some_failed(result):
        say("warning", printable(warning), Level.WARNING)
    if troubles:
        return EXIT_USER_ERROR
    return EXIT_INTERRUPTED if result.interrupted else 0


def _nothing_got(result: FetchResult) -> list[str]:
    """That everything failed that was asked for."""
    if result.got or not result.failed:
        return []
    which = f"{result.failed:,} of {result.failed:,} items failed, the last of: {result.failure.rstrip('.')}"
    return [f"Nothing was got: {which}. Run the same command again to ask for them again."]


def _some_failed(result: FetchResult) -> str:
    """That a part failed, in this run or before it; empty where nothing did."""
    again = f"the last of: {result.failure.rstrip('.')}. Add --retry failed to ask for them again."
    if result.got and result.failed:
        earlier = f", and {result.failed_before:,} in earlier runs" if result.failed_before else ""
        return f"{result.failed:,} of {result.got + result.failed:,} items failed{earlier}, {again}"
    return f"{result.failed_before:,} items failed in earlier runs, {again}" if result.failed_before else ""


def _status(args: argparse.Namespace) -> int:
    folder = args.folder or args.out
    if folder is None:
        raise BliftError("Which fetch folder? `blift fetch status DIR`.")
    if not os.path.exists(state_file(folder)):
        raise InputError(
            f"{folder} is no fetch folder: it has no {FILE_NAME}. Fill it with `blift fetch RECIPE --out DIR`."
        )
    state = State(folder, kinds())
    show_status(state, Console(highlight=False))
    state.close()
    return 0


def seconds_of(text: str, flag: str) -> float:
    """A time such as `90min` or `2d`, in seconds.

    Raises:
        BliftError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text.strip().lower())
    if not found or found[2] not in _UNITS or float(found[1]) <= 0:
        raise BliftError(f"{flag} is {text!r}; give a number and a unit ({', '.join(_UNITS)}), such as 12h or 30d.")
    return float(found[1]) * _UNITS[found[2]]


def size(text: str, flag: str) -> int:
    """A size such as `500M` or `20GB`, in bytes.

    Raises:
        BliftError: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if not found or float(found[1]) <= 0:
        raise BliftError(f"{flag} is {text!r}; give a size such as 500M, 20G or 1T.")
    return int(float(found[1]) * _SIZES[found[2]])
