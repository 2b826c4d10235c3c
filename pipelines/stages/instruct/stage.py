"""What stage instruct needs: samples, templates, the sizes of splits, and the files of media."""

from __future__ import annotations

from functools import partial
from typing import Any

from blift.pipelines.engine.stage import Prepared, Request, Stage, as_json, digests
from blift.pipelines.recipe.instruct import PairMedia
from blift.pipelines.recipe.media import Media
from blift.pipelines.stages.annotate.stage import STAGE as ANNOTATE
from blift.pipelines.stages.curate.stage import STAGE as CURATE
from blift.pipelines.stages.ingest.stage import STAGE as INGEST
from blift.pipelines.stages.instruct import pipeline
from blift.pipelines.stages.instruct.files import Files
from blift.pipelines.stages.media.stage import STAGE as MEDIA
from blift.schemas.split import Split


def _prepare(request: Request) -> Prepared:
    shards = [shard for shard in request.shards_of(CURATE.name) if shard.path.startswith("samples/")]
    section = request.recipe.instruct
    files, of_files = files_of_media(request, request.recipe.media) if request.recipe.media else (None, None)
    annotated = request.shards_of(ANNOTATE.name) if request.recipe.sources.annotations else []
    annotations = [shard for shard in annotated if shard.path.startswith("annotations/")]
    config = pipeline.InstructConfig(
        folder=request.folder.path,
        shards=request.number_of_shards(INGEST.name),
        templates=section.templates,
        validation=section.splits.validation,
        test=section.splits.test,
        files=files,
        min_comment_score=section.min_comment_score,
        requires_files=section.media is PairMedia.REQUIRED,
        annotations=annotations,
    )
    return Prepared(
        inputs={
            "shards": digests(shards, ("samples/",)),
            "media": of_files,
            **({"annotations": digests(annotations, ("annotations/",))} if annotations else {}),
            "instruct": as_json(section),
        },
        plan=partial(pipeline.plan, inputs=shards, config=config),
    )


def files_of_media(request: Request, section: Media) -> tuple[Files, dict[str, Any]]:
    """Where files of media are, and what of them decides the pairs."""
    from blift.pipelines.stages.instruct.kept import Keeping  # noqa: PLC0415 - needs the extra
    from blift.pipelines.stages.media.lists import FOLDER, store_of, there  # noqa: PLC0415 - the same

    shards = sorted(request.shards_of(MEDIA.name))
    media = [shard for shard in shards if shard.path.startswith("media/")]
    lists = [shard for shard in shards if shard.path.startswith(FOLDER)]
    keeping = Keeping(
        folder=request.folder.path,
        store=store_of(request.folder, lists[0]) if lists else "",
        frames=request.recipe.instruct.frames,
        frames_at=request.recipe.instruct.frames_at,
        measure=section.measure_config(None),
    )
    inputs = {
        "shards": digests(media, ("media/",)),
        "there": there(request.folder, lists, times=False)[0],
        "keyframes": as_json(section.keyframes),
    }
    return Files(media, lists, keeping), inputs


_TABLES = tuple(
    f"instructions/{shape}{suffix}/{split.value}"
    for shape in ("llava", "chat")
    for suffix in ("", "-without-media")
    for split in Split
)

STAGE = Stage("instruct", _TABLES, _prepare, records=("media", "sample", "instruction", "chat", "annotation"))
