"""Samples, with the posts and comments behind them, to preferences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypedDict

import apache_beam as beam
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.schemas.registry import SCHEMAS
from blift.transforms.accounting import TALLY, Tally, TallyKey
from blift.transforms.preferences.compare import compare_channels, compare_media, posts_of_channels
from blift.transforms.preferences.messages import CONTEXT, SHOWN
from blift.transforms.preferences.options import PreferenceOptions
from blift.transforms.shuffle import ShardedTable, SplitByShard
from blift.transforms.tables import concat, frame, shard_of, split

#: What of a comment decides preferences, as `ApplyRules` gives it.
COMMENT_COLUMNS = (
    *("media_key", "comment_id", "post_id", "platform", "text", "score", "posted_at", "retrieved_at"),
    *("parent_id", "by_poster", "distinguished", "deleted", "removed"),
)
#: What of a post does.
POST_COLUMNS = (
    *("media_key", "post_id", *CONTEXT, "channel_id", "posted_at", "retrieved_at"),
    *("score", "upvote_ratio", "likes", "views", "num_comments"),
)
_CHANNELS = "channels"
_STEPS = ("comments", "titles", "posts")


class PreferenceParts(TypedDict):
    """What ``MakePreferences`` takes.

    ``posts`` and ``comments``: tables as ``ApplyRules`` gives them, with ``COMMENT_COLUMNS``. ``shown``: tables of
    ``SHOWN``, one row for each sample; posts and comments of media without a sample are in no preference.
    """

    posts: beam.PCollection[pa.Table]
    comments: beam.PCollection[pa.Table]
    shown: beam.PCollection[pa.Table]


class Preferences(NamedTuple):
    """What ``MakePreferences`` gives: per shard its number and its table of `preference`; counts."""

    rows: beam.PCollection[ShardedTable]
    tallies: beam.PCollection[tuple[TallyKey, int]]


class MakePreferences(beam.PTransform[PreferenceParts, Preferences]):
    """Posts and comments to pairs of them, of which people preferred one.

    Both records of a pair are of one split: comments and titles are of one sample, and the samples of one channel are
    of one split.

    Args:
        options: which preferences are made.
        shards: into how many tables they are divided.
        stage: name of the stage in counts.
    """

    def __init__(self, options: PreferenceOptions, shards: int, stage: str = "prefer") -> None:
        super().__init__()
        self._options, self._shards, self._stage = options, shards, stage

    def expand(self, parts: PreferenceParts) -> Preferences:
        """The transform."""
        posts = parts["posts"] | "Judged posts" >> beam.Map(_judged).with_output_types(pa.Table)
        by_media = {
            name: rows | f"{name.capitalize()} by media" >> self._by("media_key")
            for name, rows in (("posts", posts), ("comments", parts["comments"]), ("shown", parts["shown"]))
        }
        of_media = (
            by_media
            | "Group media" >> beam.CoGroupByKey()
            | "Compare within media"
            >> beam.ParDo(_OfMedia(self._options, self._shards, self._stage))
            .with_output_types(ShardedTable)
            .with_outputs(_CHANNELS, TALLY, main="main")
        )
        tables, tallies = [of_media.main], [of_media[TALLY]]
        if self._options.posts:
            of_channels = (
                of_media[_CHANNELS]
                | "Typed posts" >> beam.Map(_same).with_output_types(pa.Table)
                | "Posts by channel" >> self._by("channel_id")
                | "Group channels" >> beam.GroupByKey()
                | "Compare within channels"
                >> beam.ParDo(_OfChannels(self._options, self._shards, self._stage))
                .with_output_types(ShardedTable)
                .with_outputs(TALLY, main="main")
            )
            tables, tallies = [*tables, of_channels.main], [*tallies, of_channels[TALLY]]
        rows = (
            tuple(tables)
            | "All preferences" >> beam.Flatten()
            | "Group preferences" >> beam.GroupByKey()
            | "Sort preferences" >> beam.MapTuple(_sorted).with_output_types(ShardedTable)
        )
        return Preferences(rows, tuple(tallies) | "All tallies" >> beam.Flatten())

    def _by(self, column: str) -> beam.ParDo:
        return beam.ParDo(SplitByShard(column, self._shards)).with_output_types(ShardedTable)


def _judged(posts: pa.Table) -> pa.Table:
    """Posts that no rule rejected."""
    return posts.filter(posts.column("judged")).select(POST_COLUMNS)


def _same(table: pa.Table) -> pa.Table:
    return table


def _sorted(index: int, tables: Iterable[pa.Table]) -> ShardedTable:
    return index, concat(tables, SCHEMAS["preference"]).sort_by("id")


class _OfMedia(beam.DoFn):
    """Preferences among the comments, and the titles, of a shard of media; posts of channels go on."""

    def __init__(self, options: PreferenceOptions, shards: int, stage: str) -> None:
        self._options, self._shards, self._stage = options, shards, stage

    def process(self, element: tuple[int, Mapping[str, Iterable[pa.Table]]]) -> Iterator[ShardedTable | TaggedOutput]:
        found, options, tally = element[1], self._options, Tally(self._stage)
        shown, posts = frame(concat(found["shown"], SHOWN)), frame(concat(found["posts"], _POSTS))
        pairs, rows = compare_media(posts, frame(concat(found["comments"], _COMMENTS)), shown, options)
        yield from _placed(rows, self._shards)
        if options.posts:
            of_channels = posts_of_channels(posts, shown)
            yield TaggedOutput(_CHANNELS, of_channels.to_arrow(compat_level=pl.CompatLevel.oldest()))
        _count(tally, pairs, [kind for kind in _STEPS[:2] if getattr(options, kind)])
        yield from tally.emit()


class _OfChannels(beam.DoFn):
    """Preferences among the posts of a shard of channels."""

    def __init__(self, options: PreferenceOptions, shards: int, stage: str) -> None:
        self._options, self._shards, self._stage = options, shards, stage

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[ShardedTable | TaggedOutput]:
        options, tally = self._options.posts, Tally(self._stage)
        if options is None:
            return
        pairs, rows = compare_channels(frame(concat(element[1], pa.schema([]))), options)
        yield from _placed(rows, self._shards)
        _count(tally, pairs, _STEPS[2:])
        yield from tally.emit()


def _placed(rows: pa.Table, shards: int) -> Iterator[ShardedTable]:
    """Rows of the preference table, by the hash of their sample."""
    if rows.num_rows:
        yield from split(rows, shard_of(pl.Series(rows.column("sample_id")), shards))


def _count(tally: Tally, pairs: pl.DataFrame, kinds: Iterable[str]) -> None:
    """How many preferences of each kind were made."""
    for place, kind in enumerate(_STEPS):
        if kind in kinds:
            tally.step(place, kind, f"{kind} preference", pairs.filter(pl.col("kind") == kind).height)


_POSTS = pa.schema([SCHEMAS["post"].field(name) for name in POST_COLUMNS])
_COMMENTS = pa.schema(
    [pa.field("media_key", pa.string())]
    + [SCHEMAS["comment"].field(name) for name in COMMENT_COLUMNS if name != "media_key"]
)
