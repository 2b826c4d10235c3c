"""The posts that were ingested, by the hashes of their ids, and the posts of comments that are on none of them."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from blift.transforms.tables import hash64

#: A table of the hashes of ids of posts.
HASHES = pa.schema([pa.field("hash", pa.uint64())])
#: Comments on other posts that are built of a file: so many in any case, and for each comment on a known post.
_ORPHANS, _FOR_EACH = 20_000, 1
#: Hashes that are held before those that occur several times are made one.
_HELD = 4 << 20


def hashes_of(posts: pa.Table) -> pa.Table:
    """The hashes of the ids of posts."""
    return _table(hash64(pl.Series(posts.column("post_id"))))


def _table(hashes: np.ndarray) -> pa.Table:
    return pa.table([pa.array(hashes, pa.uint64())], schema=HASHES)


class KnownPosts:
    """Says of ids of posts which were ingested.

    Args:
        known: tables of hashes.
    """

    def __init__(self, known: Iterable[pa.Table]) -> None:
        found = [np.empty(0, np.uint64), *(ids.column("hash").to_numpy() for ids in known)]
        self._hashes = np.sort(np.concatenate(found))

    def __call__(self, post_ids: pl.Series) -> NDArray[np.bool_]:
        """Which of the ids are among them."""
        return self.contain(hash64(post_ids))

    def contain(self, wanted: np.ndarray) -> NDArray[np.bool_]:
        """Which of the hashes are among theirs."""
        if not len(self._hashes):
            return np.zeros(len(wanted), dtype=bool)
        places = np.searchsorted(self._hashes, wanted)
        return np.asarray(self._hashes[np.minimum(places, len(self._hashes) - 1)] == wanted)


class WithOrphans:
    """Says of ids of posts which comments of a file to build, so that what is kept of it serves other posts, too.

    These are the comments on posts that are known, and some others. Of what is beyond that, the posts are noted: if one
    of them is known later, the file must be read again. Threads may ask at once.

    Args:
        known: the posts that were ingested.
    """

    def __init__(self, known: KnownPosts) -> None:
        self._known = known
        self._lock = threading.Lock()
        self._on_known = self._on_others = self._held = 0
        self._noted: list[np.ndarray] = []

    def __call__(self, post_ids: pl.Series) -> NDArray[np.bool_]:
        """Which of the ids are those of posts whose comments to build."""
        hashes = hash64(post_ids)
        wanted = self._known.contain(hashes)
        others = len(hashes) - int(wanted.sum())
        with self._lock:
            self._on_known += len(hashes) - others
            if self._on_others + others <= max(_ORPHANS, _FOR_EACH * self._on_known):
                self._on_others += others
                return np.ones(len(hashes), dtype=bool)
            self._note(hashes[~wanted])
        return wanted

    def _note(self, hashes: np.ndarray) -> None:
        self._noted.append(np.unique(hashes))
        self._held += len(self._noted[-1])
        if self._held > _HELD:
            self._noted = [self._posts()]
            self._held = 0

    def _posts(self) -> np.ndarray:
        return np.unique(np.concatenate([np.empty(0, np.uint64), *self._noted]))

    def noted(self) -> pa.Table:
        """The hashes of the posts of which comments were left out."""
        return _table(self._posts())
