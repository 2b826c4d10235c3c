"""The arguments of commands that say what is built, and where: recipe, run folder, and how much of the input."""

from __future__ import annotations

import argparse
import os

from blift.connectors.filesystem import is_here
from blift.pipelines.commands.show import ALLOW_PYTHON, show_notes
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.recipe.file import RecipeFile, load_recipe
from blift.schemas.errors import BliftError


def add_target(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recipe", metavar="RECIPE.yaml", help="a recipe file, or the name of a shipped one")
    parser.add_argument("--out", required=True, metavar="DIR", help="the run folder")
    parser.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="a trial: read at most N posts of each file of posts, N files of one post each, and of each file of "
        "comments the blocks with the first 1,000 N",
    )
    add_recipe_options(parser)
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put this dataset in the place of one of another recipe, or a trial in the place of a whole one",
    )


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a recipe is read."""
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a key of the recipe, such as curate.sample.n=100; the value is YAML (repeatable)",
    )
    parser.add_argument("--allow-python", action="store_true", help=ALLOW_PYTHON)


def target(args: argparse.Namespace) -> tuple[RecipeFile, RunFolder]:
    """The recipe and the run folder that the arguments name; notes on the recipe are shown.

    Raises:
        BliftError: they cannot be used.
    """
    if args.limit is not None and args.limit < 1:
        raise BliftError(f"--limit is {args.limit}; it must be 1 or more.")
    source = load_recipe(args.recipe, allow_python=args.allow_python, settings=args.settings)
    show_notes(source.notes)
    if not args.out or any(sign in args.out for sign in ("\n", "\0")):
        raise BliftError("--out is empty, or holds a line break or NUL; choose another folder.")
    # Workers have working folders of their own.
    return source, RunFolder(os.path.abspath(args.out) if is_here(args.out) else args.out)
