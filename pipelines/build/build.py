"""The build: the stages of a recipe, in order, each skipped where its result is already there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from blift.pipelines.build.stages import STAGES, stage, stages_of
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.stage import Request
from blift.pipelines.engine.stage_run import Place, Report, run_unless_done
from blift.pipelines.recipe.file import RecipeFile


def build(
    source: RecipeFile,
    folder: RunFolder,
    beam: BeamArguments,
    stages: Sequence[str] | None,
    limit: int | None,
    report: Report,
    *,
    detach: bool = False,
) -> Manifest:
    """Run the stages that are asked for and not done yet; manifest, recipe and card are written after each.

    A job whose account lies in the folder and whose driver is gone is not run again: it is taken into the manifest.

    Args:
        source: the recipe.
        folder: the run folder; made where it does not exist.
        beam: Beam's arguments, the runner among them.
        stages: names of stages, in order; None for all that the recipe needs.
        limit: posts to read of each Reddit archive, and videos to read, at most, for a trial; None for all.
        report: told what happens.
        detach: hand the first stage that is not done to the runner, and do not wait for it.

    Raises:
        BliftError: an input, the recipe, the folder or the share of malformed records is at fault.
    """
    stages = stages_of(source.recipe) if stages is None else stages
    first = stage(stages[0]).prepare(Request(source, folder, limit, folder.read_manifest()))
    folder.create()
    with folder.locked():
        manifest = folder.read_manifest() or Manifest(source.recipe.name, version("blift"))
        folder.write_text("recipe.yaml", source.text)
        place = Place(source, folder, beam, detach, order=tuple(STAGES))
        for name in stages:
            request = Request(source, folder, limit, manifest)
            prepared = first if name == stages[0] else stage(name).prepare(request)
            done = run_unless_done(stage(name), prepared, manifest, place, report)
            if done is None:
                report.submitted(name)
                break
            manifest = done
        return manifest
