"""Posts and comments of the same media to one sample for each media."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import REJECTS, TALLY, Tally, TallyKey
from blift.transforms.judge import judge_samples
from blift.transforms.measured import MEASURED, off_records
from blift.transforms.reactions import Lags
from blift.transforms.rejects import reject_rows
from blift.transforms.rules.python_file import RuleFile
from blift.transforms.rules.registry import RecordKind, checks
from blift.transforms.selection import Selection, choose
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.steps.rules import COMMENT_COLUMNS
from blift.transforms.tables import concat, frame
from blift.transforms.unite import over_time, sample_table, unite

#: Steps of the funnel after the rules for posts and comments.
_CHOOSE, _UNITE, _TIMELINE = 1000, 0, 1
_NO_COMMENTS = pa.schema(
    [pa.field("media_key", pa.large_string())]
    + [SCHEMAS["comment"].field(name) for name in COMMENT_COLUMNS if name in SCHEMAS["comment"].names]
    + [pa.field("marks", pa.large_list(pa.int64()))]
)


@dataclass(frozen=True)
class SampleOptions:
    """How samples are made.

    Attributes:
        selections: by name of the platform, which comments are chosen; each platform that occurs has an entry.
        rules: options of rules for samples by name of the rule, as in a recipe.
        python: a file of rules of your own, whose rules may have options, too.
        segments: equal scenes of a video without cuts and chapters.
        longer_than_s: replay segments are merged until one is longer, seconds.
        lags: by which reactions are moved back.
        reject_payload: rejects hold the record itself, as JSON.
        reject_out_of_scope: as for `ApplyRules`.
    """

    selections: Mapping[str, Selection]
    rules: Mapping[str, Any] = field(default_factory=dict)
    python: RuleFile | None = None
    segments: int = 10
    longer_than_s: float = 1.0
    lags: Lags = field(default_factory=Lags)
    reject_payload: bool = False
    reject_out_of_scope: bool = False


class MediaParts(TypedDict):
    """What ``MakeSamples`` takes: tables of posts and comments as ``ApplyRules`` gives them, and ``MEASURED`` media."""

    posts: beam.PCollection[pa.Table]
    comments: beam.PCollection[pa.Table]
    media: beam.PCollection[pa.Table]


class Samples(NamedTuple):
    """What ``MakeSamples`` gives: per shard its number and its table of `sample`; tables of `reject`; counts.

    The tables of `sample` also have ``source`` and ``line``, where the posts came with them.
    """

    rows: beam.PCollection[ShardedTable]
    rejects: beam.PCollection[pa.Table]
    tallies: beam.PCollection[tuple[TallyKey, int]]


class MakeSamples(beam.PTransform[MediaParts, Samples]):
    """Posts that show the same media, with their comments and what was measured, to one sample for each media.

    Comments are chosen, posts are merged, rules for samples are applied, and scenes are added.

    Args:
        options: how samples are made.
        shards: into how many tables the samples are divided, by media.
        stage: name of the stage in counts and rejects.
    """

    def __init__(self, options: SampleOptions, shards: int, stage: str = "curate") -> None:
        super().__init__()
        self._options, self._shards, self._stage = options, shards, stage

    def expand(self, parts: MediaParts) -> Samples:
        """The transform."""
        by_media = {
            name: rows | f"{name.capitalize()} by media" >> self._by_media()
            for name, rows in (("posts", parts["posts"]), ("comments", parts["comments"]), ("media", parts["media"]))
        }
        made = (
            by_media
            | "Group media" >> beam.CoGroupByKey()
            | "Unite"
            >> beam.ParDo(_Unite(self._options, self._stage))
            .with_output_types(ShardedTable)
            .with_outputs(REJECTS, TALLY, main="main")
        )
        return Samples(made.main, made[REJECTS], made[TALLY])

    def _by_media(self) -> beam.ParDo:
        return beam.ParDo(SplitByShard("media_key", self._shards)).with_output_types(ShardedTable)


class _Unite(beam.DoFn):
    """All posts and comments of a shard of media to its samples."""

    def __init__(self, options: SampleOptions, stage: str) -> None:
        self._options, self._stage = options, stage

    def setup(self) -> None:
        own = self._options.python.rules if self._options.python else ()
        self._rules = checks(RecordKind.SAMPLE, None, self._options.rules, own=own)

    def process(self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> Iterator[ShardedTable | TaggedOutput]:
        index, found = element
        options, tally = self._options, Tally(self._stage)
        posts = concat(found["posts"], pa.schema([]))
        if not posts.num_rows:
            return
        comments = frame(concat(found["comments"], _NO_COMMENTS))
        chosen = choose(comments, options.selections)
        for place, (platform, step, rows_in, rejected) in enumerate(chosen.steps):
            tally.step(_CHOOSE + place % 2, step, f"{platform.name} comment", rows_in, rejected)
        samples = unite(frame(posts), chosen.kept, frame(concat(found["media"], MEASURED)))
        samples = over_time(samples, frame(posts), comments, options.lags)
        judged_posts = int(frame(posts)["judged"].sum())
        tally.step(_UNITE, "same_media", "sample", judged_posts, merged=judged_posts - samples.height)
        off_record = off_records(samples)
        measured = int(samples.select((pl.col("stated_s") + pl.col("duration_s_measured")).count()).item())
        tally.step(_TIMELINE, "one_length", "timeline", measured, {Reason.OTHER_MEDIA: off_record.height})
        yield TaggedOutput(REJECTS, self._rejects(off_record, "sample"))
        verdict = judge_samples(samples, self._rules, tally)
        yield TaggedOutput(REJECTS, self._rejects(chosen.rejected, "comment", frame(posts)))
        yield TaggedOutput(REJECTS, self._rejects(verdict.rejected, "sample"))
        if verdict.kept.height:
            yield index, sample_table(verdict.kept, options.segments, options.longer_than_s)
        yield from tally.emit()

    def _rejects(self, rows: pl.DataFrame, record: str, posts: pl.DataFrame | None = None) -> pa.Table:
        options = self._options
        payload, out_of_scope = options.reject_payload, options.reject_out_of_scope
        return reject_rows(
            rows, self._stage, record, f"{record}_id", payload=payload, out_of_scope=out_of_scope, posts=posts
        )
