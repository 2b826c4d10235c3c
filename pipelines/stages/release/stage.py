"""The release as a stage of a run: which of its shards are released, and what must not be in them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from blift.connectors.media.extra import require_media
from blift.connectors.shard import Shard, in_month, table_folder
from blift.pipelines.engine.run_folder import Manifest
from blift.pipelines.engine.stage import Prepared, Request, Stage
from blift.pipelines.recipe.result import MediaShape
from blift.pipelines.stages.release.layout import (
    BESIDE,
    EMBEDDED,
    FOLDER,
    IN_PAIRS,
    PUBLISHED,
    UNFILTERED,
    WITHDRAWN,
    MediaPart,
    Part,
    digests_path,
)
from blift.pipelines.stages.release.layout import (
    STAGE as NAME,
)
from blift.schemas.configs import CONFIGS
from blift.schemas.errors import InputError
from blift.schemas.records import RECORDS
from blift.schemas.split import Split

#: In no folder of a month, and in any.
_ANY_MONTH = (None, "*")

if TYPE_CHECKING:
    import apache_beam as beam

    from blift.pipelines.engine.pipeline import StagePlan


def parts(manifest: Manifest, configs: Sequence[str] | None) -> list[Part]:
    """The shards that make up a release.

    Args:
        configs: names of configurations; None takes all that there are but the unfiltered ones.
    """
    wanted = [name for name, _, _ in CONFIGS if name not in UNFILTERED] if configs is None else configs
    folders = {f"{folder}/": (name, table) for name, folder, table in CONFIGS if name in wanted}
    return [
        Part(*folders[prefix], shard)
        for stage, record in manifest.stages.items()
        if stage != NAME
        for shard in record.shards
        for prefix in folders
        if shard.path.startswith(prefix)
    ]


def prepare(request: Request) -> Prepared:
    """The stage for the configurations that the recipe publishes.

    Raises:
        InputError: the run folder has nothing to release.
    """
    manifest, folder = request.manifest, request.folder.path
    chosen = parts(manifest, request.recipe.publish.configs) if manifest else []
    if manifest is None or not any(part.table == "sample" for part in chosen):
        raise InputError(f"{folder} holds no samples to publish. Run `blift build` to its end first.")
    media = _media(request, manifest, chosen)
    shards = [shard for record in manifest.stages.values() for shard in record.shards]
    flagged = [shard for shard in shards if shard.path.startswith(("posts/", "comments/"))]
    return Prepared(
        inputs={
            "shards": {shard.path: shard.sha256 for shard in sorted({*flagged, *(part.shard for part in chosen)})},
            "media": media and media.inputs,
        },
        prefixes=(
            *sorted({f"{FOLDER}{name}-" for part in chosen for name in _names(part.shard)}),
            *(f"{FOLDER}{in_month('blift/blift', month)}-" for month in _ANY_MONTH),
            *(f"{FOLDER}{digests_path(name).removesuffix('.parquet')}" for name, _, _ in PUBLISHED),
            *(f"{FOLDER}{place}/{name}-" for name, place, _ in EMBEDDED),
            *(f"{FOLDER}{place}/{split.value}-" for _, place, _ in IN_PAIRS.values() for split in Split),
            *(f"{FOLDER}{place}/metadata" for _, place, _ in BESIDE),
            *(f"{FOLDER}{place}/*/" for _, place, _ in BESIDE),
        ),
        plan=partial(_plan, chosen=chosen, flagged=flagged, folder=folder, media=media.plan if media else None),
    )


def _names(shard: Shard) -> Iterator[str]:
    """The names of the files of its table and split, up to their number, in the folders of any month and in none."""
    name = posixpath.basename(shard.name).rsplit("-", 3)[0]
    return (in_month(f"{table_folder(shard.path)}/{name}", month) for month in _ANY_MONTH)


def _media(request: Request, manifest: Manifest, chosen: Sequence[Part]) -> MediaPart | None:
    """The part of the stage that publishes media, where the recipe asks for it.

    Raises:
        RecipeError: its libraries are not installed.
        InputError: the run folder has no media, or no pairs that can hold them.
    """
    if request.recipe.publish.media is MediaShape.NONE:
        return None
    require_media("publish.media")
    from blift.pipelines.stages.release.media_part import media_part  # noqa: PLC0415 - needs the extra

    return media_part(request.folder, manifest, request.recipe.publish, chosen)


def _plan(pipeline: beam.Pipeline, **of_stage: Any) -> StagePlan:
    from blift.pipelines.stages.release.pipeline import plan  # noqa: PLC0415 - slow: it is a pipeline

    return plan(pipeline, **of_stage)


def gate(findings: Mapping[str, int]) -> None:
    """Check what the stage found; nothing opens this gate but another build.

    Raises:
        InputError: withdrawn comments or posts are in the samples.
    """
    if findings.get(WITHDRAWN):
        raise InputError(
            f"{findings[WITHDRAWN]} comments or posts that were deleted or removed are in the samples. Turn on the "
            "rules `deleted` and `removed` for posts and comments under `curate` in the recipe, and build again."
        )


STAGE = Stage(NAME, (), prepare, records=tuple(RECORDS))
