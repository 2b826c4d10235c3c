"""Media of a release: the files that samples show, without metadata, beside a table that names them or within it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard, take_in, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.recipe.result import MediaFiles, MediaShape
from blift.pipelines.stages.media.lists import LISTED, read_list
from blift.pipelines.stages.release.bared import Withheld, bared
from blift.pipelines.stages.release.embedded import Embed
from blift.pipelines.stages.release.layout import BESIDE, IMAGES, KEYFRAMES, VIDEOS, ReleasedMedia
from blift.pipelines.stages.release.media_work import (
    DIGESTS,
    FINDINGS,
    NOTES,
    ORDER,
    WORK,
    Account,
    MediaRelease,
    facts_of,
    said,
)
from blift.pipelines.stages.release.pairs import release_in_pairs
from blift.schemas.errors import InputError
from blift.schemas.media import MediaForm
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import TALLY
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import arrow, concat, frame, hash64, rows_of

#: The Hub takes so many files a folder.
FILES_PER_FOLDER = 10_000
_ROWS = "rows"
#: Digest of a file as it was measured, and its name in the dataset.
NAMES = pa.schema([pa.field("sha256", pa.string()), pa.field("name", pa.string())])


def release_media(pipeline: beam.Pipeline, samples: Sequence[Shard], config: MediaRelease) -> ReleasedMedia:
    """The transform. Bytes of media stay in the worker that reads them; names, digests and rows travel."""
    shown = (
        pipeline
        | "Shards of samples" >> beam.Create(list(samples))
        | "Media of samples" >> beam.Map(_keys, folder=config.folder).with_output_types(pa.Table)
    )
    work = (
        pipeline
        | "Shards of media" >> beam.Create(list(config.media))
        | "Shown" >> beam.ParDo(_Shown(config), shown=beam.pvalue.AsIter(shown)).with_output_types(pa.Table)
    )
    if config.files is MediaFiles.FILES:
        work = _placed(pipeline, work, config)
    if config.shape is MediaShape.IN_PAIRS:
        return release_in_pairs(pipeline, work, config)
    by_content = work | "By content" >> _by("content", config) | "Group contents" >> beam.GroupByKey()
    outputs = (TALLY, DIGESTS, FINDINGS, NOTES)
    if config.shape is MediaShape.EMBEDDED:
        made = by_content | "Embed" >> beam.ParDo(Embed(config)).with_outputs(*outputs, main="main")
        return ReleasedMedia(made.main, made[DIGESTS], made[TALLY], made[FINDINGS], made[NOTES], None)
    made = (
        by_content
        | "Contents" >> beam.ParDo(_one_by_one).with_output_types(pa.Table)
        | "Spread contents" >> beam.Reshuffle()
        | "Take in" >> beam.ParDo(_TakeIn(config)).with_outputs(*outputs, _ROWS, main="main")
    )
    named = (
        made[_ROWS]
        | "Typed rows" >> beam.Map(_same).with_output_types(tuple[str, pa.Table])
        | "Rows by configuration" >> beam.GroupByKey()
        | "Write names" >> beam.ParDo(WriteNames(config)).with_outputs(DIGESTS, FINDINGS, main="main")
    )
    # Files that differ in their metadata alone are one.
    files = made.main | "Files by path" >> beam.WithKeys(_path) | "Each file" >> beam.GroupByKey() | beam.Map(_first)
    shards = (files, named.main) | "Files and tables" >> beam.Flatten()
    findings = (made[FINDINGS], named[FINDINGS]) | "All findings" >> beam.Flatten()
    names = made[_ROWS] | "Names of files" >> beam.MapTuple(_names).with_output_types(pa.Table)
    whole = names if config.files is MediaFiles.FILES else None
    return ReleasedMedia(shards, named[DIGESTS], made[TALLY], findings, made[NOTES], whole)


def _names(config: str, rows: pa.Table) -> pa.Table:
    """Names relative to the dataset, and digests of the files as they were measured."""
    folder = next(folder for name, folder, _ in BESIDE if name == config)
    return arrow(frame(rows).select("sha256", name=f"{folder}/" + pl.col("file_name")), NAMES)


def _by(column: str, config: MediaRelease) -> beam.ParDo:
    return beam.ParDo(SplitByShard(column, config.shards)).with_output_types(tuple[int, pa.Table])


def _same(element: tuple[str, pa.Table]) -> tuple[str, pa.Table]:
    return element


def _path(shard: Shard) -> str:
    return shard.path


def _first(element: tuple[str, Iterable[Shard]]) -> Shard:
    return min(element[1])


def _keys(shard: Shard, folder: str) -> pa.Table:
    """Hashes of the media that samples show."""
    hashes = hash64(frame(read_shard(folder, shard, "sample", ["media_key"]))["media_key"])
    return pa.table({"hash": pa.array(hashes, pa.uint64())})


class _Shown(beam.DoFn):
    """A shard of the table media to what of it is published."""

    def __init__(self, config: MediaRelease) -> None:
        self._config = config

    def process(self, shard: Shard, shown: Iterable[pa.Table]) -> Iterator[pa.Table]:
        columns = ["sha256", "uses", "file", "form", "scenes", "unite_as"]
        rows = frame(read_shard(self._config.folder, shard, "media", columns))
        keys = np.concatenate([np.empty(0, np.uint64), *[table.column("hash").to_numpy() for table in shown]])
        uses = rows.select("sha256", key=pl.col("uses").list.eval(pl.element().struct.field("media_key"))).explode(
            "key"
        )
        claims = pl.concat([uses, rows.select("sha256", key="unite_as")]).drop_nulls()
        wanted = claims.filter(pl.Series(np.isin(hash64(claims["key"]), keys)))["sha256"].unique()
        found = rows.filter(pl.col("sha256").is_in(wanted.implode()))
        made = self._files(found) if self._config.files is MediaFiles.FILES else self._keyframes(found)
        if made.height:
            yield arrow(made, WORK)

    def _files(self, rows: pl.DataFrame) -> pl.DataFrame:
        is_video = pl.col("form") == MediaForm.VIDEO.value
        return rows.select(
            "sha256",
            "uses",
            "file",
            kind=pl.when(is_video).then(pl.lit(VIDEOS)).otherwise(pl.lit(IMAGES)),
            content=pl.col("sha256"),
            paths=pl.lit([], dtype=pl.List(pl.String)),
            scene=pl.lit(None, dtype=pl.Int64),
            time_s=pl.lit(None, dtype=pl.Float64),
        )

    def _keyframes(self, rows: pl.DataFrame) -> pl.DataFrame:
        """One row for each scene that has a keyframe, whose name in the store is its digest."""
        scenes = rows.select(
            "sha256", "uses", "file", "scenes", scene=pl.int_ranges(pl.col("scenes").list.len(), dtype=pl.Int64)
        ).explode("scenes", "scene")
        keyframe = pl.col("scenes").struct.field("keyframe")
        return scenes.filter(keyframe.is_not_null()).select(
            "sha256",
            "uses",
            "file",
            "scene",
            kind=pl.lit(KEYFRAMES),
            content=keyframe.str.extract(r"([0-9a-f]{64})\.\w+$"),
            paths=pl.concat_list(pl.lit(posixpath.join(self._config.store, "")) + keyframe),
            time_s=pl.col("scenes").struct.field("keyframe_s"),
        )


def _placed(pipeline: beam.Pipeline, work: beam.PCollection[pa.Table], config: MediaRelease) -> beam.PCollection:
    """The work with the places at which each file may lie."""
    lists = (
        pipeline
        | "Lists" >> beam.Create(list(config.lists))
        | "Read lists" >> beam.Map(_list, folder=config.folder).with_output_types(pa.Table)
    )
    return (
        {"work": work | "Work by file" >> _by("file", config), "lists": lists | "Lists by file" >> _by("file", config)}
        | "Group files" >> beam.CoGroupByKey()
        | "Places" >> beam.Map(_with_places).with_output_types(pa.Table)
    )


def _list(shard: Shard, folder: str) -> pa.Table:
    return read_list(folder, shard)


def _with_places(element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> pa.Table:
    work, lists = frame(concat(element[1]["work"], WORK)), frame(concat(element[1]["lists"], LISTED))
    places = lists.group_by("file").agg(paths=pl.col("path").unique().sort())
    joined = work.drop("paths").join(places, on="file", how="left")
    return arrow(joined.with_columns(pl.col("paths").fill_null([])), WORK)


def _one_by_one(element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
    """The rows of each content as a table: a content is what workers share out."""
    rows = frame(concat(element[1], WORK)).sort(ORDER)
    for of_content in rows.partition_by("kind", "content", maintain_order=True):
        yield arrow(of_content, WORK)


class _TakeIn(beam.DoFn):
    """One content with its rows to a file of the release, and its rows."""

    def __init__(self, config: MediaRelease) -> None:
        self._config = config

    def process(self, work: pa.Table) -> Iterator[Shard | TaggedOutput]:
        rows = frame(work)
        kind, content, paths = rows.select("kind", "content", "paths").row(0)
        name = next(name for name, folder, _ in BESIDE if folder == kind)
        account = Account()
        account.seen[name] += rows.height
        try:
            with bared(paths, content, video=kind == VIDEOS) as file:
                yield take_in(file.path, self._config.folder, f"{self._config.target}{kind}/{file.name}")
                account.found.update((name, removed) for removed in file.removed)
                named = facts_of(rows, file).with_columns(file_name=pl.lit(file.name))
                yield TaggedOutput(_ROWS, (name, rows_of(named, "media_file")))
        except Withheld as why:
            account.withheld(name, rows.height, why)
        yield from account.emit()


class WriteNames(beam.DoFn):
    """The rows of a configuration to the table that names its files, as `datasets` looks for it."""

    def __init__(self, config: MediaRelease) -> None:
        self._config = config

    def process(self, element: tuple[str, Iterable[pa.Table]]) -> Iterator[Shard | TaggedOutput]:
        name, tables = element
        rows = frame(concat(tables, SCHEMAS["media_file"])).sort("file_name", "sha256", "scene")
        crowd = rows.select(pl.col("file_name").unique().str.head(2).value_counts(sort=True)).unnest("file_name")
        most = crowd["count"].max() if crowd.height else 0
        if isinstance(most, int) and most > FILES_PER_FOLDER:
            raise InputError(
                f"{name} has {rows.height:,} files, and the Hub takes {FILES_PER_FOLDER:,} a folder. Say "
                "`publish.media: embedded` in the recipe."
            )
        folder = next(folder for config, folder, _ in BESIDE if config == name)
        released = said(name, rows_of(rows, "media_file"), "media_file")
        path = f"{self._config.target}{folder}/metadata.parquet"
        yield write_shard(released.rows, "media_file", self._config.folder, path)
        yield from released.outputs
