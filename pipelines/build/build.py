"""The build: the stages of a recipe, in order, each skipped where its result is already there."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Sequence
from dataclasses import replace
from importlib.metadata import version

from blift.connectors.filesystem import exists, make_folder
from blift.connectors.inside import check_folder, check_paths
from blift.connectors.parquet import replace_file
from blift.pipelines.build.stages import STAGES, stage
from blift.pipelines.build.update import update_of
from blift.pipelines.engine.beam_arguments import BeamArguments
from blift.pipelines.engine.openlineage_events import told_to_openlineage
from blift.pipelines.engine.run_folder import RECIPE, Manifest, RunFolder
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
    replaces: bool = False,
    forced: Collection[str] = (),
    strict: bool = False,
) -> Manifest:
    """Run the stages that are asked for and not done yet.

    Where the folder holds a whole dataset, that stays what readers see until the new one is whole, whatever happens.
    A job whose account lies in the folder and whose driver is gone is not run again: it is taken into the manifest.

    Args:
        source: the recipe.
        folder: the run folder; made where it does not exist.
        beam: Beam's arguments, the runner among them.
        stages: names of stages, in order; None for all that the recipe needs.
        limit: posts to read of each Reddit archive, and videos to read, at most, for a trial; None for all.
        report: told what happens.
        replaces: the folder may hold the dataset of another recipe, which this one then replaces.
        forced: names of stages that run even where their result is there.
        strict: an archive that breaks off or cannot be unpacked fails the build, and is no warning.
        detach: hand the first stage that is not done to the runner, and do not wait for it.

    Raises:
        BliftError: an input, the recipe, the folder or the share of malformed records is at fault.
    """
    update = update_of(source, folder, limit, replaces=replaces)
    needed = update.needed
    stages = needed if stages is None else stages
    seen = update.begun()
    first = stage(stages[0]).prepare(Request(source, folder, limit, seen, stages[0] in forced))
    folder.create()
    with folder.locked():
        update = replace(update, before=folder.read_manifest())
        if update.before is None:
            folder.write_text(RECIPE, source.text)
        _keep_lists(source, folder)
        update.open()
        begun = update.begun()
        manifest = begun or Manifest(source.recipe.name, version("blift"))
        others = (update.before,) if update.before else ()
        place = Place(source, folder, beam, update.save, detach, STAGES, others, forced, strict)
        with told_to_openlineage(report, source.recipe.name, folder) as told:
            for name in stages:
                request = Request(source, folder, limit, manifest, name in forced)
                prepared = first if name == stages[0] and seen == begun else stage(name).prepare(request)
                done = run_unless_done(stage(name), prepared, manifest, place, told)
                if done is None:
                    told.submitted(name)
                    return manifest
                manifest = done
            if not update.finish(manifest):
                told.kept([name for name in needed if name not in manifest.stages])
        return manifest


def _keep_lists(source: RecipeFile, folder: RunFolder) -> None:
    """Write the files that the recipe names beside it. They are called by their content, so one that is there stays.

    Raises:
        OutputError: the folder of these files is a link.
        InputError: such a file is a link.
    """
    for name, content in source.lists.items():
        if folder.is_local:
            check_folder(folder.path, posixpath.dirname(name))
            check_paths(folder.path, [name])
            make_folder(folder.file(posixpath.dirname(name)))
        if not exists(folder.file(name)):
            replace_file(folder.file(name), content)
