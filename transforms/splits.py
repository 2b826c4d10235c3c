"""Which split a sample belongs to: near-duplicates and channels stay together, and nothing moves when others come."""

from __future__ import annotations

import numpy as np
import polars as pl

from blift.schemas.split import Split
from blift.transforms.tables import hash64


def components(sample_ids: pl.Series, clusters: pl.Series, channels: pl.Series) -> pl.Series:
    """The name of the group that each sample must not be parted from.

    Samples of one channel, and samples of one cluster of near-duplicate media, are together, and so are those
    that a chain of both connects. The name is the first of the group's channels, else of its clusters, else the
    sample's id: it changes only when a new sample links two groups.

    Args:
        sample_ids: unique. ``clusters`` and ``channels`` may be null.
    """
    # Slow to import, and not needed where a build has nothing to do.
    from scipy.sparse import coo_array  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    names = pl.concat([_named("cluster:", clusters), _named("channel:", channels)])
    count = len(sample_ids)
    # A bipartite graph: samples, and after them the clusters and channels that they name.
    places = names.rank("dense").cast(pl.Int64) - 1
    rows = np.tile(np.arange(count), 2)
    named = names.is_not_null().to_numpy()
    ends = places.drop_nulls().to_numpy() + count
    nodes = count + int(names.drop_nulls().n_unique())
    edges = coo_array((np.ones(int(named.sum())), (rows[named], ends)), shape=(nodes, nodes))
    _, label = connected_components(edges, directed=False)
    groups = pl.DataFrame({"label": label[rows], "name": names}).group_by("label").agg(pl.col("name").min())
    found = pl.DataFrame({"label": label[:count]}).join(groups, on="label", how="left", maintain_order="left")
    return found["name"].fill_null("sample:" + sample_ids)


def _named(prefix: str, values: pl.Series) -> pl.Series:
    return prefix + values.cast(pl.String)


def split_of(groups: pl.Series, validation: float, test: float) -> pl.Series:
    """The split of every group, by hash of its name: a share of ``validation``, one of ``test``, the rest train."""
    share = hash64("split " + groups) / 2.0**64
    chosen = np.where(share < validation, Split.VALIDATION.value, Split.TRAIN.value)
    chosen = np.where((share >= validation) & (share < validation + test), Split.TEST.value, chosen)
    return pl.Series(chosen.astype(object), dtype=pl.String)
