"""What stage instruct needs: samples, templates, the sizes of splits, and the files of media."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from blift.connectors.shard import Shard, in_month
from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests, partitions
from blift.pipelines.recipe.instruct import PairMedia
from blift.pipelines.recipe.media import Media
from blift.pipelines.recipe.result import Partition
from blift.pipelines.stages.annotate.stage import STAGE as ANNOTATE
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.media.lists import FOLDER, store_of, there
from blift.pipelines.stages.media.stage import STAGE as MEDIA
from blift.schemas.split import Split

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan
    from blift.pipelines.stages.instruct.files import Files


def _prepare(request: Request) -> Prepared:
    shards = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    annotated = request.shards_of(ANNOTATE.name) if request.recipe.sources.annotations else []
    annotations = [shard for shard in annotated if shard.path.startswith("annotations/")]
    return Prepared(
        inputs={
            "shards": digests(shards, ("samples/",)),
            "media": what_of_media(request, request.recipe.media) if request.recipe.media else None,
            **({"annotations": digests(annotations, ("annotations/",))} if annotations else {}),
            "instruct": as_json(request.recipe.instruct),
            **partitions(request.recipe.output),
        },
        plan=partial(_plan, request=request, samples=shards, annotations=annotations),
    )


def _plan(
    pipeline: beam.Pipeline, request: Request, samples: Sequence[Shard], annotations: Sequence[Shard]
) -> StagePlan:
    from blift.pipelines.stages.instruct.pipeline import InstructConfig, plan  # noqa: PLC0415 - imports Apache Beam

    section = request.recipe.instruct
    config = InstructConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        templates=section.templates,
        validation=section.splits.validation,
        test=section.splits.test,
        files=files_of_media(request, request.recipe.media) if request.recipe.media else None,
        min_comment_score=section.min_comment_score,
        requires_files=section.media is PairMedia.REQUIRED,
        by_month=request.recipe.output.partition_by is Partition.MONTH,
        annotations=annotations,
    )
    return plan(pipeline, samples, config)


def what_of_media(request: Request, section: Media) -> dict[str, Any]:
    """What of the files of media decides the pairs."""
    media, lists = _shards_of_media(request)
    return {
        "shards": digests(media, ("media/",)),
        "there": there(request.folder, lists, times=False)[0],
        "keyframes": as_json(section.keyframes),
    }


def _shards_of_media(request: Request) -> tuple[list[Shard], list[Shard]]:
    """Shards of the table media, and those that say where files lie."""
    shards = sorted(request.shards_of(MEDIA.name))
    folders = ("media/", FOLDER)
    media, lists = ([shard for shard in shards if shard.path.startswith(folder)] for folder in folders)
    return media, lists


def files_of_media(request: Request, section: Media) -> Files:
    """Where files of media are, and how they are kept."""
    from blift.pipelines.stages.instruct.files import Files  # noqa: PLC0415 - imports Apache Beam
    from blift.pipelines.stages.instruct.kept import Keeping  # noqa: PLC0415 - needs the extra

    media, lists = _shards_of_media(request)
    keeping = Keeping(
        folder=request.folder.path,
        store=store_of(request.folder, lists[0]) if lists else "",
        frames=request.recipe.instruct.frames,
        frames_at=request.recipe.instruct.frames_at,
        measure=section.measure_config(None),
    )
    return Files(media, lists, keeping)


_TABLES = tuple(
    f"instructions/{shape}{suffix}/{split.value}"
    for shape in ("llava", "chat")
    for suffix in ("", "-without-media")
    for split in Split
)

STAGE = Stage(
    "instruct",
    (*_TABLES, *(in_month(table, "*") for table in _TABLES)),
    _prepare,
    records=("media", "sample", "instruction", "chat", "annotation"),
)
