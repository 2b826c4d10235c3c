"""What an update costs: of many months one is added, replaced and removed, by update and from nothing.

    python -m benchmarks.update --months 24 --posts 20 --comments 600

checks on two runners (one process, two worker processes) that an update makes the files of a build from nothing, and
prints the CPU time of both, of a build of the month alone, and the goal: 1.2 times the month alone and 5 % of the rest.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.months import Size, remove_month, write_month, write_recipe
from tests.runners.builds import Build, build_on
from tests.runners.engines import ENGINES, Engine

#: One process, and two.
_ENGINES = ENGINES[:2]
_OF_THE_MONTH, _OF_THE_REST = 1.2, 0.05


class Step(NamedTuple):
    """A change of the archives: what it is, the month, and what makes it."""

    what: str
    month: int
    change: Callable[[Path], None]


def steps(months: int, size: Size) -> list[Step]:
    """The changes, one after the other."""
    middle, early = months // 2, months // 4
    return [
        Step("add", months, partial(write_month, month=months, size=size)),
        Step("replace", middle, partial(write_month, month=middle, size=size, revision=1)),
        Step("remove", early, partial(remove_month, month=early)),
    ]


def measure(work: Path, engine: Engine, months: int, size: Size) -> None:
    """Print a row for each change on one engine.

    Raises:
        SystemExit: an update made other files than a build from nothing.
    """
    archives = work / "archives"
    archives.mkdir(parents=True)
    for month in range(1, months):
        write_month(archives, month, size)
    sections: dict[str, Any] = {"media": {"files": ["media/**/*.jpg"]}, "output": {"shards": 4, "keep": 0}}
    recipe = write_recipe(archives, **sections)
    build = partial(build_on, engine, extra=["--quiet"])
    build(recipe, work / "run")
    for step in steps(months, size):
        named = write_recipe(archives, f"{step.month:02d}", **sections)
        alone = build(named, _fresh(work / "alone")) if step.what == "remove" else None
        step.change(archives)
        alone = alone or build(named, _fresh(work / "alone"))
        update, whole = build(recipe, work / "run"), build(recipe, _fresh(work / "whole"))
        if (update.digests, update.fingerprint) != (whole.digests, whole.fingerprint):
            raise SystemExit(f"{engine.name}: to {step.what} month {step.month} gave other files than from nothing.")
        _print(engine.name, step, update, whole, alone)


def _print(engine: str, step: Step, update: Build, whole: Build, alone: Build) -> None:
    spent, month = update.usage.cpu_s, alone.usage.cpu_s
    rest = max(0.0, whole.usage.cpu_s - month)
    goal = _OF_THE_MONTH * month + _OF_THE_REST * rest
    figures = f"{whole.usage.cpu_s:.1f} | {month:.1f} | {spent:.1f} | {goal:.1f} | {whole.fingerprint[:12]}"
    print(f"| {engine} | {step.what} {step.month} | {figures} |", flush=True)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def main() -> None:
    """Measure, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--posts", type=int, default=20, help="posts of a month, each with a picture")
    parser.add_argument("--comments", type=int, default=600, help="comments of a month")
    parser.add_argument("--width", type=int, default=1_024, help="of a picture, pixels")
    parser.add_argument("--engine", choices=[engine.name for engine in _ENGINES], help="measure on this one alone")
    args = parser.parse_args()
    print("| runner | change | from nothing, CPU s | month alone | update | goal | fingerprint |")
    print("|---|---|--:|--:|--:|--:|---|")
    for engine in _ENGINES:
        if args.engine in (None, engine.name):
            with tempfile.TemporaryDirectory() as work:
                measure(Path(work), engine, args.months, Size(args.posts, args.comments, args.width))


if __name__ == "__main__":
    main()
