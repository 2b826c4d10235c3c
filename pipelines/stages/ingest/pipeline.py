"""The ingest stage: archives in, the post and comment tables out, one row an id, in shards by post."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.files import Chunk, InputFile
from blift.connectors.hub.dataset import HubFile, read_published
from blift.connectors.parquet import shard_name, write_shard
from blift.connectors.reddit.archive import read_comments, read_submissions
from blift.connectors.shard import Shard
from blift.connectors.youtube.archive import read_videos
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.schemas.errors import TooManyRejects
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.normalise import comments, published_comments, published_posts, reddit_posts, youtube_posts
from blift.transforms.observations import latest_comments, latest_posts
from blift.transforms.rejects import reject_rows, without_payload
from blift.transforms.rules.registry import Record, apply_rules, checks
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import concat, frame, hash64, rows_of

STAGE = "ingest"
_IDS, _COMMENTS, _NOTES = "ids", "comments", "notes"
#: Steps of the funnel; rules of the scope come between.
_READ, _WITHDRAWN, _MERGE = 0, 900, 1000
_POST, _COMMENT = SCHEMAS["post"], SCHEMAS["comment"]
#: A file of which this many records could not be read, and more of them than the recipe allows, is not read to its end.
_STOP_AFTER = 100_000


@dataclass(frozen=True)
class IngestConfig:
    """What the workers of the stage need to know."""

    folder: str
    shards: int
    reddit_scope: Mapping[str, Any]
    youtube_scope: Mapping[str, Any]
    withdrawn: Mapping[str, Reason]
    author_key: bytes | None
    malformed_payload: bool
    max_malformed: float
    reject_payload: bool
    reject_out_of_scope: bool
    limit: int | None


@dataclass(frozen=True)
class VideoBatch:
    """Some info.json files, and for each the files of the same video beside it."""

    files: Sequence[InputFile]
    siblings: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class IngestInputs:
    """The files to read."""

    submissions: Sequence[InputFile]
    comments: Sequence[InputFile]
    videos: Sequence[VideoBatch]
    published: Sequence[HubFile] = ()


def plan(pipeline: beam.Pipeline, inputs: IngestInputs, config: IngestConfig) -> StagePlan:
    """The stage as a pipeline. Submissions are read first: comments are kept only where their post is."""
    submissions = _read(pipeline, "submissions", inputs.submissions, _ReadSubmissions(config))
    videos = _read(pipeline, "videos", inputs.videos, _ReadVideos(config))
    published = _read(pipeline, "published datasets", inputs.published, _ReadPublished(config))
    posts = (
        (submissions.main, videos.main, published.main)
        | "All posts" >> beam.Flatten()
        | "Posts by shard" >> beam.ParDo(SplitByShard("post_id", config.shards)).with_output_types(tuple[int, pa.Table])
        | "Group posts" >> beam.GroupByKey()
        | "Write posts" >> beam.ParDo(_WriteLatest("post", config)).with_outputs(TALLY, _IDS, main="main")
    )
    known = posts[_IDS] | "Post ids" >> beam.Map(_same).with_output_types(pa.Table)
    replies = (
        pipeline
        | "Comment files" >> beam.Create(list(inputs.comments))
        | "Spread comment files" >> beam.Reshuffle()
        | "Read comments"
        >> beam.ParDo(_ReadComments(config), known=beam.pvalue.AsIter(known))
        .with_output_types(pa.Table)
        .with_outputs(REJECTS, TALLY, main="main")
    )
    written = (
        (replies.main, videos[_COMMENTS], published[_COMMENTS])
        | "All comments" >> beam.Flatten()
        | "Comments by shard"
        >> beam.ParDo(SplitByShard("post_id", config.shards)).with_output_types(tuple[int, pa.Table])
        | "Group comments" >> beam.GroupByKey()
        | "Write comments" >> beam.ParDo(_WriteLatest("comment", config)).with_outputs(TALLY, _IDS, main="main")
    )
    rejects = (
        (submissions[REJECTS], videos[REJECTS], published[REJECTS], replies[REJECTS])
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    tallies = [submissions[TALLY], videos[TALLY], published[TALLY], posts[TALLY], replies[TALLY], written[TALLY]]
    return StagePlan([posts.main, written.main, rejects], tallies, notes=[videos[_NOTES]])


def _same(table: pa.Table) -> pa.Table:
    return table


def _read(
    pipeline: beam.Pipeline, what: str, files: Sequence[InputFile | VideoBatch | HubFile], reader: beam.DoFn
) -> beam.pvalue.DoOutputsTuple:
    return (
        pipeline
        | f"Files of {what}" >> beam.Create(list(files))
        | f"Spread files of {what}" >> beam.Reshuffle()
        | f"Read {what}"
        >> beam.ParDo(reader).with_output_types(pa.Table).with_outputs(REJECTS, TALLY, _COMMENTS, _NOTES, main="main")
    )


class _ReadSubmissions(beam.DoFn):
    """Files of submissions to post tables within the scope, and rejects."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, file: InputFile) -> Iterator[pa.Table | TaggedOutput]:
        config = self._config
        names = config.reddit_scope.get("subreddits")
        wanted = frozenset(name.removeprefix("r/").lower() for name in names) if names else None
        chunks = read_submissions(file, subreddits=None if config.reject_out_of_scope else wanted)
        for chunk in _limited(_readable(chunks, file, config), config.limit):
            tally = Tally(STAGE)
            yield from _read_tally(chunk, "reddit post", config, tally)
            posts = frame(reddit_posts(chunk.table))
            yield from _in_scope(posts, Platform.REDDIT, config.reddit_scope, chunk.skipped, config, tally)
            yield from tally.emit()


class _ReadVideos(beam.DoFn):
    """Files of videos to post tables within the scope, their comments, and rejects."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, batch: VideoBatch) -> Iterator[pa.Table | TaggedOutput]:
        config = self._config
        for chunk in read_videos(batch.files, batch.siblings):
            tally = Tally(STAGE)
            yield from _read_tally(chunk.posts, "youtube post", config, tally)
            yield from _read_tally(chunk.comments, "youtube comment", config, tally)
            yield from (TaggedOutput(_NOTES, warning) for warning in chunk.warnings)
            posts = frame(youtube_posts(chunk.posts.table))
            kept: list[str] = []
            for element in _in_scope(posts, Platform.YOUTUBE, config.youtube_scope, {}, config, tally):
                if isinstance(element, pa.Table):
                    kept += element.column("post_id").to_pylist()
                yield element
            replies = frame(comments(chunk.comments.table, config.author_key))
            for element in _of_posts(replies, pl.Series(replies["post_id"].is_in(kept)), config, tally):
                yield TaggedOutput(_COMMENTS, element) if isinstance(element, pa.Table) else element
            yield from tally.emit()


class _ReadPublished(beam.DoFn):
    """Files of a published dataset to post tables, their comments, and rejects. All that stands is in scope."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, file: HubFile) -> Iterator[pa.Table | TaggedOutput]:
        config = self._config
        for chunk in read_published(file, config.limit):
            tally = Tally(STAGE)
            posts, replies = published_posts(chunk.posts.table), frame(published_comments(chunk.comments.table))
            kept: list[pl.DataFrame] = []
            unread = {Reason.MISSING_FIELD: chunk.posts.rejects.num_rows}
            scopes = {Platform.REDDIT: config.reddit_scope, Platform.YOUTUBE: config.youtube_scope}
            for platform, scope in scopes.items():
                lost = unread if platform is Platform.YOUTUBE else {}  # they have no permalink of Reddit
                rows = _rows_of(posts, platform)
                tally.flow(_READ, "read", f"{platform.value} post", rows + sum(lost.values()), rows, lost)
                for place, (rule, _) in enumerate(checks(Record.POST, platform, scope, stage=STAGE), start=1):
                    tally.step(place, rule.name, f"{platform.value} post", rows)
                standing, gone = _standing(
                    frame(posts).filter(pl.col("platform") == platform.value), platform, config, tally
                )
                kept.append(standing)
                if gone.height:
                    yield TaggedOutput(REJECTS, _rejects(gone, "post", "post_id", config))
                if written := replies.filter(pl.col("platform") == platform.value).height:
                    tally.step(_READ, "read", f"{platform.value} comment", written)
            found = pl.concat(kept)
            for element in _of_posts(replies, replies["post_id"].is_in(found["post_id"].implode()), config, tally):
                yield TaggedOutput(_COMMENTS, element) if isinstance(element, pa.Table) else element
            yield rows_of(found, "post")
            if chunk.posts.rejects.num_rows:
                yield TaggedOutput(REJECTS, chunk.posts.rejects)
            yield from tally.emit()


class _ReadComments(beam.DoFn):
    """Files of comments to comment tables whose post is known, and rejects."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, file: InputFile, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        config = self._config
        hashes = np.sort(np.concatenate([np.empty(0, np.uint64), *[t.column("hash").to_numpy() for t in known]]))
        of_posts = partial(_known, hashes)
        # What is to be listed must be built; what is only counted need not.
        chunks = read_comments(file, None if config.reject_out_of_scope else of_posts)
        for chunk in _readable(chunks, file, config):
            tally = Tally(STAGE)
            yield from _read_tally(chunk, "reddit comment", config, tally)
            rows = frame(comments(chunk.table, config.author_key))
            keep = pl.Series(of_posts(rows["post_id"]))
            unlisted = chunk.skipped.get(Reason.ORPHAN_COMMENT, 0)
            yield from _of_posts(rows, keep, config, tally, unlisted)
            yield from tally.emit()


def _known(hashes: np.ndarray, post_ids: pl.Series) -> np.ndarray:
    return _contains(hashes, hash64(post_ids))


def _contains(ordered: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which of ``wanted`` are in the sorted array."""
    if not len(ordered):
        return np.zeros(len(wanted), dtype=bool)
    places = np.searchsorted(ordered, wanted)
    return np.asarray(ordered[np.minimum(places, len(ordered) - 1)] == wanted)


def _readable(chunks: Iterable[Chunk], file: InputFile, config: IngestConfig) -> Iterator[Chunk]:
    """A file's chunks, as long as it can be one of the records that are wanted.

    Raises:
        TooManyRejects: after `_STOP_AFTER` malformed records, where they are more than the recipe allows so far.
    """
    read, malformed = 0, Counter[Reason]()
    for chunk in chunks:
        read += chunk.rows_in
        malformed.update(chunk.rejected())
        if malformed.total() > max(_STOP_AFTER, config.max_malformed * read):
            reasons = ", ".join(f"{rows:,} {reason.value}" for reason, rows in malformed.most_common(3))
            raise TooManyRejects(
                f"{malformed.total():,} of the first {read:,} records of {file.path} could not be read ({reasons}), "
                f"and the recipe allows {config.max_malformed:.1%}; the rest of the file was not read. Remove it from "
                "the recipe, or raise `rejects.max_malformed`."
            )
        yield chunk


def _limited(chunks: Iterable[Chunk], limit: int | None) -> Iterator[Chunk]:
    """The first ``limit`` rows of a file's chunks."""
    for chunk in chunks:
        if limit is None:
            yield chunk
            continue
        table = chunk.table.slice(0, limit)
        rows_in = chunk.rows_in - chunk.table.num_rows + table.num_rows
        yield Chunk(rows_in, table, chunk.rejects, chunk.skipped, chunk.unlisted)
        limit -= table.num_rows
        if limit <= 0:
            return


def _read_tally(chunk: Chunk, table: str, config: IngestConfig, tally: Tally) -> Iterator[TaggedOutput]:
    """Count what was read of a file, and pass on what could not be read."""
    skipped = sum(chunk.skipped.values())
    tally.flow(_READ, "read", table, chunk.rows_in, chunk.table.num_rows + skipped, chunk.rejected())
    if chunk.rejects.num_rows:
        yield TaggedOutput(REJECTS, chunk.rejects if config.malformed_payload else without_payload(chunk.rejects))


def _in_scope(
    posts: pl.DataFrame,
    platform: Platform,
    scope: Mapping[str, Any],
    skipped: Mapping[Reason, int],
    config: IngestConfig,
    tally: Tally,
) -> Iterator[pa.Table | TaggedOutput]:
    """Posts within the scope, and rejects of the others. ``skipped`` are those that the reader left out already."""
    verdict = apply_rules(posts, checks(Record.POST, platform, scope, stage=STAGE))
    for place, (rule, rows_in, lost) in enumerate(verdict.steps, start=1):
        before = skipped.get(rule.reason, 0) if rule.name == "subreddits" else 0
        tally.step(place, rule.name, f"{platform.value} post", rows_in + before, {rule.reason: lost + before})
    if verdict.rejected.height:
        yield TaggedOutput(REJECTS, _rejects(verdict.rejected, "post", "post_id", config))
    kept, gone = _standing(verdict.kept, platform, config, tally)
    if gone.height:
        yield TaggedOutput(REJECTS, _rejects(gone, "post", "post_id", config))
    if kept.height:
        yield rows_of(kept, "post")


def _standing(
    posts: pl.DataFrame, platform: Platform, config: IngestConfig, tally: Tally
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Posts that stand, and those that a fetch folder saw taken back, whichever archive they come from."""
    if not config.withdrawn:
        return posts, posts.clear()
    noted = {post_id: reason.value for post_id, reason in config.withdrawn.items()}
    judged = posts.with_columns(reason=pl.col("post_id").replace_strict(noted, default=None, return_dtype=pl.String))
    gone = judged.filter(pl.col("reason").is_not_null()).with_columns(
        rule=pl.lit("withdrawn"), detail=pl.lit("taken back after it was collected")
    )
    lost = {Reason(reason): rows for reason, rows in gone["reason"].value_counts().iter_rows()}
    tally.step(_WITHDRAWN, "withdrawn", f"{platform.value} post", posts.height, lost)
    return judged.filter(pl.col("reason").is_null()).drop("reason"), gone


def _of_posts(
    rows: pl.DataFrame, keep: pl.Series, config: IngestConfig, tally: Tally, unlisted: int = 0
) -> Iterator[pa.Table | TaggedOutput]:
    """Comments whose post was ingested, and rejects of the others."""
    for platform in Platform:
        own = (rows["platform"] == platform.value) if rows.height else pl.Series([], dtype=pl.Boolean)
        dropped = int((own & ~keep).sum()) if rows.height else 0
        more = unlisted if platform is Platform.REDDIT else 0
        if bool(own.any()) or more:
            tally.step(
                1,
                "post_ingested",
                f"{platform.value} comment",
                (int(own.sum()) if rows.height else 0) + more,
                {Reason.ORPHAN_COMMENT: dropped + more},
            )
    if rows.height and config.reject_out_of_scope and not keep.all():
        orphans = rows.filter(~keep).with_columns(
            rule=pl.lit("post_ingested"), reason=pl.lit(Reason.ORPHAN_COMMENT.value), detail=pl.col("post_id")
        )
        yield TaggedOutput(REJECTS, _rejects(orphans, "comment", "comment_id", config))
    if rows.height:
        yield rows_of(rows.filter(keep), "comment")


def _rejects(rows: pl.DataFrame, record: str, id_column: str, config: IngestConfig) -> pa.Table:
    return reject_rows(
        rows, STAGE, record, id_column, payload=config.reject_payload, out_of_scope=config.reject_out_of_scope
    )


class _WriteLatest(beam.DoFn):
    """All observations of a shard to one row an id, written; emits the shard, and hashes of the ids of Reddit posts."""

    def __init__(self, table: str, config: IngestConfig) -> None:
        self._table = table
        self._config = config

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[Shard | TaggedOutput]:
        index, tables = element
        merge, schema = (latest_posts, _POST) if self._table == "post" else (latest_comments, _COMMENT)
        observed = concat(tables, schema)
        rows = merge(observed)
        tally = Tally(STAGE)
        for platform in Platform:
            before, after = (_rows_of(found, platform) for found in (observed, rows))
            if before:
                tally.step(
                    _MERGE, "latest_observation", f"{platform.value} {self._table}", before, merged=before - after
                )
        yield write_shard(
            rows,
            self._table,
            self._config.folder,
            shard_name(f"{self._table}s/{self._table}s", index, self._config.shards),
        )
        if self._table == "post":
            ids = pl.Series(rows.column("post_id"))
            yield TaggedOutput(_IDS, pa.table({"hash": pa.array(hash64(ids), pa.uint64())}))
        yield from tally.emit()


def _rows_of(table: pa.Table, platform: Platform) -> int:
    return int((pl.Series(table.column("platform")) == platform.value).sum())
