"""The part of a release that publishes media: what of the run folder it reads, and what decides its result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from blift.pipelines.engine.run_folder import Manifest, RunFolder
from blift.pipelines.recipe.result import MediaFiles, MediaShape, Publish
from blift.pipelines.stages.media.lists import FOLDER, store_of, there
from blift.pipelines.stages.release.layout import FOLDER as TARGET
from blift.pipelines.stages.release.layout import IN_PAIRS, MediaPart, Part
from blift.pipelines.stages.release.media import release_media
from blift.pipelines.stages.release.media_work import MediaRelease
from blift.schemas.errors import InputError

#: Bytes of media of one bucket of embedded files, about.
_BUCKET_BYTES = 512 << 20


def media_part(folder: RunFolder, manifest: Manifest, section: Publish, released: Sequence[Part]) -> MediaPart:
    """What publishes the media of a run folder.

    Args:
        released: the shards of the release, of which those of pairs may hold their media.

    Raises:
        InputError: media were not measured, or by a blift that did not note where they lie; or there are no pairs
            to hold them.
    """
    record = manifest.stages.get("media")
    if record is None:
        raise InputError(
            f"`publish.media` is {section.media}, and {folder.path} has no media. Add the section `media` to the "
            "recipe, and build again."
        )
    shards = sorted(shard for stage in manifest.stages.values() for shard in stage.shards)
    media = [shard for shard in shards if shard.path.startswith("media/")]
    lists = [shard for shard in shards if shard.path.startswith(FOLDER)]
    if media and not lists:
        raise InputError(f"{folder.path} does not say where its media lie. Build it again with this blift.")
    samples = [shard for shard in shards if shard.path.startswith("samples/")]
    found, size = there(folder, lists) if section.media_files is MediaFiles.FILES else ("", 0)
    buckets = max(len(media), -(-size // _BUCKET_BYTES), 1)
    pairs = [part for part in released if part.config in IN_PAIRS] if section.media is MediaShape.IN_PAIRS else []
    if section.media is MediaShape.IN_PAIRS and not sum(part.shard.rows for part in pairs):
        raise InputError(
            f"`publish.media` is in_pairs, and {folder.path} has no pairs with media to publish. Name one of "
            f"{', '.join(IN_PAIRS)} under `publish.configs`, or set `publish.media: embedded`."
        )
    config = MediaRelease(
        folder=folder.path,
        target=TARGET,
        shape=section.media,
        files=section.media_files,
        media=media,
        lists=lists,
        store=store_of(folder, lists[0]) if lists else "",
        shards=1 << (buckets - 1).bit_length(),
        pairs=pairs,
    )
    inputs = {
        "shape": section.media,
        "files": section.media_files,
        "shards": {shard.path: shard.sha256 for shard in media},
        "there": found,
        "buckets": config.shards if section.media in (MediaShape.EMBEDDED, MediaShape.IN_PAIRS) else None,
    }
    return MediaPart(inputs, partial(release_media, samples=samples, config=config))
