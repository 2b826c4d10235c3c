"""Recipes and run folders: checking, building, opening; and measuring one media file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from blift.connectors.parquet import read_parquet
from blift.connectors.shard import Shard, table_folder
from blift.pipelines.engine.funnel import funnel_rows
from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.engine.versions import run_folder
from blift.pipelines.recipe.file import load_recipe
from blift.schemas.errors import InputError, did_you_mean


class Run:
    """A run folder, opened for reading.

    Args:
        path: of the folder; ``RUN@previous`` is the dataset that the last update replaced.

    Raises:
        InputError: it is no run folder, or is damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self._folder = run_folder(str(path))
        self._manifest: Manifest = self._folder.require_manifest()

    @property
    def fingerprint(self) -> str:
        """sha256 over the digests of all data files, 64 hex digits; equal fingerprints mean equal datasets."""
        return self._manifest.fingerprint

    @property
    def datasets(self) -> list[str]:
        """The names of the datasets, such as `samples`, `instructions/chat` or `rejects`."""
        return sorted(
            {table_folder(shard.path) for record in self._manifest.stages.values() for shard in record.shards}
        )

    def table(self, dataset: str, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows of a dataset.

        Args:
            dataset: a name of `datasets`.
            columns: which columns; None for all.

        Raises:
            InputError: the run has no such dataset, or a file of it cannot be read.
        """
        return pa.concat_tables(
            [read_parquet(self._folder.path, shard, columns) for shard in self._shards(dataset)],
            promote_options="default",
        )

    def files(self, dataset: str) -> list[str]:
        """The paths of the files of a dataset, for other readers; files of replaced datasets are not among them.

        Args:
            dataset: a name of `datasets`.

        Raises:
            InputError: the run has no such dataset.
        """
        return [self._folder.file(shard.path) for shard in self._shards(dataset)]

    def _shards(self, dataset: str) -> list[Shard]:
        shards = [
            shard
            for record in self._manifest.stages.values()
            for shard in record.shards
            if table_folder(shard.path) == dataset
        ]
        if not shards:
            hint = did_you_mean(dataset, self.datasets) or "."
            raise InputError(f"{self._folder.path} has no dataset {dataset!r}{hint} It has {', '.join(self.datasets)}.")
        return shards

    def funnel(self) -> list[Mapping[str, Any]]:
        """For each step, in order: stage, table, step, rows_in, rows_out, merged, and rejected rows by reason."""
        return [asdict(row) for row in funnel_rows(self._manifest)]

    def rejects(self, stage: str | None = None) -> pa.Table:
        """Every record that was left out and is listed, with reason, rule, file and line; of one stage, or of all."""
        rows = self.table("rejects")
        return rows if stage is None else rows.filter(pc.equal(rows.column("stage"), stage))


def open_run(path: str | Path) -> Run:
    """Open a run folder for reading: its present dataset, or as ``RUN@previous`` the one before.

    Raises:
        InputError: it is no run folder, or is damaged.
    """
    return Run(path)


def check_recipe(path: str | Path, *, allow_python: bool = False) -> list[str]:
    """Check a recipe; the result is a list of notes, such as on a key that has a new name.

    Args:
        path: of a recipe, or the name of a shipped one.
        allow_python: run the Python file of rules that the recipe names; without it, such a recipe is refused.

    Raises:
        RecipeError: says the file, the line, the key, what is wrong with it and what to do.
    """
    return list(load_recipe(str(path), allow_python=allow_python).notes)


def build(
    recipe: str | Path,
    out: str | Path,
    *,
    stages: Sequence[str] | None = None,
    limit: int | None = None,
    beam: Sequence[str] = (),
    allow_python: bool = False,
    replace: bool = False,
) -> Run:
    """Build a dataset from a recipe; stages whose result is already in the folder are skipped.

    A whole dataset that is in the folder stays what `Run` shows until all stages of the new one are done.

    Args:
        recipe: path of a recipe, or the name of a shipped one.
        out: the run folder; made where it does not exist.
        stages: names of the stages to run; None for all that the recipe needs.
        limit: posts to read of each archive file, for a trial; None for all.
        beam: options of Apache Beam, such as ``["--runner=SparkRunner"]``.
        allow_python: run the Python file of rules that the recipe names; without it, such a recipe is refused.
        replace: put this dataset in the place of one of another recipe.

    Raises:
        BliftError: an input, the recipe or the folder is at fault, or too many records are malformed.
    """
    from blift.pipelines.build.build import build as run  # noqa: PLC0415 - imports Apache Beam
    from blift.pipelines.engine.beam_arguments import beam_arguments  # noqa: PLC0415 - the same
    from blift.pipelines.engine.stage_run import Report  # noqa: PLC0415 - the same

    source = load_recipe(str(recipe), allow_python=allow_python)
    folder, arguments = RunFolder(str(out)), beam_arguments(list(beam))
    run(source, folder, arguments, stages, limit, Report(), replaces=replace)
    return Run(out)


def measure_file(path: str | Path) -> Mapping[str, Any]:
    """Decode an image or a video once and measure it: the columns of the media table that its content decides.

    Args:
        path: of the file.

    Raises:
        InputError: the file is no media, is damaged, or exceeds the limits; needs the extra `media`.
    """
    from blift.connectors.media.limits import Refused  # noqa: PLC0415 - needs the extra `media`
    from blift.connectors.media.settings import MeasureConfig  # noqa: PLC0415 - the same
    from blift.pipelines.stages.media.measure import measure  # noqa: PLC0415 - the same

    try:
        return measure(str(path), MeasureConfig()).row
    except Refused as refused:
        raise InputError(f"{path} cannot be measured: {refused.reason.value}, {refused.detail}.") from refused
