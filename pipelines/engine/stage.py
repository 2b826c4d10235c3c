"""A stage: its name, what it writes, and how it is prepared from a recipe and the stages before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blift.connectors.shard import Shard
from blift.pipelines.engine.run_folder import MANIFEST, Manifest, RunFolder, StageRecord
from blift.schemas.errors import InputError

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan
    from blift.pipelines.recipe.file import RecipeFile
    from blift.pipelines.recipe.model import Recipe
    from blift.pipelines.recipe.result import Output, Rejects
    from blift.schemas.section import Section


@dataclass(frozen=True)
class Request:
    """What a stage is asked to do."""

    source: RecipeFile
    folder: RunFolder
    limit: int | None
    manifest: Manifest | None
    fresh: bool = False
    """It is to make all anew, whatever of an earlier run is kept."""

    @property
    def recipe(self) -> Recipe:
        """The recipe."""
        return self.source.recipe

    def record(self, stage: str) -> StageRecord | None:
        """What a stage noted when it ran last; None where it has not."""
        return self.manifest.stages.get(stage) if self.manifest else None

    def shards_of(self, stage: str) -> list[Shard]:
        """The shards that an earlier stage wrote.

        Raises:
            InputError: it has not run.
        """
        record = self.record(stage)
        if record is None:
            raise InputError(
                f"The stage {stage} has not run in {self.folder.path}. Add it to --stages, or leave --stages out."
            )
        return record.shards

    def number_of_shards(self, stage: str) -> int:
        """How many shards each dataset of an earlier stage has.

        Raises:
            InputError: the manifest does not say it.
        """
        if self.manifest is None:
            return 1
        shards = self.manifest.stages[stage].inputs.get("shards")
        if not isinstance(shards, int):
            raise InputError(
                f"{self.folder.file(MANIFEST)} is damaged (it does not say how many files {stage} wrote). Delete it "
                "and build again."
            )
        return shards


@dataclass(frozen=True)
class Reading:
    """What a stage reads of its input: files that it opens, and files of which an earlier run kept what they gave."""

    files: int
    size_bytes: int
    kept_files: int
    kept_bytes: int


@dataclass(frozen=True)
class Prepared:
    """A stage that can run.

    Attributes:
        inputs: facts that decide the result, as JSON: files or shards, sections of the recipe, digests.
        plan: adds the stage to a pipeline.
        prefixes: of the shards that it writes beside those of its tables.
        warnings: sentences on what the stage could not do, once it is done; it raises where nothing came of it, and
            then the stage is not done.
        check: looks at the files that were written; it raises where the stage is not done for them.
        parts: paths of files that the stage has left for its next run, once it is done.
        reading: of what it reads; None where it reads all of it.
        reads: paths and addresses of what it reads outside the run folder.
    """

    inputs: dict[str, Any]
    plan: Callable[[beam.Pipeline], StagePlan]
    prefixes: tuple[str, ...] = ()
    warnings: Callable[[], list[str]] = list
    check: Callable[[Sequence[Shard]], None] = lambda _: None
    parts: Callable[[], list[str]] = list
    reading: Reading | None = None
    reads: Sequence[str] = ()


def _always(_: Recipe) -> bool:
    return True


@dataclass(frozen=True)
class Stage:
    """One stage of a build.

    Attributes:
        name: in the manifest, in `--stages` and in the names of its rejects.
        tables: names of the shards that it writes, up to their number, such as `posts/posts`, or patterns of these.
        prepare: what it would do for a recipe: its inputs, and its pipeline.
        needed: whether a recipe asks for it.
        records: the tables that it reads or writes; another major or minor version of one lets it run again.
        keeps: name of the parts that it leaves for its next run, up to their key; empty where it leaves none.
    """

    name: str
    tables: tuple[str, ...]
    prepare: Callable[[Request], Prepared]
    needed: Callable[[Recipe], bool] = _always
    records: tuple[str, ...] = ()
    keeps: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Names of all files that it writes, up to their number or key."""
        return (*self.tables, f"rejects/{self.name}", *([self.keeps] if self.keeps else []))

    def prefixes(self, prepared: Prepared) -> tuple[str, ...]:
        """How its files begin, rejects included; what has such a name, and is of no dataset, is deleted at its end."""
        return (*(f"{table}-" for table in self.files), *prepared.prefixes)


def digests(shards: Sequence[Shard], prefixes: tuple[str, ...]) -> dict[str, str]:
    """sha256 by path of the shards under some prefixes."""
    return {shard.path: shard.sha256 for shard in shards if shard.path.startswith(prefixes)}


def listing(section: Rejects) -> dict[str, Any]:
    """What of the section on rejects decides which are listed, and how."""
    return dict(section.model_dump(mode="json", exclude={"max_malformed"}))


def partitions(section: Output) -> dict[str, str]:
    """What of the layout decides in which folders rows lie; nothing where they lie in none of their own."""
    return {"partition_by": section.partition_by.value} if section.partition_by else {}


def as_json(section: Section) -> dict[str, Any]:
    """A section of the recipe as JSON has it."""
    return dict(section.model_dump(mode="json"))
