"""The stage ingest: archives in, the post and comment tables out, one row an id, in shards by post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

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
from blift.schemas.platform import Platform
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.normalise import COMMENTS, comments, published_comments, published_posts
from blift.transforms.normalise import posts as posts_of
from blift.transforms.observations import latest_comments, latest_posts
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.rejects import reject_rows, without_payload
from blift.transforms.rules.registry import Record, apply_rules, checks
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import arrow, concat, frame, hash64, rows_of

STAGE = "collect"
_IDS, _COMMENTS, _COMMENTS_OF_ANY, _NOTES = "ids", "comments", "comments_of_any", "notes"
#: Steps of the funnel; rules of the scope come between.
_READ, _WITHDRAWN, _MERGE = 0, 900, 1000
_POST, _COMMENT = SCHEMAS["post"], SCHEMAS["comment"]


@dataclass(frozen=True)
class IngestConfig:
    """What the workers of the stage need to know. ``scopes`` are by name of the platform."""

    folder: str
    shards: int
    scopes: Mapping[str, Mapping[str, Any]]
    withdrawn: Mapping[str, Reason]
    author_key: bytes | None
    malformed_payload: bool
    reject_payload: bool
    reject_out_of_scope: bool
    limit: int | None

    def scope(self, platform: str) -> Mapping[str, Any]:
        """The options of the scope of a platform; of one that is no source, none is set."""
        return self.scopes.get(platform, {})


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
    read = [archives, published, replies, others]
    rejects = (
        tuple(part[REJECTS] for part in read)
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    tallies = [part[TALLY] for part in (*read, posts, written)]
    return StagePlan([posts.main, written.main, rejects], tallies, notes=[archives[_NOTES]])


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
        scope = config.scope(asked.platform)
        parts = archive.posts(asked.unit, {} if config.reject_out_of_scope else scope)
        for part in parts if archive.is_one_post else _limited(parts, config.limit):
            tally = Tally(STAGE)
            yield from _read_tally(part.posts, connector.platform, "post", config, tally)
            yield from (TaggedOutput(_NOTES, warning) for warning in part.warnings)
            posts = frame(posts_of(part.posts.table, connector.platform))
            kept: list[str] = []
            for platform in platforms_in(posts["platform"]) or [connector.platform]:
                own = posts.filter(belongs_to(platform))
                skipped = part.posts.skipped if platform is connector.platform else {}
                for element in _in_scope(own, platform, scope, skipped, config, tally):
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
        yield from _read_tally(read, connector.platform, "comment", config, tally)
        rows = frame(comments(read.table, connector.platform, config.author_key))
        if of_posts is None:
            if rows.height:
                yield TaggedOutput(_COMMENTS_OF_ANY, arrow(rows, COMMENTS))
            return
        for element in _of_posts(rows, rows["post_id"].is_in(of_posts), config, tally):
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
                tally.flow(_READ, "read", "post", unread, 0, {Reason.MISSING_FIELD: unread})
            for platform in platforms_in(frame(posts)["platform"]):
                rows = _rows_of(posts, platform)
                tally.flow(_READ, "read", f"{platform.name} post", rows, rows, {})
                scope = config.scope(platform.name)
                for place, (rule, _) in enumerate(checks(Record.POST, platform, scope, stage=STAGE), start=1):
                    tally.step(place, rule.name, f"{platform.name} post", rows)
                standing, gone = _standing(frame(posts).filter(belongs_to(platform)), platform, config, tally)
                kept.append(standing)
                if gone.height:
                    yield TaggedOutput(REJECTS, _rejects(gone, "post", "post_id", config))
                if written := replies.filter(belongs_to(platform)).height:
                    tally.step(_READ, "read", f"{platform.name} comment", written)
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

    def process(self, asked: ArchiveUnit, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        config, connector = self._config, connectors()[asked.platform]
        read, of_posts = connector.archive(asked.archive).comments, _is_known(known)
        if read is None:
            return
        for file in asked.unit.files:
            # What is to be listed must be built; what is only counted need not.
            for chunk in read(file, None if config.reject_out_of_scope else of_posts):
                tally = Tally(STAGE)
                yield from _read_tally(chunk, connector.platform, "comment", config, tally)
                rows = frame(comments(chunk.table, connector.platform, config.author_key))
                unlisted = {connector.name: chunk.skipped.get(Reason.ORPHAN_COMMENT, 0)}
                yield from _of_posts(rows, pl.Series(of_posts(rows["post_id"])), config, tally, unlisted)
                yield from tally.emit()


class _KeepKnown(beam.DoFn):
    """Comments that were read with posts, and may be on posts of other files: those whose post is known."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, table: pa.Table, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        tally, rows = Tally(STAGE), frame(table)
        yield from _of_posts(rows, pl.Series(_is_known(known)(rows["post_id"])), self._config, tally)
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


def _limited(parts: Iterable[Records], limit: int | None) -> Iterator[Records]:
    """The first ``limit`` posts of what is read."""
    for part in parts:
        if limit is None:
            yield part
            continue
        posts = part.posts
        table = posts.table.slice(0, limit)
        rows_in = posts.rows_in - posts.table.num_rows + table.num_rows
        yield replace(part, posts=Chunk(rows_in, table, posts.rejects, posts.skipped))
        limit -= table.num_rows
        if limit <= 0:
            return


def _read_tally(
    chunk: Chunk, platform: Platform, record: str, config: IngestConfig, tally: Tally
) -> Iterator[TaggedOutput]:
    """Count what was read of a file, and pass on what could not be read, which is of the platform that was read."""
    reasons = pl.Series(chunk.rejects.column("reason")).value_counts()
    rejected = {Reason(reason): rows for reason, rows in reasons.iter_rows()}
    others = [row for row in platforms_in(pl.Series(chunk.table.column("platform"))) if row is not platform]
    counts = {row.name: _rows_of(chunk.table, row) for row in others}
    for name, rows in counts.items():
        tally.flow(_READ, "read", f"{name} {record}", rows, rows, {})
    of_others, skipped = sum(counts.values()), sum(chunk.skipped.values())
    rows_in, rows_out = chunk.rows_in - of_others, chunk.table.num_rows - of_others + skipped
    tally.flow(_READ, "read", f"{platform.name} {record}", rows_in, rows_out, rejected)
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
    left_out = dict(skipped)
    for place, (rule, rows_in, lost) in enumerate(verdict.steps, start=1):
        # Of rules with one reason the first is the one by which a reader leaves records out.
        before = left_out.pop(rule.reason, 0)
        tally.step(place, rule.name, f"{platform.name} post", rows_in + before, {rule.reason: lost + before})
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
    """Posts that stand, and those that a collection saw taken back, whichever archive they come from."""
    if not config.withdrawn:
        return posts, posts.clear()
    noted = {post_id: reason.value for post_id, reason in config.withdrawn.items()}
    judged = posts.with_columns(reason=pl.col("post_id").replace_strict(noted, default=None, return_dtype=pl.String))
    gone = judged.filter(pl.col("reason").is_not_null()).with_columns(
        rule=pl.lit("withdrawn"), detail=pl.lit("taken back after it was collected")
    )
    lost = {Reason(reason): rows for reason, rows in gone["reason"].value_counts().iter_rows()}
    tally.step(_WITHDRAWN, "withdrawn", f"{platform.name} post", posts.height, lost)
    return judged.filter(pl.col("reason").is_null()).drop("reason"), gone


def _of_posts(
    rows: pl.DataFrame, keep: pl.Series, config: IngestConfig, tally: Tally, unlisted: Mapping[str, int] | None = None
) -> Iterator[pa.Table | TaggedOutput]:
    """Comments whose post was collected, and rejects of the others. ``unlisted`` are left out already, by platform."""
    present = {platform.name: platform for platform in platforms_in(rows["platform"])}
    for name in {**present, **(unlisted or {})}:
        own = rows.select(belongs_to(present[name])).to_series() if name in present else pl.Series([], dtype=pl.Boolean)
        more = (unlisted or {}).get(name, 0)
        dropped = int((own & ~keep).sum()) if name in present else 0
        if name in present or more:
            lost = {Reason.ORPHAN_COMMENT: dropped + more}
            tally.step(1, "post_collected", f"{name} comment", int(own.sum()) + more, lost)
    if rows.height and config.reject_out_of_scope and not keep.all():
        orphans = rows.filter(~keep).with_columns(
            rule=pl.lit("post_collected"), reason=pl.lit(Reason.ORPHAN_COMMENT.value), detail=pl.col("post_id")
        )
        yield TaggedOutput(REJECTS, _rejects(orphans, "comment", "comment_id", config))
    if rows.height:
        yield rows_of(rows.filter(keep), "comment")


def _rejects(rows: pl.DataFrame, record: str, id_column: str, config: IngestConfig) -> pa.Table:
    return reject_rows(
        rows, STAGE, record, id_column, payload=config.reject_payload, out_of_scope=config.reject_out_of_scope
    )


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
            before, after = (_rows_of(found, platform) for found in (observed, rows))
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


def _rows_of(table: pa.Table, platform: Platform) -> int:
    return frame(table.select(["platform"])).filter(belongs_to(platform)).height
