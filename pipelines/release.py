"""The release stage: the tables of a run as they may leave it, with personal data replaced, beside their originals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from connectors.parquet import Shard, read_shard, write_parquet, write_shard
from pipelines.card import CONFIGS
from pipelines.inputs import Request
from pipelines.prepare import Prepared
from pipelines.recipe import MediaShape
from pipelines.run_folder import Manifest
from pipelines.stage import StagePlan
from schemas.errors import InputError
from transforms.accounting import TALLY, Tally
from transforms.digests import SCHEMA as DIGESTS
from transforms.digests import row_digests, sorted_digests
from transforms.privacy import kinds
from transforms.release import blift_rows, posted_by_month, release, withdrawn_ids, withdrawn_in
from transforms.tables import concat

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
_DIGESTS, _FINDINGS = "digests", "findings"


class ReleasedMedia(NamedTuple):
    """Shards and files; digests of rows by configuration; counts; sentences on what is not published."""

    shards: beam.PCollection[Shard]
    digests: beam.PCollection[tuple[str, pa.Table]]
    tallies: beam.PCollection[Any]
    findings: beam.PCollection[tuple[str, int]]
    notes: beam.PCollection[str]


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


def prepare(request: Request) -> Prepared:
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
        plan=partial(plan, chosen=chosen, flagged=flagged, folder=folder, media=media.plan if media else None),
    )


def _media(request: Request, manifest: Manifest) -> MediaPart | None:
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


def plan(
    pipeline: beam.Pipeline,
    chosen: Sequence[Part],
    flagged: Sequence[str],
    folder: str,
    media: Callable[[beam.Pipeline], ReleasedMedia] | None,
) -> StagePlan:
    """The stage as a pipeline: one shard in, one out; ids of what was withdrawn are known to all."""
    withdrawn = (
        pipeline
        | "Shards of records" >> beam.Create(list(flagged))
        | "Spread shards of records" >> beam.Reshuffle()
        | "Withdrawn" >> beam.ParDo(_Withdrawn(folder)).with_output_types(pa.Table)
    )
    released = (
        pipeline
        | "Shards" >> beam.Create([tuple(asdict(part).values()) for part in chosen])
        | "Spread shards" >> beam.Reshuffle()
        | "Release"
        >> beam.ParDo(_Release(folder), withdrawn=beam.pvalue.AsIter(withdrawn)).with_outputs(
            TALLY, _DIGESTS, _FINDINGS, main="main"
        )
    )
    shards, digests, tallies = [released.main], [released[_DIGESTS]], [released[TALLY]]
    notes, findings = [], [released[_FINDINGS]]
    if media:
        of_media = media(pipeline)
        shards.append(of_media.shards)
        digests.append(of_media.digests)
        tallies.append(of_media.tallies)
        findings.append(of_media.findings)
        notes.append(of_media.notes)
    written = (
        tuple(digests)
        | "All digests" >> beam.Flatten()
        | "Typed digests" >> beam.Map(_same).with_output_types(tuple[str, pa.Table])
        | "Digests by configuration" >> beam.GroupByKey()
        | "Write digests" >> beam.Map(_write_digests, folder=folder)
    )
    return StagePlan([*shards, written], tallies, notes, findings)


def _same(element: tuple[str, pa.Table]) -> tuple[str, pa.Table]:
    return element


class _Withdrawn(beam.DoFn):
    """A shard of posts or comments to the hashes of what was withdrawn."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def process(self, path: str) -> Iterator[pa.Table]:
        table = "post" if path.startswith("posts/") else "comment"
        columns = [f"{table}_id", "deleted", "removed"]
        hashes = withdrawn_ids(read_shard(self._folder, path, table, columns), columns[0])
        if len(hashes):
            yield pa.table({"hash": pa.array(hashes, pa.uint64())})


class _Release(beam.DoFn):
    """A shard as it may leave, written; for samples also in the six columns of BLIFT."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def process(self, element: tuple[str, str, str], withdrawn: Iterable[pa.Table]) -> Iterator[Shard | TaggedOutput]:
        part, tally = Part(*element), Tally(STAGE)
        rows = read_shard(self._folder, part.path, part.table)
        if part.table == "sample":
            found = withdrawn_in(rows, _sorted(withdrawn))
            yield TaggedOutput(_FINDINGS, (WITHDRAWN, found))
            for platform, month, count in posted_by_month(rows):
                yield TaggedOutput(_FINDINGS, (f"{POSTED} {platform} {month}", count))
        released = release(rows, part.table)
        for kind, count in kinds(released.redacted).items():
            yield TaggedOutput(_FINDINGS, (f"{part.config} {kind}", count))
        tally.flow(0, "privacy", part.config, rows.num_rows, released.rows.num_rows, released.withheld)
        yield write_shard(released.rows, part.table, self._folder, f"{FOLDER}{part.path}")
        if part.table == "sample":
            six = blift_rows(released.rows)
            path = f"{FOLDER}blift/{part.path.rpartition('/')[2].replace('samples', 'blift')}"
            yield write_shard(six, "blift", self._folder, path)
        yield TaggedOutput(_DIGESTS, (part.config, row_digests(released.rows, part.table)))
        yield from tally.emit()


def _sorted(withdrawn: Iterable[pa.Table]) -> np.ndarray:
    return np.sort(np.concatenate([np.empty(0, np.uint64), *[table.column("hash").to_numpy() for table in withdrawn]]))


def _write_digests(element: tuple[str, Iterable[pa.Table]], folder: str) -> Shard:
    config, tables = element
    return write_parquet(sorted_digests(concat(tables, DIGESTS)), folder, f"{FOLDER}{digests_path(config)}")


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
