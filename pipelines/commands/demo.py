"""`blift demo`: a small corpus to try everything on."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from blift.schemas.errors import BliftError
from blift.schemas.printable import printable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `demo`."""
    parser.description = (
        "Write a small corpus in the true archive formats, with repeats and broken records on purpose, "
        "and a recipe on which every rule fires."
    )
    parser.add_argument("folder", metavar="DIR", help="where to write it")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives another corpus (default: 1)")
    parser.add_argument("--posts", type=int, default=120, help="ordinary Reddit posts (default: 120)")
    parser.add_argument("--videos", type=int, default=24, help="ordinary videos (default: 24)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift demo`."""
    if args.posts < 1 or args.videos < 1:
        raise BliftError("--posts and --videos must be 1 or more.")
    try:
        from blift.pipelines.demo.corpus import write_corpus  # noqa: PLC0415 - of an extra
    except ModuleNotFoundError as error:
        raise BliftError(f"`blift demo` needs {error.name}. Install it: pip install 'blift[demo]'.") from error
    corpus = write_corpus(Path(args.folder), args.seed, args.posts, args.videos)
    print(
        f"Wrote {corpus.submissions} submissions, {corpus.comments} comments, {corpus.videos} videos and "
        f"{corpus.clips} clips to {printable(args.folder)}. Some are broken on purpose.\n"
        f"Build a dataset of them: blift build {printable(shlex.quote(str(corpus.recipe)))} --out DIR"
    )
    return 0
