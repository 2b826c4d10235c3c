"""Clusters of files that show the same: connected by links, each named after the member that stays."""

from __future__ import annotations

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


def named_clusters(members: pl.DataFrame) -> pa.Table:
    """Clusters named after the member that stays, as ``CLUSTERED``: the largest, then the earliest, then by digest.

    Args:
        members: the columns of ``MEMBERS``, and ``component``.
    """
    ranked = members.sort(
        "component", "pixels", "posted_at", "sha256", descending=[False, True, False, False], nulls_last=True
    )
    return arrow(
        ranked.with_columns(
            cluster=pl.col("sha256").first().over("component"),
            unite_as=pl.col("media_key").drop_nulls().first().over("component"),
        ),
        CLUSTERED,
    )
