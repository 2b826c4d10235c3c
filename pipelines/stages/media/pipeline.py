"""The media stage: files of kept posts measured, one decode each, and those that show the same found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.malformed import reject_table
from blift.connectors.media.settings import DecoderChoice, MeasureConfig
from blift.connectors.models.speech import SpeechConfig
from blift.connectors.parquet import read_shard, shard_name, write_shard
from blift.connectors.shard import Shard
from blift.connectors.web.placeholders import DIGESTS
from blift.pipelines.engine.beam_arguments import is_only_worker
from blift.pipelines.engine.hardware import on_gpu
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.pipelines.stages.media.comparing import SameMedia
from blift.pipelines.stages.media.describe import DescribeConfig, DescribeScenes
from blift.pipelines.stages.media.listing import NoteFiles
from blift.pipelines.stages.media.measuring import (
    ROWS,
    STAGE,
    FilesWithUses,
    MeasureFiles,
    MeasureOptions,
    as_rows,
    files_at_once,
    reject_row,
    store_settings,
)
from blift.schemas.arrow import conform
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.judge import RuleBook, judge_posts
from blift.transforms.media.clusters import CLUSTERED
from blift.transforms.media.file_names import ID, POST
from blift.transforms.media.files import (
    BESIDE,
    FILES,
    FOUND,
    WANTED,
    ListedFile,
    best_files,
    file_names,
    match_names,
    wanted_names,
)
from blift.transforms.media.looks import DuplicateOptions
from blift.transforms.media.near_duplicates import NearDuplicates
from blift.transforms.media.placeholders import is_shared_by_strangers, unrelated
from blift.transforms.rejects import reject_rows
from blift.transforms.rules.python_file import RuleFile
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import concat, frame, rows_of

_NOTES = "notes"
#: Steps of the funnel.
_FIND, _REAL, _SAME = 0, 1, 2
_MEDIA = SCHEMAS["media"]
#: Files whose names travel in one table.
_LISTED = 10_000
#: Files that each of several workers gets together: one that was measured before takes 12 ms by itself, of four 3 ms.
_SHARED_OUT = 4


@dataclass(frozen=True)
class MediaConfig:
    """What the workers of the stage need to know.

    Attributes:
        store: folder of the media store.
        python: rules of the recipe's own.
        posts: options of the rules for posts: files of posts that they reject are not measured.
        duplicates: how near-duplicates are found; None: not at all.
        describe: models that describe scenes; None: none. ``speech``: the same for speech.
    """

    folder: str
    shards: int
    store: str
    measure: MeasureConfig
    python: RuleFile | None
    posts: Mapping[str, Mapping[str, Any]]
    duplicates: DuplicateOptions | None
    describe: DescribeConfig | None
    speech: SpeechConfig | None
    reject_out_of_scope: bool


def plan(
    pipeline: beam.Pipeline, posts: Sequence[Shard], files: Sequence[ListedFile], config: MediaConfig
) -> StagePlan:
    """The stage as a pipeline. Bytes of media stay in the worker that reads them; rows and digests travel."""
    wanted = (
        pipeline
        | "Post shards" >> beam.Create(list(posts))
        | "Names wanted" >> beam.ParDo(_Wanted(config)).with_output_types(pa.Table)
    )
    matched = _matched(pipeline, wanted, files, config)
    alone = is_only_worker(pipeline.options)
    at_once = files_at_once(config.measure.limits.memory_bytes) if alone else 1
    together = None if alone else _SHARED_OUT
    options = MeasureOptions(config.measure, config.store, config.speech, at_once, together)
    measure = beam.ParDo(MeasureFiles(options)).with_output_types(pa.Table).with_outputs(REJECTS, TALLY, main="main")
    uses = (
        {
            "wanted": wanted | "Wanted by media" >> _by("media_key", config),
            "found": matched.main | "Found by media" >> _by("media_key", config),
        }
        | "Group media" >> beam.CoGroupByKey()
        | "Best files"
        >> beam.ParDo(_Best(config)).with_output_types(pa.Table).with_outputs(TALLY, REJECTS, main="main")
    )
    measured = (
        uses.main
        | "By path" >> _by("path", config)
        | "Group paths" >> beam.GroupByKey()
        | "Files" >> beam.ParDo(FilesWithUses(options)).with_output_types(pa.Table)
        | "Spread files" >> beam.Reshuffle()
        | "Measure" >> (on_gpu(measure) if config.measure.decoder is DecoderChoice.GPU else measure)
    )
    merged = (
        measured.main
        | "By content" >> _by("sha256", config)
        | "Group contents" >> beam.GroupByKey()
        | "Merge uses" >> beam.ParDo(_MergeUses()).with_output_types(pa.Table).with_outputs(TALLY, REJECTS, main="main")
    )
    rows = merged.main | "Rows" >> beam.Map(_media_columns).with_output_types(pa.Table)
    rejects, tallies, notes = (
        [uses[REJECTS], measured[REJECTS], merged[REJECTS]],
        [uses[TALLY], measured[TALLY], merged[TALLY]],
        [matched[_NOTES]],
    )
    if config.describe:
        described = rows | "Describe" >> DescribeScenes(config.describe)
        rows = described.media
        rejects.append(described.rejects)
        tallies.append(described.tallies)
        notes.append(described.notes)
    by_file = {"rows": rows | "Rows by file" >> _by("sha256", config)}
    if config.duplicates:
        same = SameMedia(config.store, store_settings(config.measure, config.speech), config.duplicates)
        clusters, common = merged.main | "Near-duplicates" >> NearDuplicates(config.duplicates, config.shards, same)
        by_file["clusters"] = clusters | "Clusters by file" >> _by("sha256", config)
        notes.append(common)
    written = by_file | "Group rows" >> beam.CoGroupByKey() | "Write" >> beam.ParDo(_Write(config))
    left_out = (
        tuple(rejects)
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    listed = pipeline | "Note files" >> NoteFiles(files, config.folder, config.store)
    return StagePlan([written, left_out, listed], tallies, notes)


def _by(column: str, config: MediaConfig) -> beam.ParDo:
    return beam.ParDo(SplitByShard(column, config.shards)).with_output_types(tuple[int, pa.Table])


def _matched(
    pipeline: beam.Pipeline, wanted: beam.PCollection[pa.Table], files: Sequence[ListedFile], config: MediaConfig
) -> beam.pvalue.DoOutputsTuple:
    """The files that the media of kept posts go by, and their uses."""
    lists = [list(files[first : first + _LISTED]) for first in range(0, len(files), _LISTED)]
    listed = (
        pipeline
        | "Lists of files" >> beam.Create(lists)
        | "Names of files" >> beam.Map(file_names).with_output_types(pa.Table)
    )
    return (
        {
            "wanted": wanted | "Wanted by name" >> _by("name", config),
            "files": listed | "Files by name" >> _by("name", config),
        }
        | "Group names" >> beam.CoGroupByKey()
        | "Match names" >> beam.ParDo(_Match()).with_output_types(pa.Table).with_outputs(_NOTES, main="main")
    )


class _Wanted(beam.DoFn):
    """A shard of posts to the names of the media of those that the rules keep."""

    def __init__(self, config: MediaConfig) -> None:
        self._config = config

    def setup(self) -> None:
        self._rules = RuleBook.of(self._config.posts, {}, (), self._config.python)

    def process(self, shard: Shard) -> Iterator[pa.Table]:
        posts = frame(read_shard(self._config.folder, shard, "post")).filter(pl.col("media_key").is_not_null())
        yield wanted_names(judge_posts(posts, self._rules, Tally(STAGE)).kept)


class _Match(beam.DoFn):
    """Names of files and names wanted to files with their uses."""

    def process(self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> Iterator[pa.Table | TaggedOutput]:
        found, ambiguous = match_names(
            frame(concat(element[1]["files"], FILES)), frame(concat(element[1]["wanted"], WANTED))
        )
        yield found
        for name in ambiguous:
            yield TaggedOutput(_NOTES, _ambiguous(name))


def _ambiguous(name: str) -> str:
    if name.startswith(BESIDE):
        return f"Several media have their file beside the record as {name.removeprefix(BESIDE)}; none got it."
    if name.startswith((ID, POST)):
        return f"Several media go by the id {name.partition(':')[2]}; none got the files that are named after it."
    host, _, base = name.rpartition("/")
    if host:
        return f"Several media on {host} are called {base}; none got the file of that name."
    return f"Several media are called {name}; a file gets to one of them only in a folder named after the host."


class _Best(beam.DoFn):
    """Media of kept posts to the files that are surest to be theirs; media without a file are counted and rejected."""

    def __init__(self, config: MediaConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> Iterator[pa.Table | TaggedOutput]:
        use = ["media_key", "place"]
        wanted = frame(concat(element[1]["wanted"], WANTED)).select(use).unique()
        files = best_files(frame(concat(element[1]["found"], FOUND)))
        yield files
        found = frame(files).select(use).unique()
        tally = Tally(STAGE)
        missing = wanted.join(found, on=use, how="anti").with_columns(
            rule=pl.lit("file_found"),
            reason=pl.lit(Reason.NO_FILE.value),
            detail=pl.format("file {} of the media", pl.col("place") + 1),
            permalink=pl.lit(None, dtype=pl.String),
        )
        tally.step(_FIND, "file_found", "media", wanted.height, {Reason.NO_FILE: missing.height})
        if missing.height:
            out_of_scope = self._config.reject_out_of_scope
            rows = reject_rows(missing, STAGE, "media", "media_key", payload=False, out_of_scope=out_of_scope)
            yield TaggedOutput(REJECTS, rows)
        yield from tally.emit()


def _media_columns(rows: pa.Table) -> pa.Table:
    return conform(rows.select(_MEDIA.names), _MEDIA)


class _MergeUses(beam.DoFn):
    """Rows of files to one row for each content, with all its uses; placeholders are rejected."""

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table | TaggedOutput]:
        every = frame(concat(element[1], ROWS)).sort("sha256", "file")
        files, rejects = _without_placeholders(every)
        own = ("sha256", "uses", "posted_at", "media_key", "unite_as")
        merged = files.group_by("sha256", maintain_order=True).agg(
            *[pl.col(name).first() for name in files.columns if name not in own],
            pl.col("uses").list.explode(keep_nulls=False, empty_as_null=False).unique().sort(),
            pl.col("posted_at").min(),
            pl.col("media_key").min(),
            unite_as=pl.coalesce(pl.col("media_key").min(), pl.col("unite_as").min()),
        )
        tally = Tally(STAGE)
        tally.step(_REAL, "not_a_placeholder", "file", every.height, {Reason.PLACEHOLDER: every.height - files.height})
        tally.step(_SAME, "same_content", "file", files.height, merged=files.height - merged.height)
        for decoder, decoded in merged.group_by("decoder").len().iter_rows():
            tally.step(0, "decoded", f"{decoder} file", decoded)
        yield as_rows(merged)
        if rejects:
            yield TaggedOutput(REJECTS, reject_table(rejects))
        yield from tally.emit()


def _without_placeholders(files: pl.DataFrame) -> tuple[pl.DataFrame, list[dict[str, Any]]]:
    """Files that are media of the posts that show them, and rejects of the others."""
    told: dict[str, str] = dict.fromkeys(DIGESTS, "a known picture of its host")
    shared = files.group_by("sha256").agg(pl.col("titles").explode(), pl.col("width", "height").first())
    for sha256, titles, width, height in shared.iter_rows():
        if is_shared_by_strangers([title for title in titles if title], width, height):
            told.setdefault(sha256, f"media with {unrelated(titles)} unrelated titles have these bytes")
    lost = pl.col("sha256").is_in(list(told))
    rejects = [
        reject_row("placeholder", Reason.PLACEHOLDER, told[sha256], uses[0]["media_key"], file)
        for sha256, uses, file in files.filter(lost).select("sha256", "uses", "file").iter_rows()
    ]
    return files.filter(~lost), rejects


class _Write(beam.DoFn):
    """The rows of a shard, with their clusters, written."""

    def __init__(self, config: MediaConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> Iterator[Shard]:
        index, found = element
        rows = frame(concat(found["rows"], _MEDIA))
        if not rows.height:
            return
        clusters = frame(concat(found.get("clusters", []), CLUSTERED))
        told = rows.drop("cluster").join(clusters, on="sha256", how="left", suffix="_of_cluster")
        full = told.with_columns(unite_as=pl.coalesce("unite_as_of_cluster", "unite_as")).sort("sha256")
        path = shard_name("media/media", index, self._config.shards)
        yield write_shard(rows_of(full, "media"), "media", self._config.folder, path)
