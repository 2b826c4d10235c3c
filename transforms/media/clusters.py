"""Clusters of files that show the same: connected by links, each named after the member that stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from blift.transforms.tables import arrow

#: A file and the first file, by name, of those that it is connected with.
CONNECTED = pa.schema([pa.field("sha256", pa.string()), pa.field("component", pa.string())])
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
    """Files that links connect, directly or over others, as ``CONNECTED``. The order of links does not matter."""
    names = pl.concat([links["left"], links["right"]]).unique().sort()
    if not len(names):
        return CONNECTED.empty_table()
    left, right = (names.search_sorted(links[side]).to_numpy() for side in ("left", "right"))
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(len(names), len(names)))
    _, label = connected_components(graph, directed=False)
    named = pl.DataFrame({"sha256": names, "label": label})
    return arrow(named.with_columns(component=pl.col("sha256").min().over("label")), CONNECTED)


def named_clusters(members: pl.DataFrame, same: Callable[[str, str], bool]) -> pa.Table:
    """Clusters named after the member that stays, as ``CLUSTERED``: the largest, then the earliest, then by digest.

    Whatever is in a cluster is one media with the member that stays. What of a component is not starts a cluster of
    its own, and a file that is left alone has none.

    Args:
        members: the columns of ``MEMBERS``, and ``component``.
        same: whether two files, by their digests, are one media.
    """
    ranked = members.sort(
        "component", "pixels", "posted_at", "sha256", descending=[False, True, False, False], nulls_last=True
    )
    stays: list[str] = []
    for (_,), component in ranked.group_by("component", maintain_order=True):
        stays += _those_that_stay(component["sha256"].to_list(), same)
    clusters = ranked.with_columns(cluster=pl.Series(stays, dtype=pl.String)).with_columns(
        unite_as=pl.col("media_key").drop_nulls().first().over("cluster")
    )
    return arrow(clusters.filter(pl.len().over("cluster") > 1), CLUSTERED)


def _those_that_stay(ranked: Sequence[str], same: Callable[[str, str], bool]) -> list[str]:
    """For each file, the first of them that is one media with it and that stays itself."""
    stays: dict[str, str] = {}
    for place, file in enumerate(ranked):
        if file not in stays:
            stays[file] = file
            later = (other for other in ranked[place + 1 :] if other not in stays)
            stays |= {other: file for other in list(later) if same(*sorted((file, other)))}
    return [stays[file] for file in ranked]
