"""The ingest stage: archives in, the post and comment tables out, one row an id, in shards by post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.connector import Connector, OfPosts, Records, Unit
from blift.connectors.files import Chunk
from blift.connectors.hub.dataset import HubFile, read_published
from blift.connectors.parquet import shard_name, write_shard
from blift.connectors.registry import connectors
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.pipelines.stages.ingest import scope
from blift.pipelines.stages.ingest.listed import Listed, lists_of, missing
from blift.pipelines.stages.ingest.scope import READ, STAGE, IngestConfig
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.normalise import COMMENTS, comments, published_comments, published_posts
from blift.transforms.normalise import posts as posts_of
from blift.transforms.observations import latest_comments, latest_posts
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.rules.registry import Record, checks
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import arrow, concat, frame, hash64, rows_of

_IDS, _COMMENTS, _COMMENTS_OF_ANY, _NOTES = "ids", "comments", "comments_of_any", "notes"
#: Steps of the funnel; rules of the scope come between.
_MERGE = 1000
_POST, _COMMENT = SCHEMAS["post"], SCHEMAS["comment"]


@dataclass(frozen=True)
class ArchiveUnit:
    """Files of one archive of a platform that a worker reads together."""

    platform: str
    archive: str
    unit: Unit


@dataclass(frozen=True)
class IngestInputs:
    """What is read: files of posts, files of comments alone, and files of published datasets."""

    posts: Sequence[ArchiveUnit]
    comments: Sequence[ArchiveUnit]
    published: Sequence[HubFile] = ()


def plan(pipeline: beam.Pipeline, inputs: IngestInputs, config: IngestConfig) -> StagePlan:
    """The stage as a pipeline. Posts are read first: comments are kept only where their post is."""
    archives = _read(pipeline, "posts", inputs.posts, _ReadPosts(config))
    published = _read(pipeline, "published datasets", inputs.published, _ReadPublished(config))
    posts = (
        (archives.main, published.main)
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
        | "Read comments" >> _with_known(_ReadComments(config), known)
    )
    others = archives[_COMMENTS_OF_ANY] | "Comments of posts of any file" >> _with_known(_KeepKnown(config), known)
    written = (
        (replies.main, others.main, archives[_COMMENTS], published[_COMMENTS])
        | "All comments" >> beam.Flatten()
        | "Comments by shard"
        >> beam.ParDo(SplitByShard("post_id", config.shards)).with_output_types(tuple[int, pa.Table])
        | "Group comments" >> beam.GroupByKey()
        | "Write comments" >> beam.ParDo(_WriteLatest("comment", config)).with_outputs(TALLY, _IDS, main="main")
    )
    listed = (
        pipeline
        | "Lists of posts" >> beam.Create(lists_of(config.scopes))
        | "Missing" >> beam.ParDo(_Missing(), known=beam.pvalue.AsIter(known)).with_outputs(REJECTS, TALLY, _NOTES)
    )
    read = [archives, published, replies, others, listed]
    rejects = (
        tuple(part[REJECTS] for part in read)
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    tallies = [part[TALLY] for part in (*read, posts, written)]
    return StagePlan([posts.main, written.main, rejects], tallies, notes=[archives[_NOTES], listed[_NOTES]])


def _with_known(reader: beam.DoFn, known: beam.PCollection[pa.Table]) -> beam.ParDo:
    """A reader of comments that is told the posts that are there."""
    asked = beam.ParDo(reader, known=beam.pvalue.AsIter(known)).with_output_types(pa.Table)
    return asked.with_outputs(REJECTS, TALLY, main="main")


def _same(table: pa.Table) -> pa.Table:
    return table


def _read(
    pipeline: beam.Pipeline, what: str, files: Sequence[ArchiveUnit | HubFile], reader: beam.DoFn
) -> beam.pvalue.DoOutputsTuple:
    tags = (REJECTS, TALLY, _COMMENTS, _COMMENTS_OF_ANY, _NOTES)
    return (
        pipeline
        | f"Files of {what}" >> beam.Create(list(files))
        | f"Spread files of {what}" >> beam.Reshuffle()
        | f"Read {what}" >> beam.ParDo(reader).with_output_types(pa.Table).with_outputs(*tags, main="main")
    )


class _ReadPosts(beam.DoFn):
    """Files of posts to post tables within the scope, the comments in them, and rejects."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, asked: ArchiveUnit) -> Iterator[pa.Table | TaggedOutput]:
        config, connector = self._config, connectors()[asked.platform]
        archive = connector.archive(asked.archive)
        if archive.posts is None:
            return
        options = config.scope(asked.platform)
        parts = archive.posts(asked.unit, {} if config.reject_out_of_scope else options)
        if not archive.is_one_post:
            parts = scope.limited(scope.readable(parts, asked.unit.files[0].path, config), config.limit)
        for part in parts:
            tally = Tally(STAGE)
            yield from scope.read_tally(part.posts, connector.platform, "post", config, tally)
            yield from (TaggedOutput(_NOTES, warning) for warning in part.warnings)
            posts = frame(posts_of(part.posts.table, connector.platform))
            kept: list[str] = []
            for platform in platforms_in(posts["platform"]) or [connector.platform]:
                own = posts.filter(belongs_to(platform))
                skipped = part.posts.skipped if platform is connector.platform else {}
                for element in scope.in_scope(own, platform, options, skipped, config, tally):
                    if isinstance(element, pa.Table):
                        kept += element.column("post_id").to_pylist()
                    yield element
            if part.comments is not None:
                yield from self._comments(part.comments, connector, None if archive.comments_of_any else kept, tally)
            yield from tally.emit()

    def _comments(
        self, read: Chunk, connector: Connector, of_posts: Sequence[str] | None, tally: Tally
    ) -> Iterator[pa.Table | TaggedOutput]:
        """Comments that stand in the same files as posts: of these alone, or of posts of any file, known later."""
        config = self._config
        yield from scope.read_tally(read, connector.platform, "comment", config, tally)
        rows = frame(comments(read.table, connector.platform, config.author_key))
        if of_posts is None:
            if rows.height:
                yield TaggedOutput(_COMMENTS_OF_ANY, arrow(rows, COMMENTS))
            return
        for element in scope.of_posts(rows, rows["post_id"].is_in(of_posts), config, tally):
            yield TaggedOutput(_COMMENTS, element) if isinstance(element, pa.Table) else element


class _ReadPublished(beam.DoFn):
    """Files of a published dataset to post tables, their comments, and rejects. All that stands is in scope."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, file: HubFile) -> Iterator[pa.Table | TaggedOutput]:
        config = self._config
        for chunk in read_published(file, config.limit):
            tally = Tally(STAGE)
            posts, replies = published_posts(chunk.posts.table), frame(published_comments(chunk.comments.table))
            kept = [frame(posts).clear()]
            if unread := chunk.posts.rejects.num_rows:  # nobody can tell of which platform
                tally.flow(READ, "read", "post", unread, 0, {Reason.MISSING_FIELD: unread})
            for platform in platforms_in(frame(posts)["platform"]):
                rows = scope.count_of(posts, platform)
                tally.flow(READ, "read", f"{platform.name} post", rows, rows, {})
                options = config.scope(platform.name)
                for place, (rule, _) in enumerate(checks(Record.POST, platform, options, stage=STAGE), start=1):
                    tally.step(place, rule.name, f"{platform.name} post", rows)
                standing, gone = scope.standing(frame(posts).filter(belongs_to(platform)), platform, config, tally)
                kept.append(standing)
                if gone.height:
                    yield TaggedOutput(REJECTS, scope.rejects(gone, "post", "post_id", config))
                if written := replies.filter(belongs_to(platform)).height:
                    tally.step(READ, "read", f"{platform.name} comment", written)
            found = pl.concat(kept)
            for element in scope.of_posts(replies, replies["post_id"].is_in(found["post_id"].implode()), config, tally):
                yield TaggedOutput(_COMMENTS, element) if isinstance(element, pa.Table) else element
            yield rows_of(found, "post")
            if chunk.posts.rejects.num_rows:
                yield TaggedOutput(REJECTS, chunk.posts.rejects)
            yield from tally.emit()


class _ReadComments(beam.DoFn):
    """Files of comments to comment tables whose post is known, and rejects."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, asked: ArchiveUnit, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        config, connector = self._config, connectors()[asked.platform]
        read, of_posts = connector.archive(asked.archive).comments, _is_known(known)
        if read is None:
            return
        for file in asked.unit.files:
            # What is to be listed must be built; what is only counted need not.
            chunks = read(file, None if config.reject_out_of_scope else of_posts)
            for part in scope.limited_comments(scope.readable(map(Records, chunks), file.path, config), config.limit):
                chunk, tally = part.posts, Tally(STAGE)
                yield from scope.read_tally(chunk, connector.platform, "comment", config, tally)
                rows = frame(comments(chunk.table, connector.platform, config.author_key))
                unlisted = {connector.name: chunk.skipped.get(Reason.ORPHAN_COMMENT, 0)}
                yield from scope.of_posts(rows, pl.Series(of_posts(rows["post_id"])), config, tally, unlisted)
                yield from tally.emit()


class _Missing(beam.DoFn):
    """A list of posts to what is said of those that were not ingested."""

    def process(self, listed: Listed, known: Iterable[pa.Table]) -> Iterator[TaggedOutput]:
        yield from missing(listed, _is_known(known), STAGE, _NOTES)


class _KeepKnown(beam.DoFn):
    """Comments that were read with posts, and may be on posts of other files: those whose post is known."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, table: pa.Table, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        tally, rows = Tally(STAGE), frame(table)
        yield from scope.of_posts(rows, pl.Series(_is_known(known)(rows["post_id"])), self._config, tally)
        yield from tally.emit()


def _is_known(known: Iterable[pa.Table]) -> OfPosts:
    """Says of ids of posts which are among the hashes that are known."""
    hashes = np.sort(np.concatenate([np.empty(0, np.uint64), *[ids.column("hash").to_numpy() for ids in known]]))
    return partial(_known, hashes)


def _known(hashes: np.ndarray, post_ids: pl.Series) -> np.ndarray:
    return _contains(hashes, hash64(post_ids))


def _contains(ordered: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which of ``wanted`` are in the sorted array."""
    if not len(ordered):
        return np.zeros(len(wanted), dtype=bool)
    places = np.searchsorted(ordered, wanted)
    return np.asarray(ordered[np.minimum(places, len(ordered) - 1)] == wanted)


class _WriteLatest(beam.DoFn):
    """All observations of a shard to one row an id, written; emits the shard, and hashes of the ids of posts."""

    def __init__(self, table: str, config: IngestConfig) -> None:
        self._table = table
        self._config = config

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[Shard | TaggedOutput]:
        index, tables = element
        merge, schema = (latest_posts, _POST) if self._table == "post" else (latest_comments, _COMMENT)
        observed = concat(tables, schema)
        rows = merge(observed)
        tally = Tally(STAGE)
        for platform in platforms_in(pl.Series(observed.column("platform"))):
            before, after = (scope.count_of(found, platform) for found in (observed, rows))
            if before:
                tally.step(
                    _MERGE, "latest_observation", f"{platform.name} {self._table}", before, merged=before - after
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
