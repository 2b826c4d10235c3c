"""`blift publish`: a run folder to a dataset on the HuggingFace Hub."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from connectors.hub.extra import require_hub
from pipelines.build import Report
from pipelines.build_command import beam_options
from pipelines.progress import Progress
from pipelines.publishing import wish_of
from pipelines.recipe_file import RecipeFile, recipe_of_result
from pipelines.run_folder import RunFolder
from schemas.errors import BliftError


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `publish` to the command's parser."""
    publish = commands.add_parser(
        "publish",
        help="publish a run folder on the HuggingFace Hub",
        description="Publish a run folder as a dataset on the HuggingFace Hub: one commit, one version. The same "
        "content again changes nothing; after an interruption, only what is missing travels.",
        epilog="All other options go to Beam, such as --runner=SparkRunner. The token is read from HF_TOKEN, or from "
        "where `hf auth login` put it.",
        allow_abbrev=False,
    )
    publish.add_argument("folder", metavar="DIR", help="a run folder")
    publish.add_argument("--repo", metavar="OWNER/NAME", help="the dataset (default: `publish.repo` of the recipe)")
    publish.add_argument("--private", action="store_true", help="make it private, where it is not there yet")
    publish.add_argument("--gated", choices=("auto", "manual"), help="let readers ask for access")
    publish.add_argument("--tag", metavar="v1.2.0", help="version (default: the lowest that says what changed)")
    publish.add_argument("--create-pr", action="store_true", help="propose it as a pull request")
    publish.add_argument("--dry-run", action="store_true", help="say what would travel, and change nothing there")
    publish.add_argument(
        "--force", action="store_true", help="overwrite what others changed; the privacy gate stays shut all the same"
    )
    publish.add_argument("--quiet", action="store_true", help="print errors only")
    publish.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift publish`."""
    require_hub()
    from pipelines.publish import publish  # noqa: PLC0415 - needs the extra

    folder = RunFolder(args.folder)
    source = recipe_of(folder)
    section = source.recipe.publish
    repo = args.repo or section.repo
    if repo is None:
        raise BliftError("No dataset is named. Add --repo OWNER/NAME, or set `publish.repo` in the recipe.")
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise BliftError(f"--repo is {repo!r}; write it as OWNER/NAME.")
    wish = replace(
        wish_of(section, repo),
        private=args.private or section.private,
        gated=args.gated or section.gated,
        tag=args.tag or section.tag,
        create_pr=args.create_pr,
        dry_run=args.dry_run,
        force=args.force,
    )
    progress = Progress(quiet=args.quiet)
    report = Report(started=progress.start, skipped=progress.skip, done=progress.finish)
    with progress:
        result = publish(source, folder, beam_options(args.beam), wish, report)
    if not args.quiet:
        print(result.told(wish))
    return 0


def recipe_of(folder: RunFolder) -> RecipeFile:
    """The recipe of a run folder, as it was run.

    Raises:
        BliftError: there is none, or it cannot be read.
    """
    path = folder.file("recipe.yaml")
    if folder.is_local and not os.path.exists(path):
        raise BliftError(f"{folder.path} has no recipe.yaml: it is no run folder.")
    return recipe_of_result(folder.read_text("recipe.yaml"), Path(path))
