"""What a build may do to a run folder: refused before anything is written, and by `blift plan` in the same words."""

from __future__ import annotations

from blift.pipelines.build.stages import STAGES, stages_of
from blift.pipelines.engine.run_folder import RunFolder
from blift.pipelines.engine.versions import Update
from blift.pipelines.recipe.file import RecipeFile
from blift.schemas.errors import OutputError


def update_of(source: RecipeFile, folder: RunFolder, limit: int | None, *, replaces: bool) -> Update:
    """The update that a recipe makes of a run folder. Nothing is written.

    Args:
        replaces: the folder may hold the dataset of another recipe, or a whole one where this is a trial.

    Raises:
        OutputError: the folder is a file, or another's, or the build would replace a dataset that somebody has built.
        InputError: its manifest cannot be read.
    """
    folder.check_own()
    update = Update(folder, source, STAGES, stages_of(source.recipe), folder.read_manifest())
    if not replaces:
        _refuse_another_dataset(update, limit)
    return update


def _refuse_another_dataset(update: Update, limit: int | None) -> None:
    present, path = update.before, update.folder.path
    if present is None:
        return
    name = update.source.recipe.name
    if present.recipe != name:
        raise OutputError(
            f"{path} holds the dataset of the recipe {present.recipe!r}, and this recipe is {name!r}. Choose another "
            "--out, or say --replace to put this dataset in its place."
        )
    read = present.stages.get(STAGES[1])
    if limit is not None and update.holds_whole and read is not None and read.inputs.get("limit") is None:
        raise OutputError(
            f"{path} holds a dataset of all input, and --limit would put a trial in its place. Choose another --out, "
            "or say --replace."
        )
