"""Clusters of files that show the same: connected by links, each named after the member that stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
import polars as pl
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from blift.transforms.tables import arrow

#: Files of a component of which all are compared with all.
_SMALL = 12
#: A file, the first file, by name, of those that it is connected with, and how many files it is linked with itself.
CONNECTED = pa.schema(
    [pa.field("sha256", pa.string()), pa.field("component", pa.string()), pa.field("links", pa.int64())]
)
#: What decides which member of a cluster stays.
MEMBERS = pa.schema(
    [
        pa.field("sha256", pa.string()),
        pa.field("pixels", pa.int64()),
        pa.field("posted_at", pa.timestamp("us", tz="UTC")),
        pa.field("media_key", pa.string()),
    ]
)
#: A file, its cluster, and the media key under which the cluster's posts are united.
CLUSTERED = pa.schema(
    [pa.field("sha256", pa.string()), pa.field("cluster", pa.string()), pa.field("unite_as", pa.string())]
)


def connected(links: pl.DataFrame) -> pa.Table:
    """Files that links connect, directly or over others, as ``CONNECTED``.

    Links may come in any order; each pair of different files counts once.
    """
    sides = {"left": pl.min_horizontal("left", "right"), "right": pl.max_horizontal("left", "right")}
    links = links.select(**sides).unique()
    names = pl.concat([links["left"], links["right"]]).unique().sort()
    if not len(names):
        return CONNECTED.empty_table()
    left, right = (names.search_sorted(links[side]).to_numpy() for side in ("left", "right"))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(names), len(names)))
    _, label = connected_components(graph, directed=False)
    others = links.filter(pl.col("left") != pl.col("right"))
    ends = pl.concat([others["left"], others["right"]]).alias("sha256").to_frame()
    named = (
        pl.DataFrame({"sha256": names, "label": label})
        .with_columns(component=pl.col("sha256").min().over("label"))
        .join(ends.group_by("sha256").len("links"), on="sha256", how="left", maintain_order="left")
    )
    return arrow(named.with_columns(pl.col("links").fill_null(0)), CONNECTED)


def named_clusters(members: pl.DataFrame, same: Callable[[str, str], bool]) -> pa.Table:
    """Clusters named after the member that stays, as ``CLUSTERED``: the largest, then the earliest, then by digest.

    Whatever is in a cluster is one media with the member that stays: the one that is alike most others, and of several
    such the first by the order above. In a small component all are compared with all; in a larger one, links are
    counted. What of a component is not alike the one that stays starts a cluster of its own, and a file that is left
    alone has none.

    Args:
        members: the columns of ``MEMBERS`` and of ``CONNECTED``.
        same: whether two files, by their digests, are one media.
    """
    ranked = members.sort(
        "component", "pixels", "posted_at", "sha256", descending=[False, True, False, False], nulls_last=True
    )
    stays: list[str] = []
    for (_,), component in ranked.group_by("component", maintain_order=True):
        links = dict(component.select("sha256", "links").iter_rows())
        stays += _those_that_stay(links, _remembered(same))
    clusters = ranked.with_columns(cluster=pl.Series(stays, dtype=pl.String)).with_columns(
        unite_as=pl.col("media_key").drop_nulls().first().over("cluster")
    )
    return arrow(clusters.filter(pl.len().over("cluster") > 1), CLUSTERED)


def _those_that_stay(links: Mapping[str, int], same: Callable[[str, str], bool]) -> list[str]:
    """For each file, the one with which it is one media and that stays.

    Args:
        links: files of a component, the best first, and how many files each is linked with.
        same: whether two of them are one media.
    """
    stays: dict[str, str] = {}
    left = list(links)
    while left:
        first = _most_alike(left, links, same)
        alike = [other for other in left if other == first or same(first, other)]
        stays |= dict.fromkeys(alike, first)
        left = [other for other in left if other not in stays]
    return [stays[file] for file in links]


def _most_alike(left: Sequence[str], links: Mapping[str, int], same: Callable[[str, str], bool]) -> str:
    if len(left) > _SMALL:
        return max(left, key=links.__getitem__)
    return max(left, key=lambda file: sum(same(file, other) for other in left))


def _remembered(same: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    """The same, asking once for each pair, with the smaller digest first; a file is one media with itself."""
    asked = cache(same)
    return lambda one, other: one == other or asked(*sorted((one, other)))
