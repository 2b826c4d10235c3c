"""`blift build`: a recipe and archives to a run folder."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence

from apache_beam.options.pipeline_options import PipelineOptions, TestOptions

from pipelines.build import Report, build
from pipelines.prepare import PREPARE, stages_of
from pipelines.progress import Progress
from pipelines.publishing import publish_as_last_stage
from pipelines.recipe_file import RecipeFile, load_recipe
from pipelines.run_folder import Manifest, RunFolder
from pipelines.runner import LOCAL_RUNNER, check_runner
from pipelines.show import funnel_rows, show_funnel
from schemas.errors import BliftError, RecipeError, did_you_mean
from schemas.reasons import Reason

#: The last stage, which is no part of what is built.
PUBLISH = "publish"
_NOTES_SHOWN = 5
#: New objects after which Python looks for cycles: a row makes some, and none that is in a cycle.
_GARBAGE_AFTER = 100_000


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `build` to the command's parser."""
    build_parser = commands.add_parser(
        "build",
        help="build a dataset from a recipe",
        description="Build a dataset from a recipe. Stages whose result is already in the folder are skipped.",
        epilog="All other options go to Beam, such as --runner=SparkRunner or --direct_num_workers=2; "
        "without --runner the pipeline runs in this process.",
        allow_abbrev=False,
    )
    build_parser.add_argument("recipe", metavar="RECIPE.yaml", help="a recipe file, or the name of a shipped one")
    build_parser.add_argument("--out", required=True, metavar="DIR", help="the run folder")
    build_parser.add_argument(
        "--stages",
        metavar="A,B",
        help=f"stages to run, of {', '.join([*PREPARE, PUBLISH])} (default: all that the recipe needs, and "
        f"{PUBLISH} where it names a dataset)",
    )
    build_parser.add_argument(
        "--limit", type=int, metavar="N", help="read at most N posts of each Reddit archive file, and N videos"
    )
    build_parser.add_argument(
        "--detach",
        action="store_true",
        help="hand the next stage to the runner and do not wait; the same command, once that job is done, takes it "
        "into the manifest and hands on the next",
    )
    build_parser.add_argument("--quiet", action="store_true", help="print errors only")
    build_parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift build`."""
    if args.limit is not None and args.limit < 1:
        raise BliftError(f"--limit is {args.limit}; it must be 1 or more.")
    source = load_recipe(args.recipe)
    stages = _stages(args.stages, source, trial=args.limit is not None)
    if any(folder in args.out for folder in ("\n", "\0")):
        raise BliftError("--out holds a line break or NUL; choose another folder.")
    options = beam_options(args.beam)
    # Workers have working folders of their own.
    folder = RunFolder(args.out if "://" in args.out else os.path.abspath(args.out))
    check_runner(options, folder.path, detach=args.detach)
    progress = Progress(quiet=args.quiet)
    report = Report(started=progress.start, skipped=progress.skip, done=progress.finish, submitted=progress.submit)
    gc.freeze()  # what is imported stays, and need not be searched for garbage again
    gc.set_threshold(_GARBAGE_AFTER)
    # Nothing runs, so there is nothing to wait for.
    detach = args.detach or bool(options.view_as(TestOptions).dry_run)
    with progress:
        of_build = [name for name in stages if name in PREPARE]
        manifest = build(source, folder, options, of_build, args.limit, report, detach=detach)
        finished = all(name in manifest.stages for name in of_build)
        published = publish_as_last_stage(source, folder, options, report) if PUBLISH in stages and finished else None
    if not args.quiet and finished:
        show_funnel(manifest, sys.stdout)
        print(f"\nThe dataset is in {folder.path}, fingerprint {manifest.fingerprint[:16]}.")
        print(published or f"Look at it: blift inspect {folder.path}")
    for warning in warnings(manifest):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def warnings(manifest: Manifest) -> list[str]:
    """What somebody should know who only sees that the build went well: files cut short, parts that were left out."""
    found = []
    for row in (row for row in funnel_rows(manifest) if row.step == "read"):
        for reason in (Reason.TRUNCATED_FILE, Reason.UNREADABLE_FILE):
            if files := row.rejected.get(reason):
                how_many = f"{files} archive file{'s' if files > 1 else ''} of {row.table}s"
                what = f"broke off or could not be unpacked ({reason.value}); what came after is missing"
                found += [f"{how_many} {what}. The rejects of `collect` say where."]
    notes = [note for record in manifest.stages.values() for note in record.notes]
    found += notes[:_NOTES_SHOWN]
    if len(notes) > _NOTES_SHOWN:
        found.append(f"and {len(notes) - _NOTES_SHOWN} more such parts; they are listed in manifest.json.")
    return found


def _stages(text: str | None, source: RecipeFile, *, trial: bool) -> list[str]:
    """The stages to run, in order. A trial on a part of the input is published only where that is asked for."""
    known = [*PREPARE, PUBLISH]
    if text is None:
        needed = stages_of(source.recipe)
        return [*needed, PUBLISH] if source.recipe.publish.repo and not trial else needed
    asked = [name.strip() for name in text.split(",") if name.strip()]
    for name in asked:
        if name not in known:
            hint = did_you_mean(name, known) or "."
            raise RecipeError(f"There is no stage {name!r}{hint} Stages: {', '.join(known)}.")
    if not set(asked) & set(PREPARE):
        raise RecipeError(f"--stages names no stage of the build. Stages: {', '.join(PREPARE)}.")
    if PUBLISH in asked and source.recipe.publish.repo is None:
        raise RecipeError(f"The stage {PUBLISH} needs a dataset: set `publish.repo` in the recipe.")
    return [name for name in known if name in asked]


def beam_options(arguments: Sequence[str]) -> PipelineOptions:
    """Beam's options out of the arguments that are not ours.

    Raises:
        BliftError: Beam has no such option either.
    """
    runner = _runner(arguments)
    chosen = list(arguments) if runner else [*arguments, f"--runner={LOCAL_RUNNER}"]
    if arguments and not arguments[0].startswith("--"):
        raise BliftError(f"Unexpected argument {arguments[0]!r}. `blift build` takes one recipe; see its --help.")
    known = _beam_flags()
    for flag in (argument.split("=", 1)[0] for argument in arguments if argument.startswith("--")):
        # A job server has options of its own, which only it knows.
        if flag not in known and (runner or LOCAL_RUNNER) in _LOCAL_RUNNERS:
            hint = did_you_mean(flag, [*known, *_OURS]) or "."
            raise BliftError(f"Neither blift nor Beam has the option {flag}{hint} See `blift build --help`.")
    return PipelineOptions(chosen, pickle_library="cloudpickle", save_main_session=False)


_LOCAL_RUNNERS = (LOCAL_RUNNER, "DirectRunner", "PrismRunner", "BundleBasedDirectRunner", "SwitchingDirectRunner")
_OURS = ("--out", "--stages", "--limit", "--detach", "--quiet", "--help")


def _runner(arguments: Sequence[str]) -> str | None:
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--runner")
    runner: str | None = options.parse_known_args(arguments)[0].runner
    return runner


def _beam_flags() -> set[str]:
    flags = argparse.ArgumentParser(add_help=False, conflict_handler="resolve")
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(flags)  # noqa: SLF001 - Beam has no other list of its options
    return {flag for action in flags._actions for flag in action.option_strings}  # noqa: SLF001 - nor argparse
