"""`blift publish`: a run folder to a dataset on the HuggingFace Hub."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from blift.connectors.hub.extra import require_hub
from blift.pipelines.commands.progress import Progress, add_log_format
from blift.pipelines.engine.beam_arguments import BeamArguments, beam_arguments
from blift.pipelines.engine.openlineage_events import told_to_openlineage
from blift.pipelines.engine.run_folder import RECIPE, RunFolder
from blift.pipelines.engine.stage_run import Report
from blift.pipelines.recipe.file import RecipeFile, recipe_of_result
from blift.pipelines.stages.publish.wish import wish_of
from blift.schemas.errors import BliftError
from blift.schemas.printable import printable

if TYPE_CHECKING:
    from blift.pipelines.stages.publish.publish import Wish


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `publish`."""
    parser.description = (
        "Publish a run folder as a dataset on the HuggingFace Hub: one commit, one version. The same "
        "content again changes nothing; after an interruption, only what is missing travels."
    )
    parser.epilog = (
        "All other options go to Beam, such as --runner=SparkRunner. The token is read from HF_TOKEN, or from "
        "where `hf auth login` put it."
    )
    parser.add_argument("folder", metavar="DIR", help="a run folder")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the dataset (default: `publish.repo` of the recipe)")
    parser.add_argument(
        "--space", metavar="OWNER/NAME", help="the static Space for its report (default: `publish.space` of the recipe)"
    )
    parser.add_argument("--private", action="store_true", help="make it private, where it is not there yet")
    parser.add_argument("--gated", choices=("auto", "manual"), help="let readers ask for access")
    parser.add_argument("--tag", metavar="v1.2.0", help="version (default: the lowest that says what changed)")
    parser.add_argument("--create-pr", action="store_true", help="propose it as a pull request")
    parser.add_argument("--dry-run", action="store_true", help="say what would travel, and change nothing there")
    parser.add_argument(
        "--force", action="store_true", help="overwrite what others changed; the privacy gate stays shut all the same"
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_log_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift publish`."""
    require_hub()
    folder = RunFolder(args.folder)
    source = recipe_of(folder)
    section = source.recipe.publish
    repo = args.repo or section.repo
    if repo is None:
        raise BliftError("No dataset is named. Add --repo OWNER/NAME, or set `publish.repo` in the recipe.")
    for option, name in (("--repo", repo), ("--space", args.space)):
        if name is not None and (name.count("/") != 1 or not all(name.split("/"))):
            raise BliftError(f"{option} is {name!r}; write it as OWNER/NAME.")
    wish = replace(
        wish_of(section, repo),
        space=args.space or section.space,
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
        lines = published(source, folder, beam_arguments(args.beam, "publish", args.flags), wish, report)
    for line in [] if args.quiet else lines:
        print(printable(line))
    return 0


def published(source: RecipeFile, folder: RunFolder, beam: BeamArguments, wish: Wish, report: Report) -> list[str]:
    """Publish a run folder, with its report if a Space is named; the lines to print of it.

    Raises:
        BliftError: as ``publish`` and ``publish_with_report``.
    """
    name = source.recipe.name
    with told_to_openlineage(report, name, folder, job=f"{name}.publish") as told:
        if wish.space is not None:
            from blift.pipelines.report.published import publish_with_report  # noqa: PLC0415 - slow, needs the extra

            return publish_with_report(source, folder, beam, wish, wish.space, told)
        from blift.pipelines.stages.publish.publish import publish  # noqa: PLC0415 - needs the extra

        return [publish(source, folder, beam, wish, told).told(wish)]


def published_as_last_stage(source: RecipeFile, folder: RunFolder, beam: BeamArguments, report: Report) -> list[str]:
    """Publish what a build has made, as its recipe says; the lines to print of it.

    Raises:
        BliftError: as ``published``.
    """
    require_hub()
    section = source.recipe.publish
    return published(source, folder, beam, wish_of(section, section.repo or ""), report)


def recipe_of(folder: RunFolder) -> RecipeFile:
    """The recipe of a run folder, as it was run.

    Raises:
        BliftError: there is none, or it cannot be read.
    """
    return recipe_of_result(folder.recipe_text(), Path(folder.file(RECIPE)))
