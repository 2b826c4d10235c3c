"""The curate stage: posts and comments to samples: rules, repeats made one, the choice of comments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.connectors.parquet import read_shard, shard_name, write_shard
from blift.connectors.shard import Shard
from blift.pipelines.engine.pipeline import StagePlan, WriteRejects
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally
from blift.transforms.judge import RuleBook, judge_comments, judge_posts, judge_samples
from blift.transforms.measured import MEASURED, UNITED, media_by_key, off_records, united_keys, without_cuts
from blift.transforms.rejects import reject_rows
from blift.transforms.rules.registry import Record, checks
from blift.transforms.selection import Selection, choose
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import concat, frame, hash64
from blift.transforms.unite import sample_table, unite

STAGE = "curate"
_COMMENTS = "comments"
#: Steps of the funnel after the rules.
_CHOOSE, _UNITE, _TIMELINE, _DRAW = 1000, 0, 1, 1000

#: What of a comment travels to its sample.
_COMMENT_COLUMNS = ("media_key", "comment_id", "post_id", "platform", "text", "score", "rank")
#: What of a post does not: earlier observations stay in the post table.
_POST_ONLY = {"history", "tags", "categories", "bot", "nsfw", "deleted", "removed", "live", "comments_disabled"}


@dataclass(frozen=True)
class CurateConfig:
    """What the workers of the stage need to know."""

    folder: str
    shards: int
    posts: Mapping[str, Mapping[str, Any]]
    comments: Mapping[str, Mapping[str, Any]]
    sources: Sequence[str]
    samples: Mapping[str, Any]
    selections: Mapping[str, Selection]
    segments: int
    longer_than_s: float
    cut_scenes: bool
    identify_language: bool
    sampled: tuple[int, int] | None
    """How many samples are drawn, and the seed; None keeps all."""
    reject_payload: bool
    reject_out_of_scope: bool


@dataclass(frozen=True)
class ShardPair:
    """The shard of posts and the shard of their comments, ; either may be absent."""

    posts: Shard | None
    comments: Shard | None


def pairs(shards: Sequence[Shard]) -> list[ShardPair]:
    """The shards of the ingest stage, posts and comments of one index together."""
    posts = {_index(shard): shard for shard in shards if shard.path.startswith("posts/")}
    comments = {_index(shard): shard for shard in shards if shard.path.startswith("comments/")}
    return [ShardPair(posts.get(index), comments.get(index)) for index in sorted(posts.keys() | comments.keys())]


def _index(shard: Shard) -> str:
    return shard.path.rsplit("/", 1)[-1].split("-")[1]


def plan(
    pipeline: beam.Pipeline, inputs: Sequence[ShardPair], media: Sequence[Shard], config: CurateConfig
) -> StagePlan:
    """The stage as a pipeline: rules need no shuffle, since a post and its comments lie in one shard."""
    measured = (
        pipeline
        | "Media shards" >> beam.Create(list(media))
        | "Spread media shards" >> beam.Reshuffle()
        | "Read media" >> beam.Map(_read_media, config).with_output_types(pa.Table)
    )
    same = measured | "Same media" >> beam.Map(united_keys).with_output_types(pa.Table)
    judged = (
        pipeline
        | "Shards" >> beam.Create(list(inputs))
        | "Spread shards" >> beam.Reshuffle()
        | "Judge"
        >> beam.ParDo(_Judge(config), same=beam.pvalue.AsIter(same))
        .with_output_types(pa.Table)
        .with_outputs(_COMMENTS, REJECTS, TALLY, main="main")
    )
    by_media = {
        "posts": judged.main | "Posts by media" >> _by_media(config.shards),
        "comments": judged[_COMMENTS] | "Comments by media" >> _by_media(config.shards),
        "media": measured
        | "Media by key" >> beam.Map(media_by_key).with_output_types(pa.Table)
        | "Media of shards" >> _by_media(config.shards),
    }
    united = (
        by_media
        | "Group media" >> beam.CoGroupByKey()
        | "Unite"
        >> beam.ParDo(_Unite(config)).with_output_types(tuple[int, pa.Table]).with_outputs(REJECTS, TALLY, main="main")
    )
    drawn = beam.pvalue.AsIter(united.main | "Draw" >> _Draw(config.sampled)) if config.sampled else ()
    written = united.main | "Write samples" >> beam.ParDo(_WriteSamples(config), drawn=drawn).with_outputs(
        REJECTS, TALLY, main="main"
    )
    rejects = (
        (judged[REJECTS], united[REJECTS], written[REJECTS])
        | "All rejects" >> beam.Flatten()
        | "Write rejects" >> WriteRejects(STAGE, config.folder, config.shards)
    )
    return StagePlan([written.main, rejects], [judged[TALLY], united[TALLY], written[TALLY]])


def _by_media(shards: int) -> beam.ParDo:
    return beam.ParDo(SplitByShard("media_key", shards)).with_output_types(tuple[int, pa.Table])


def _read_media(shard: Shard, config: CurateConfig) -> pa.Table:
    rows = read_shard(config.folder, shard, "media")
    return rows if config.cut_scenes else without_cuts(rows)


class _Judge(beam.DoFn):
    """A pair of shards to the posts and comments that the rules keep."""

    def __init__(self, config: CurateConfig) -> None:
        self._config = config

    def setup(self) -> None:
        self._rules = RuleBook.of(self._config.posts, self._config.comments, self._config.sources)

    def process(self, pair: ShardPair, same: Iterable[pa.Table]) -> Iterator[pa.Table | TaggedOutput]:
        tally = Tally(STAGE)
        read = self._read(pair.posts, "post")
        posts = judge_posts(read, self._rules, tally)
        if self._config.identify_language:
            posts = posts.with_languages()
        posts = posts.with_united_media(frame(concat(same, UNITED)))
        comments = judge_comments(self._read(pair.comments, "comment"), posts, self._rules, tally)
        kept = posts.kept.drop(_POST_ONLY, strict=False)
        yield kept.to_arrow(compat_level=pl.CompatLevel.oldest())
        replies = comments.kept.select(_COMMENT_COLUMNS)
        yield TaggedOutput(_COMMENTS, replies.to_arrow(compat_level=pl.CompatLevel.oldest()))
        yield TaggedOutput(REJECTS, _rejects(posts.rejected, "post", self._config))
        yield TaggedOutput(REJECTS, _rejects(comments.rejected, "comment", self._config, read))
        yield from tally.emit()

    def _read(self, shard: Shard | None, table: str) -> pl.DataFrame:
        return frame(read_shard(self._config.folder, shard, table) if shard else SCHEMAS[table].empty_table())


class _Unite(beam.DoFn):
    """All posts and comments of a shard of media to its samples, with the number of the shard."""

    def __init__(self, config: CurateConfig) -> None:
        self._config = config

    def setup(self) -> None:
        self._rules = checks(Record.SAMPLE, None, self._config.samples)

    def process(
        self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]
    ) -> Iterator[tuple[int, pa.Table] | TaggedOutput]:
        index, found = element
        config, tally = self._config, Tally(STAGE)
        posts = concat(found["posts"], pa.schema([]))
        if not posts.num_rows:
            return
        comments = concat(found["comments"], _EMPTY_COMMENTS)
        chosen = choose(frame(comments), config.selections)
        for place, (platform, step, rows_in, rejected) in enumerate(chosen.steps):
            tally.step(_CHOOSE + place % 2, step, f"{platform.name} comment", rows_in, rejected)
        samples = unite(frame(posts), chosen.kept, frame(concat(found["media"], MEASURED)))
        judged_posts = int(frame(posts)["judged"].sum())
        tally.step(_UNITE, "same_media", "sample", judged_posts, merged=judged_posts - samples.height)
        off_record = off_records(samples)
        measured = int(samples.select((pl.col("stated_s") + pl.col("duration_s_measured")).count()).item())
        tally.step(_TIMELINE, "one_length", "timeline", measured, {Reason.OTHER_MEDIA: off_record.height})
        yield TaggedOutput(REJECTS, _rejects(off_record, "sample", config))
        verdict = judge_samples(samples, self._rules, tally)
        yield TaggedOutput(REJECTS, _rejects(chosen.rejected, "comment", config, frame(posts)))
        yield TaggedOutput(REJECTS, _rejects(verdict.rejected, "sample", config))
        if verdict.kept.height:
            yield index, sample_table(verdict.kept, config.segments, config.longer_than_s)
        yield from tally.emit()


class _Draw(beam.PTransform[beam.PCollection[tuple[int, pa.Table]], beam.PCollection[pa.Table]]):
    """The hash up to which samples are drawn: so many have it or a lower one."""

    def __init__(self, sampled: tuple[int, int]) -> None:
        super().__init__()
        self._count, self._seed = sampled

    def expand(self, samples: beam.PCollection[tuple[int, pa.Table]]) -> beam.PCollection[pa.Table]:
        return (
            samples
            | "Hashes" >> beam.Map(_hashes, self._seed).with_output_types(tuple[int, pa.Table])
            | "All hashes" >> beam.GroupByKey()
            | "Last" >> beam.Map(_last_drawn, self._count).with_output_types(pa.Table)
        )


def _hashes(element: tuple[int, pa.Table], seed: int) -> tuple[int, pa.Table]:
    return 0, pa.table({"hash": pa.array(_draws(element[1], seed), pa.uint64())})


def _last_drawn(element: tuple[int, Iterable[pa.Table]], count: int) -> pa.Table:
    hashes = np.sort(np.concatenate([table.column("hash").to_numpy() for table in element[1]]))
    return pa.table({"hash": pa.array(hashes[:count][-1:], pa.uint64())})


class _WriteSamples(beam.DoFn):
    """The samples of a shard, written; only those that are drawn, where the recipe asks for it."""

    def __init__(self, config: CurateConfig) -> None:
        self._config = config

    def process(self, element: tuple[int, pa.Table], drawn: Iterable[pa.Table]) -> Iterator[Shard | TaggedOutput]:
        (index, table), config = element, self._config
        if config.sampled:
            last = max(table.column("hash")[0].as_py() for table in drawn)
            keep = _draws(table, config.sampled[1]) <= last
            tally = Tally(STAGE)
            tally.step(_DRAW, "sample", "sample", table.num_rows, {Reason.NOT_SAMPLED: int((~keep).sum())})
            yield from tally.emit()
            left_out = (
                frame(table)
                .filter(~pl.Series(keep))
                .with_columns(
                    rule=pl.lit("sample"), reason=pl.lit(Reason.NOT_SAMPLED.value), detail=pl.lit(None, dtype=pl.String)
                )
            )
            yield TaggedOutput(REJECTS, _rejects(left_out, "sample", config))
            table = table.filter(pa.array(keep))
        if table.num_rows:
            path = shard_name("samples/samples", index, config.shards)
            yield write_shard(table, "sample", config.folder, path)


def _draws(samples: pa.Table, seed: int) -> np.ndarray:
    """The hash by which each sample is drawn: those with the lowest are."""
    return hash64(f"sample {seed} " + pl.Series(samples.column("sample_id")))


_EMPTY_COMMENTS = pa.schema(
    [pa.field("media_key", pa.large_string())]
    + [SCHEMAS["comment"].field(name) for name in _COMMENT_COLUMNS if name != "media_key"]
)


def _rejects(rows: pl.DataFrame, record: str, config: CurateConfig, posts: pl.DataFrame | None = None) -> pa.Table:
    return reject_rows(
        rows,
        STAGE,
        record,
        f"{record}_id",
        payload=config.reject_payload,
        out_of_scope=config.reject_out_of_scope,
        posts=posts,
    )
