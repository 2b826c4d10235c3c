"""`blift build`: a recipe and archives to a run folder."""

from __future__ import annotations

import argparse
import gc
import shlex
import sys

from blift.pipelines.build.build import build
from blift.pipelines.build.stages import STAGES, stages_of
from blift.pipelines.commands.progress import Progress, add_log_format
from blift.pipelines.commands.publish import published_as_last_stage
from blift.pipelines.commands.show import show_funnel, show_notes
from blift.pipelines.commands.target import add_target, target
from blift.pipelines.engine.beam_arguments import BeamArguments, beam_arguments
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.log import Level, is_json, say
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.engine.stage_run import Report, cut_short
from blift.pipelines.recipe.file import RecipeFile
from blift.pipelines.recipe.renamed import STAGES as OLD_STAGES
from blift.schemas.errors import BliftError, RecipeError, did_you_mean
from blift.schemas.printable import printable

#: The last stage, which is no part of what is built.
PUBLISH = "publish"
_NOTES_SHOWN = 5
#: What stages make, without which a dataset is of no use: how names of its files begin, and what to say.
_MADE = (
    ("ingest", "posts/", "post was ingested"),
    ("curate", "samples/", "sample was made"),
    ("instruct", "instructions/", "pair was made"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `build`."""
    parser.description = "Build a dataset from a recipe. Stages whose result is already in the folder are skipped."
    parser.epilog = (
        "All other options go to Beam, such as --runner=SparkRunner or --direct_num_workers=2; "
        "without --runner the pipeline runs in this process."
    )
    add_target(parser)
    parser.add_argument(
        "--stages",
        metavar="A,B",
        help=f"stages to run, of {', '.join([*STAGES, PUBLISH])} (default: all that the recipe needs, and "
        f"{PUBLISH} where it names a dataset)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="fail (exit code 3) where an archive breaks off or cannot be unpacked"
    )
    parser.add_argument(
        "--detach",
        action="store_true",
        help="hand the next stage to the runner and do not wait; the same command, once that job is done, takes it "
        "into the manifest and hands on the next",
    )
    parser.add_argument(
        "--force",
        nargs="?",
        const="",
        metavar="A,B",
        help="run these stages even where their result is there (without names: all)",
    )
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    add_log_format(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run `blift build`."""
    source, folder = target(args)
    stages = _stages(args.stages, source, trial=args.limit is not None)
    if args.limit is not None:
        show_notes([_trial(args.limit)])
    forced = [] if args.force is None else _stages(args.force or None, source, trial=True)
    beam = beam_arguments(args.beam, flags=args.flags)
    detach = _check_runner(beam, folder.path, detach=args.detach)
    progress = Progress(quiet=args.quiet)
    report = Report(progress.start, progress.skip, progress.finish, progress.submit, progress.keep)
    gc.freeze()  # what is imported stays, and need not be searched for garbage again
    with progress:
        of_build = [name for name in stages if name in STAGES]
        manifest = build(
            source,
            folder,
            beam,
            of_build,
            args.limit,
            report,
            detach=detach,
            replaces=args.replace,
            forced=forced,
            strict=args.strict,
        )
        finished = all(name in manifest.stages for name in of_build)
        in_place = finished and folder.require_manifest().fingerprint == manifest.fingerprint
        if PUBLISH in stages and finished and not in_place:
            raise BliftError("Nothing was published: the new dataset is not whole. Build without --stages.")
        published = published_as_last_stage(source, folder, beam, report) if PUBLISH in stages and in_place else []
    if not args.quiet and in_place:
        show_funnel(manifest, sys.stdout)
        print(f"\nThe dataset is in {printable(folder.path)}, fingerprint {manifest.fingerprint[:16]}.")
        for line in published or [f"Look at it: blift inspect {shlex.quote(folder.path)}"]:
            print(printable(line))
    for warning in warnings(manifest):
        say("warning", printable(warning), Level.WARNING)
    if is_json() and in_place:
        say("dataset_built", f"the dataset is in {folder.path}", folder=folder.path, fingerprint=manifest.fingerprint)
    return 0


def _check_runner(beam: BeamArguments, folder: str, *, detach: bool) -> bool:
    """Check that the chosen runner can work, and say whether the build hands its stages over without waiting.

    Without options of Beam the runner is this process: there is nothing to check, and Beam is not imported.
    """
    if not beam.arguments:
        return detach
    from apache_beam.options.pipeline_options import TestOptions  # noqa: PLC0415 - slow

    from blift.connectors.object_stores import connect  # noqa: PLC0415 - slow
    from blift.pipelines.engine.runner import check_runner  # noqa: PLC0415 - slow

    connect(beam.options)
    show_notes(check_runner(beam.options, folder, detach=detach))
    # With --dry_run nothing runs, so there is nothing to wait for.
    return detach or bool(beam.options.view_as(TestOptions).dry_run)


def _trial(limit: int) -> str:
    """What a trial reads."""
    from blift.pipelines.stages.ingest.scope import COMMENTS_OF_A_POST  # noqa: PLC0415 - imports Apache Beam

    return (
        f"this is a trial: it reads at most {limit:,} posts of each file of posts, {limit:,} files of one post each, "
        f"and of each file of comments the blocks with the first {limit * COMMENTS_OF_A_POST:,}."
    )


def warnings(manifest: Manifest) -> list[str]:
    """What somebody should know who only sees that the build went well: files cut short, parts that were left out."""
    found = [*cut_short(funnel_rows(manifest)), *_nothing_left(manifest), *_nothing_compared(manifest)]
    notes = [note for record in manifest.stages.values() for note in record.notes]
    found += notes[:_NOTES_SHOWN]
    if len(notes) > _NOTES_SHOWN:
        found.append(f"and {len(notes) - _NOTES_SHOWN} more such parts; they are listed in manifest.json.")
    return found


def _nothing_left(manifest: Manifest) -> list[str]:
    """That the dataset is empty, and since which stage; or that none of its media has a file."""
    return [*_nothing_made(manifest), *_no_files(manifest)]


def _nothing_made(manifest: Manifest) -> list[str]:
    for stage, prefix, what in _MADE:
        record = manifest.stages.get(stage)
        if record and not any(shard.rows for shard in record.shards if shard.path.startswith(prefix)):
            emptied = [row for row in record.funnel if row.rows_in and not row.rows_out and row.step != "read"]
            which = "; ".join(f"`{row.step}` left out all {row.rows_in:,} {row.table}s" for row in emptied)
            told = f": {which}" if which else ""
            return [f"No {what}{told}. The funnel says what came in, and which step left it out."]
    return []


def _no_files(manifest: Manifest) -> list[str]:
    without = [row.rows_in for row in funnel_rows(manifest) if row.step == "file_found" and not row.rows_out]
    return [f"None of {rows:,} media has a file; docs/media.md says by which name each is found." for rows in without]


def _nothing_compared(manifest: Manifest) -> list[str]:
    """That no preference of some kind was made."""
    return [
        f"No preference of {row.step} was made: no two have the numbers, margins and times that "
        f"`preferences.{row.step}` asks for. See docs/train.md."
        for row in funnel_rows(manifest)
        if row.table == f"{row.step} preference" and not row.rows_out
    ]


def _stages(text: str | None, source: RecipeFile, *, trial: bool) -> list[str]:
    """The stages to run, in order. A trial on a part of the input is published only where that is asked for."""
    known = [*STAGES, PUBLISH]
    if text is None:
        needed = stages_of(source.recipe)
        return [*needed, PUBLISH] if source.recipe.publish.repo and not trial else needed
    asked = [name.strip() for name in text.split(",") if name.strip()]
    show_notes([f"the stage `{name}` is now called `{OLD_STAGES[name]}`." for name in asked if name in OLD_STAGES])
    asked = [OLD_STAGES.get(name, name) for name in asked]
    for name in asked:
        if name not in known:
            hint = did_you_mean(name, known) or "."
            raise RecipeError(f"There is no stage {name!r}{hint} Stages: {', '.join(known)}.")
    if not set(asked) & set(STAGES):
        raise RecipeError(f"--stages names no stage of the build. Stages: {', '.join(STAGES)}.")
    if PUBLISH in asked and source.recipe.publish.repo is None:
        raise RecipeError(f"The stage {PUBLISH} needs a dataset: set `publish.repo` in the recipe.")
    return [name for name in known if name in asked]
