"""The search for files that show the same, as a transform: hashes and digests are shuffled, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import apache_beam as beam
import numpy as np
import polars as pl
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from blift.transforms.media.clusters import CONNECTED, MEMBERS, connected, named_clusters
from blift.transforms.media.hamming import MOST_BITS, blocks
from blift.transforms.media.looks import LOOKS, DuplicateOptions, Kind, kinds, looks
from blift.transforms.media.pairs import (
    LINKS,
    MARKED,
    MATCHES,
    image_links,
    mark_links,
    mark_matches,
    video_links,
    video_matches,
)
from blift.transforms.shuffle import SplitByShard
from blift.transforms.tables import arrow, concat, frame

Keyed = tuple[int, pa.Table]
#: Whether two files, by their digests, are one media.
Same = Callable[[str, str], bool]

NOTES, _MATCHES, _MARKS = "notes", "matches", "marks"


class Clusters(NamedTuple):
    """Tables of ``CLUSTERED``, and sentences on what was not compared."""

    clusters: beam.PCollection[pa.Table]
    notes: beam.PCollection[str]


class NearDuplicates(beam.PTransform[beam.PCollection[pa.Table], Clusters]):
    """Tables of media rows to tables of ``CLUSTERED``: the files that show the same as another.

    Rows have ``MEMBERS``' columns beside those of ``looks.MEDIA_COLUMNS``. Hashes meet by the value of each block, so a
    pair is found wherever it is close. Each pair that hashes suggest is then compared, and so is every member of a
    cluster with the one that stays: a cluster is no chain.

    Args:
        options: when hashes suggest that two files show the same.
        shards: into which rows are divided.
        same: whether two files, by their digests, are one media.
    """

    def __init__(self, options: DuplicateOptions, shards: int, same: Same) -> None:
        super().__init__()
        self.options, self.shards, self.same = options, shards, same

    def expand(self, media: beam.PCollection[pa.Table]) -> Clusters:
        """The transform."""
        found = (
            media
            | "Looks by block" >> beam.ParDo(_ByBlock(self.options)).with_output_types(Keyed)
            | "Group blocks" >> beam.GroupByKey()
            | "Search" >> beam.ParDo(_Search(self.options)).with_outputs(_MATCHES, _MARKS, NOTES, main="main")
        )
        of_videos = (
            found[_MATCHES]
            | "Matches by pair" >> beam.ParDo(SplitByShard("pair", self.shards)).with_output_types(Keyed)
            | "Group pairs" >> beam.GroupByKey()
            | "Link videos" >> beam.ParDo(_LinkVideos(self.options)).with_output_types(pa.Table)
        )
        of_marks = (
            found[_MARKS]
            | "Marks by pair" >> beam.ParDo(SplitByShard("pair", self.shards)).with_output_types(Keyed)
            | "Group marks" >> beam.GroupByKey()
            | "Link by marks" >> beam.MapTuple(_linked_by_marks).with_output_types(pa.Table)
        )
        components = (
            (found.main, of_videos, of_marks)
            | "All candidates" >> beam.Flatten()
            | "In one order" >> beam.Map(_in_one_order).with_output_types(pa.Table)
            | "Candidates by file" >> self._by("left")
            | "Group candidates" >> beam.GroupByKey()
            | "Compare" >> beam.ParDo(_Compare(self.same)).with_output_types(pa.Table)
            | "To one" >> beam.Map(_to_one).with_output_types(Keyed)
            | "Group links" >> beam.GroupByKey()
            | "Connect" >> beam.MapTuple(_connected).with_output_types(pa.Table)
        )
        by_file = {
            "members": media
            | "Members" >> beam.Map(_members).with_output_types(pa.Table)
            | "Members by file" >> self._by("sha256"),
            "components": components | "Components by file" >> self._by("sha256"),
        }
        clusters = (
            by_file
            | "Group files" >> beam.CoGroupByKey()
            | "Members of components" >> beam.MapTuple(_of_components).with_output_types(pa.Table)
            | "By component" >> self._by("component")
            | "Group components" >> beam.GroupByKey()
            | "Name clusters" >> beam.ParDo(_Name(self.same)).with_output_types(pa.Table)
        )
        return Clusters(clusters, found[NOTES])

    def _by(self, column: str) -> beam.ParDo:
        return beam.ParDo(SplitByShard(column, self.shards)).with_output_types(Keyed)


class _ByBlock(beam.DoFn):
    """Media rows to their hashes, once for every block in which they can meet others, divided by the block's value."""

    def __init__(self, options: DuplicateOptions) -> None:
        self._options = options

    def process(self, media: pa.Table) -> Iterator[Keyed]:
        groups = self._options.groups
        for kind, some in kinds(frame(looks(frame(media), self._options))):
            table, hashes = some.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(LOOKS), some["hash"].to_numpy()
            distance = self._options.distance_of(kind)
            for place, block in enumerate(blocks(distance)[: distance + 1]):
                group = block.of(hashes) % groups
                for number in np.unique(group).tolist():
                    key = (kind.value * (MOST_BITS + 1) + place) * groups + number
                    yield key, table.filter(pa.array(group == number))


class _Search(beam.DoFn):
    """The hashes of one kind that may meet in one block to links and matches."""

    def __init__(self, options: DuplicateOptions) -> None:
        self._options = options

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table | TaggedOutput]:
        key, tables = element
        options = self._options
        number, place = divmod(key // options.groups, MOST_BITS + 1)
        kind, hashes = Kind(number), frame(concat(tables, LOOKS))
        if kind is Kind.MARK:
            yield TaggedOutput(_MARKS, mark_matches(hashes, options.distance_of(kind), place))
            return
        if not kind.moves:
            yield image_links(hashes, kind, options, place)
            return
        matches, common = video_matches(hashes, options.distance_of(kind), options.common, place)
        yield TaggedOutput(_MATCHES, matches)
        if common and kind is Kind.VIDEO:
            yield TaggedOutput(
                NOTES, f"{common} sampled frames are in more than {options.common} videos each and were not compared."
            )


class _LinkVideos(beam.DoFn):
    """Matches of some pairs of videos to links."""

    def __init__(self, options: DuplicateOptions) -> None:
        self._options = options

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
        yield video_links(frame(concat(element[1], MATCHES)), self._options)


def _linked_by_marks(_: int, matches: Iterable[pa.Table]) -> pa.Table:
    return mark_links(frame(concat(matches, MARKED)))


def _in_one_order(candidates: pa.Table) -> pa.Table:
    """Pairs with the smaller digest first, so that a pair that is found twice is compared once."""
    pairs = frame(candidates)
    sides = {"left": pl.min_horizontal("left", "right"), "right": pl.max_horizontal("left", "right")}
    return arrow(pairs.select(**sides).unique(), LINKS)


class _Compare(beam.DoFn):
    """Of files that hashes bring together, those that are one media."""

    def __init__(self, same: Same) -> None:
        self._same = same

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
        candidates = frame(concat(element[1], LINKS)).unique().sort("left", "right")
        alike = [self._same(left, right) for left, right in candidates.iter_rows()]
        yield arrow(candidates.filter(pl.Series(alike, dtype=pl.Boolean)), LINKS)


def _to_one(links: pa.Table) -> Keyed:
    return 0, links


def _connected(_: int, links: Iterable[pa.Table]) -> pa.Table:
    return connected(frame(concat(links, LINKS)))


def _members(media: pa.Table) -> pa.Table:
    return media.select(MEMBERS.names)


def _of_components(_: int, found: Mapping[str, Iterable[pa.Table]]) -> pa.Table:
    members, components = frame(concat(found["members"], MEMBERS)), frame(concat(found["components"], CONNECTED))
    return members.join(components, on="sha256").to_arrow(compat_level=pl.CompatLevel.oldest())


class _Name(beam.DoFn):
    """Members of some components to clusters."""

    def __init__(self, same: Same) -> None:
        self._same = same

    def process(self, element: tuple[int, Iterable[pa.Table]]) -> Iterator[pa.Table]:
        yield named_clusters(frame(concat(element[1], pa.schema([]))), self._same)
