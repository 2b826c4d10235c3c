"""The ingest stage: archives in, the post and comment tables out, one row per id, in shards by post."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.bytes_read import bytes_read
from blift.connectors.connector import Connector, Records
from blift.connectors.files import Chunk
from blift.connectors.hub.dataset import HubFile, read_published
from blift.connectors.registry import connectors
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects, WriteShards
from blift.pipelines.stages.ingest import scope
from blift.pipelines.stages.ingest.known import HASHES, KnownPosts, WithOrphans, hashes_of
from blift.pipelines.stages.ingest.listed import Listed, lists_of, missing
from blift.pipelines.stages.ingest.parts import MAIN, Element, keeping, taken_over
from blift.pipelines.stages.ingest.scope import READ, IngestConfig
from blift.pipelines.stages.ingest.units import STAGE, ArchiveUnit, IngestInputs
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally, TallyKey
from blift.transforms.normalise import COMMENTS, POSTS, comments, published_comments, published_posts
from blift.transforms.normalise import posts as posts_of
from blift.transforms.platforms import belongs_to, platforms_in
from blift.transforms.rules.registry import RecordKind, checks
from blift.transforms.shuffle import ShardedTable
from blift.transforms.steps.observations import KeepLatest
from blift.transforms.tables import arrow, frame

_COMMENTS, _COMMENTS_OF_ANY, _NOTES = "comments", "comments_of_any", "notes"
#: Posts of comments that were left out of a part.
_LEFT_OUT = "left_out"
#: The tables that readers of posts and of comments give, by their tags.
_OF_POSTS = {
    MAIN: POSTS, REJECTS: SCHEMAS["reject"], _COMMENTS: COMMENTS, _COMMENTS_OF_ANY: COMMENTS
}  # fmt: skip
_OF_COMMENTS = {MAIN: COMMENTS, REJECTS: SCHEMAS["reject"], _LEFT_OUT: HASHES}


class Ingested(NamedTuple):
    """What ``ReadArchives`` gives.

    Attributes:
        posts: per shard its number and its table of `post`, one row per id. ``comments``: the same of `comment`.
        post_origins: per shard its number and its table of `origin`: where each was read. ``comment_origins``: as well.
        rejects: tables of `reject`: records that cannot be read, or lie outside the scope.
        tallies: counts for a funnel.
        notes: sentences on parts of posts that could not be read, and on listed posts that are in no archive.
    """

    posts: beam.PCollection[ShardedTable]
    comments: beam.PCollection[ShardedTable]
    post_origins: beam.PCollection[ShardedTable]
    comment_origins: beam.PCollection[ShardedTable]
    rejects: beam.PCollection[pa.Table]
    tallies: Sequence[beam.PCollection[tuple[TallyKey, int]]]
    notes: beam.PCollection[str]


class ReadArchives(beam.PTransform[beam.pvalue.PBegin, Ingested]):
    """Archives of platforms to posts and comments, one row per id, in shards by post.

    Posts are read first: comments are kept only where their post is. One worker reads a file.

    Args:
        inputs: what is read, such as `inputs_of` finds it.
        config: into how many shards, and which records are wanted.
    """

    def __init__(self, inputs: IngestInputs, config: IngestConfig) -> None:
        super().__init__()
        self._inputs, self._config = inputs, config

    def expand(self, begin: beam.pvalue.PBegin) -> Ingested:
        """The transform."""
        inputs, config = self._inputs, self._config
        archives = _read(begin, "posts", inputs.posts, _ReadPosts(config))
        published = _read(begin, "published datasets", inputs.published, _ReadPublished(config))
        posts = (
            (archives.main, published.main)
            | "All posts" >> beam.Flatten()
            | "Latest posts" >> KeepLatest("post", config.shards, STAGE)
        )
        known = posts.rows | "Post ids" >> beam.MapTuple(_hashes).with_output_types(pa.Table)
        replies = (
            begin
            | "Comment files" >> beam.Create(list(inputs.comments))
            | "Read comments" >> _with_known(_ReadComments(config), known)
        )
        others = archives[_COMMENTS_OF_ANY] | "Comments of any" >> _with_known(_KeepKnown(config), known)
        comments_found = (
            (replies.main, others.main, archives[_COMMENTS], published[_COMMENTS])
            | "All comments" >> beam.Flatten()
            | "Latest comments" >> KeepLatest("comment", config.shards, STAGE)
        )
        listed = (
            begin
            | "Lists of posts" >> beam.Create(lists_of(config.scopes))
            | "Missing" >> beam.ParDo(_Missing(), known=beam.pvalue.AsIter(known)).with_outputs(REJECTS, TALLY, _NOTES)
        )
        read = [archives, published, replies, others, listed]
        rejects = tuple(part[REJECTS] for part in read) | "All rejects" >> beam.Flatten()
        tallies = [*(part[TALLY] for part in read), posts.tallies, comments_found.tallies]
        notes = (archives[_NOTES], listed[_NOTES]) | "All notes" >> beam.Flatten()
        return Ingested(posts.rows, comments_found.rows, posts.origins, comments_found.origins, rejects, tallies, notes)


def plan(pipeline: beam.Pipeline, inputs: IngestInputs, config: IngestConfig) -> StagePlan:
    """The stage as a pipeline."""
    found = pipeline | "Read archives" >> ReadArchives(inputs, config)
    written = [
        rows | f"Write {table}s" >> WriteShards(table, config.folder, f"{table}s/{table}s", config.shards)
        for table, rows in (("post", found.posts), ("comment", found.comments))
    ]
    written += [
        rows | f"Write origins of {table}" >> WriteShards("origin", config.folder, f"origins/{table}", config.shards)
        for table, rows in (("posts", found.post_origins), ("comments", found.comment_origins))
    ]
    rejects = found.rejects | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    return StagePlan([*written, rejects], found.tallies, notes=[found.notes])


def _with_known(reader: beam.DoFn, known: beam.PCollection[pa.Table]) -> beam.ParDo:
    """A reader of comments that is told the posts that are there."""
    asked = beam.ParDo(reader, known=beam.pvalue.AsIter(known)).with_output_types(pa.Table)
    return asked.with_outputs(REJECTS, TALLY, main="main")


def _read(
    begin: beam.pvalue.PBegin, what: str, files: Sequence[ArchiveUnit | HubFile], reader: beam.DoFn
) -> beam.pvalue.DoOutputsTuple:
    tags = (REJECTS, TALLY, _COMMENTS, _COMMENTS_OF_ANY, _NOTES)
    return (
        begin
        | f"Files of {what}" >> beam.Create(list(files))
        | f"Read {what}" >> beam.ParDo(reader).with_output_types(pa.Table).with_outputs(*tags, main="main")
    )


class _ReadPosts(beam.DoFn):
    """Files of posts to post tables within the scope, the comments in them, and rejects; or what was kept of them."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, asked: ArchiveUnit) -> Iterator[Element]:
        folder = self._config.folder
        with taken_over(asked.part, folder, STAGE, _OF_POSTS) as part:
            yield from part.elements() if part else keeping(_told(self._read(asked), asked), asked.part, folder)

    def _read(self, asked: ArchiveUnit) -> Iterator[Element]:
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
                for place, (rule, _) in enumerate(checks(RecordKind.POST, platform, options, stage=STAGE), start=1):
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
            yield arrow(found, POSTS)
            if chunk.posts.rejects.num_rows:
                yield TaggedOutput(REJECTS, chunk.posts.rejects)
            yield from tally.emit()


class _ReadComments(beam.DoFn):
    """Files of comments to comment tables whose post is known, and rejects; or what was kept of them."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, asked: ArchiveUnit, known: Iterable[pa.Table]) -> Iterator[Element]:
        config, posts = self._config, KnownPosts(known)
        with taken_over(asked.part, config.folder, STAGE, _OF_COMMENTS) as part:
            if part and not any(posts.contain(left.column("hash").to_numpy()).any() for left in part.tables(_LEFT_OUT)):
                found = part.elements()
            else:
                found = keeping(_told(self._read(asked, posts), asked), asked.part, config.folder)
            for element in found:
                if isinstance(element, TaggedOutput):
                    if element.tag != _LEFT_OUT:
                        yield element
                    continue
                rows, tally = frame(element), Tally(STAGE)
                yield from scope.of_posts(rows, pl.Series(posts(rows["post_id"])), config, tally)
                yield from tally.emit()

    def _read(self, asked: ArchiveUnit, posts: KnownPosts) -> Iterator[Element]:
        """Comments, whether their post is known or not, rejects, counts, and the posts of those that were left out."""
        config, connector = self._config, connectors()[asked.platform]
        read = connector.archive(asked.archive).comments
        if read is None:
            return
        wanted = WithOrphans(posts) if asked.part else posts
        for file in asked.unit.files:
            # What is to be listed must be built; what is only counted need not.
            chunks = read(file, None if config.reject_out_of_scope else wanted)
            for part in scope.limited_comments(scope.readable(map(Records, chunks), file.path, config), config.limit):
                chunk, tally = part.posts, Tally(STAGE)
                yield from scope.read_tally(chunk, connector.platform, "comment", config, tally)
                left_out = chunk.skipped.get(Reason.ORPHAN_COMMENT, 0)
                if left_out:
                    step = f"{connector.name} comment"
                    tally.step(*scope.POST_INGESTED, step, left_out, {Reason.ORPHAN_COMMENT: left_out})
                yield from tally.emit()
                yield comments(chunk.table, connector.platform, config.author_key)
        if isinstance(wanted, WithOrphans):
            yield TaggedOutput(_LEFT_OUT, wanted.noted())


class _Missing(beam.DoFn):
    """A list of posts to what is said of those that were not ingested."""

    def process(self, listed: Listed, known: Iterable[pa.Table]) -> Iterator[TaggedOutput]:
        yield from missing(listed, KnownPosts(known), STAGE, _NOTES)


class _KeepKnown(beam.DoFn):
    """Comments that were read with posts, and may be on posts of other files: those whose post is known."""

    def __init__(self, config: IngestConfig) -> None:
        self._config = config

    def process(self, table: pa.Table, known: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        tally, rows = Tally(STAGE), frame(table)
        yield from scope.of_posts(rows, pl.Series(KnownPosts(known)(rows["post_id"])), self._config, tally)
        yield from tally.emit()


def _told(elements: Iterable[Element], asked: ArchiveUnit) -> Iterator[Element]:
    """What reading files gives, while it is told how far this is."""
    files = asked.unit.files
    if asked.part and asked.part.path:  # what was kept of them does not serve
        bytes_read.add(sum(file.size_bytes for file in files))
    for file in files:
        bytes_read.begin(file.path)
    yield from elements
    for file in files:
        bytes_read.finish(file.path, file.size_bytes)


def _hashes(_: int, posts: pa.Table) -> pa.Table:
    return hashes_of(posts)
