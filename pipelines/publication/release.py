"""What a release is made of: which tables of a run may leave it, where they lie, and what must not be in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pipelines.recipe.result import MediaShape
from pipelines.run.card_parts import CONFIGS
from pipelines.run.folder import Manifest
from pipelines.run.request import Prepared, ReleaseRequest, Request
from schemas.errors import InputError
from transforms.personal_data import kinds

if TYPE_CHECKING:
    import apache_beam as beam

    from pipelines.publication.release_stage import ReleasedMedia
    from pipelines.run.stage import StagePlan

STAGE = "release"
IMAGES, VIDEOS, KEYFRAMES = "images", "videos", "keyframes"
#: Configurations of published media: name, folder, table. Files lie in the folder of the table that names them.
BESIDE = tuple((f"{kind.removesuffix('s')}_files", kind, "media_file") for kind in (IMAGES, VIDEOS, KEYFRAMES))
EMBEDDED = (
    (IMAGES, f"embedded/{IMAGES}", "media_image"),
    (VIDEOS, f"embedded/{VIDEOS}", "media_video"),
    (KEYFRAMES, f"embedded/{KEYFRAMES}", "media_image"),
)
#: Configurations of a release: name, folder, table. The first is the default one.
PUBLISHED = (*CONFIGS[:1], ("blift", "blift", "blift"), *CONFIGS[1:], *BESIDE, *EMBEDDED)
#: Where released files lie in a run folder; in the dataset they lie at its root.
FOLDER = "release/"
#: What was found of comments and posts that were withdrawn, in samples; a release has none.
WITHDRAWN = "withdrawn"
#: Samples by platform and month in which they were posted: `posted reddit 2021-07`.
POSTED = "posted"
#: Configurations that stay at home unless a recipe names them: whatever was collected, before any rule.
UNFILTERED = ("posts", "comments")
#: Kinds of personal data that are replaced.
KINDS = frozenset(kinds({}))
#: What is taken out of files of media: metadata of any kind; those among them that say where they were taken.
REMOVED = ("metadata", "location")


@dataclass(frozen=True)
class MediaPart:
    """What publishes media, and what decides it."""

    inputs: dict[str, Any]
    plan: Callable[[beam.Pipeline], ReleasedMedia]


@dataclass(frozen=True)
class Part:
    """A shard to release: its configuration, its table, its path."""

    config: str
    table: str
    path: str


def parts(manifest: Manifest, configs: Sequence[str] | None) -> list[Part]:
    """The shards that make up a release.

    Args:
        configs: names of configurations; None takes all that there are but the unfiltered ones.
    """
    wanted = [name for name, _, _ in CONFIGS if name not in UNFILTERED] if configs is None else configs
    folders = {f"{folder}/": (name, table) for name, folder, table in CONFIGS if name in wanted}
    return [
        Part(*folders[prefix], shard.path)
        for stage, record in manifest.stages.items()
        if stage != STAGE
        for shard in record.shards
        for prefix in folders
        if shard.path.startswith(prefix)
    ]


def prepare(request: Request | ReleaseRequest) -> Prepared:
    """The stage for the configurations that the recipe publishes.

    Raises:
        InputError: the run folder has nothing to release.
    """
    manifest, folder = request.manifest, request.folder.path
    chosen = parts(manifest, request.recipe.publish.configs) if manifest else []
    if manifest is None or not any(part.table == "sample" for part in chosen):
        raise InputError(f"{folder} holds no samples to publish. Run `blift build` to its end first.")
    media = _media(request, manifest)
    digests = {shard.path: shard.sha256 for record in manifest.stages.values() for shard in record.shards}
    flagged = [path for path in digests if path.startswith(("posts/", "comments/"))]
    return Prepared(
        inputs={
            "shards": {path: digests[path] for path in sorted({*flagged, *(part.path for part in chosen)})},
            "media": media and media.inputs,
        },
        prefixes=(
            *sorted({f"{FOLDER}{part.path.rpartition('/')[0]}/" for part in chosen}),
            f"{FOLDER}blift/",
            f"{FOLDER}digests/",
            *(f"{FOLDER}{place}/" for _, place, _ in (*BESIDE, *EMBEDDED)),
            *(f"{FOLDER}{place}/*/" for _, place, _ in BESIDE),
        ),
        plan=partial(_plan, chosen=chosen, flagged=flagged, folder=folder, media=media.plan if media else None),
    )


def _media(request: Request | ReleaseRequest, manifest: Manifest) -> MediaPart | None:
    """The part of the stage that publishes media, where the recipe asks for it.

    Raises:
        InputError: its libraries are not installed, or the run folder has no media.
    """
    if request.recipe.publish.media is MediaShape.NONE:
        return None
    try:
        from pipelines.publication.media_part import media_part  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        raise InputError(
            f"`publish.media` needs the extra `media` ({error.name} is not installed). Install blift[media]."
        ) from error
    return media_part(request.folder, manifest, request.recipe.publish)


def _plan(pipeline: beam.Pipeline, **of_stage: Any) -> StagePlan:
    from pipelines.publication.release_stage import plan  # noqa: PLC0415 - slow: it is a pipeline

    return plan(pipeline, **of_stage)


def digests_path(config: str) -> str:
    """Where the digests of a configuration's rows lie in a published dataset."""
    return f"digests/{config}.parquet"


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
