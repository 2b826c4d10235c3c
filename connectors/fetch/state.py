"""The state of a fetch folder: what was asked for, what came of it, and the raw records, in one SQLite file.

An outcome is taken in by one transaction: its records, the items that it led to, and the item's own new state. So a
process that is killed leaves an item either done with all that belongs to it, or still to be asked for.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, NamedTuple

import msgspec

from blift.connectors.fetch.changes import ItemState, add, state_after, take_in
from blift.connectors.fetch.database import Database, unpacked
from blift.connectors.fetch.items import Item, Outcome, RawRecord, StoredFile
from blift.connectors.fetch.kinds import Kinds
from blift.connectors.fetch.schedule import is_due, posted_at
from blift.schemas.errors import InputError, OutputError
from blift.schemas.reasons import Absent

FILE_NAME = "fetch.sqlite"
#: What the file was called in earlier versions; a folder that has one keeps it.
_OLD_NAME = "collection.sqlite"
#: Workers that may die while they hold an item before it counts as failed.
DEATHS = 3
_FORMAT = 1
#: Seconds since 1970, to the year 9999.
Time = Annotated[float, msgspec.Meta(ge=0, lt=253_402_300_800)]

_TABLES = """
CREATE TABLE item (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, key TEXT NOT NULL, detail TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  reason TEXT, message TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  deaths INTEGER NOT NULL DEFAULT 0,
  not_before REAL NOT NULL DEFAULT 0,
  worker INTEGER,
  ended_at REAL,
  UNIQUE (kind, key)
);
CREATE INDEX item_to_ask ON item (kind, deaths > 0, number) WHERE state = 'pending' AND worker IS NULL;
CREATE INDEX item_state ON item (kind, state, reason);
CREATE TABLE record (
  kind TEXT NOT NULL, key TEXT NOT NULL, retrieved_at REAL NOT NULL, post_id TEXT NOT NULL, data BLOB NOT NULL,
  UNIQUE (kind, key, retrieved_at)
);
CREATE INDEX record_of_post ON record (post_id);
CREATE TABLE file (
  address TEXT PRIMARY KEY, sha256 TEXT NOT NULL, name TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  content_type TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE shows (post_id TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (post_id, address)) WITHOUT ROWID;
CREATE TABLE withdrawn (post_id TEXT PRIMARY KEY, reason TEXT NOT NULL, noted_at REAL NOT NULL) WITHOUT ROWID;
"""

#: Posts that came with a list become items of their own.
_POSTS_OF_LISTS = (
    "INSERT OR IGNORE INTO item (kind, key, detail, state, ended_at) "
    "SELECT ?, key, '{}', 'done', max(retrieved_at) FROM record WHERE kind = ? GROUP BY key"
)


class Tally(NamedTuple):
    """So many items of one kind are in one state, for one reason."""

    kind: str
    state: ItemState
    reason: Absent | None
    items: int


def state_file(folder: str) -> str:
    """The path of the state of a fetch folder, whether it is there or not."""
    old = os.path.join(folder, _OLD_NAME)
    return old if os.path.exists(old) else os.path.join(folder, FILE_NAME)


class State:
    """The state of one fetch folder. One object serves one thread; several processes may have one each.

    Args:
        folder: of the fetch folder, on this machine; made where it is not there.
        kinds: of items and records that platforms have.

    Raises:
        InputError: the file is not a fetch state, has another format, or holds a kind that no platform has.
        OutputError: it cannot be opened or made.
    """

    def __init__(self, folder: str, kinds: Kinds) -> None:
        self.path = state_file(folder)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise OutputError(f"Cannot make {folder}: {error.strerror}. Choose another folder.") from error
        self.kinds = kinds
        self._base = Database(self.path, _TABLES, _FORMAT)
        self._changes = self._base.changes
        self._check_kinds()

    def _check_kinds(self) -> None:
        """Nothing is left out of what others wrote: each kind is one that a platform has."""
        try:
            for kind in self._kinds_in("item"):
                self.kinds.item(kind)
            for kind in self._kinds_in("record"):
                self.kinds.record(kind)
        except InputError as error:
            raise InputError(f"{self.path}: {error}") from error

    def _kinds_in(self, table: str) -> Iterator[str]:
        """The kinds that a table holds, one look into its index for each."""
        ((kind,),) = self._base.rows(tuple[str | None], f"SELECT min(kind) FROM {table}")  # noqa: S608 - one of ours
        while kind is not None:
            yield kind
            query = f"SELECT min(kind) FROM {table} WHERE kind > ?"  # noqa: S608
            ((kind,),) = self._base.rows(tuple[str | None], query, [kind])

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def add(self, items: Iterable[Item]) -> int:
        """Items to ask for; those that are known stay as they are. Gives how many are new."""
        with self._changes() as base:
            return add(base, items)

    def retry_failed(self, ended_from: float = 0.0) -> int:
        """Failed items are asked for again; gives how many.

        Args:
            ended_from: seconds since 1970; items that ended earlier stay.
        """
        with self._changes() as base:
            return base.execute(
                "UPDATE item SET state = 'pending', attempts = 0, deaths = 0, not_before = 0, message = NULL "
                "WHERE state = 'failed' AND coalesce(ended_at, 0) >= ?",
                (ended_from,),
            ).rowcount

    def refresh(self, ended_before: float) -> int:
        """What may have changed since is asked for again; gives how many items.

        Posts that came with a list become items of their own.

        Args:
            ended_before: seconds since 1970; items that ended later stay.
        """
        with self._changes() as base:
            self._posts_of_lists(base)
            changing = self.kinds.changing()
            kinds = ",".join("?" for _ in changing)
            return base.execute(
                "UPDATE item SET state = 'pending', detail = '{}', attempts = 0, not_before = 0, reason = NULL, "  # noqa: S608 - question marks
                "message = NULL "
                f"WHERE state IN ('done', 'absent') AND ended_at < ? AND kind IN ({kinds})",
                (ended_before, *changing),
            ).rowcount

    def schedule(self, ages_days: Sequence[float], now: float) -> int:
        """Posts that have passed one of the ages since they were last read are asked for again; gives how many items.

        A post is asked for with its thread. One that was deleted upstream, or whose record does not say when it was
        posted, is not.

        Args:
            ages_days: of posts, at which they are to be observed.
            now: seconds since 1970.
        """
        posts = self.kinds.posts()
        marks = ",".join("?" for _ in posts)
        query = f"SELECT kind, key, max(retrieved_at), data FROM record WHERE kind IN ({marks}) GROUP BY kind, key"  # noqa: S608 - question marks
        due: list[tuple[str, str]] = []
        for kind, key, read_at, data in self._base.rows(tuple[str, str, Time, bytes], query, posts):
            with self._base.told():
                posted = posted_at(self.kinds.record(kind), unpacked(data))
            if posted is not None and is_due(posted, read_at, ages_days, now):
                due += [(item, key) for item in posts[kind][1]]
        with self._changes() as base:
            self._posts_of_lists(base)
            before = base.total_changes
            base.executemany(
                "UPDATE item SET state = 'pending', detail = '{}', attempts = 0, not_before = 0, message = NULL "
                "WHERE state = 'done' AND kind = ? AND key = ?",
                due,
            )
            return base.total_changes - before

    def _posts_of_lists(self, base: sqlite3.Connection) -> None:
        for record, (item, _) in self.kinds.posts().items():
            base.execute(_POSTS_OF_LISTS, (item, record))

    def release(self, worker: int | None = None) -> None:
        """Items that a worker held and did not end are anybody's again; of all workers where none is named."""
        with self._changes() as base:
            if worker is None:
                base.execute("UPDATE item SET worker = NULL WHERE worker IS NOT NULL")
            else:
                base.execute("UPDATE item SET worker = NULL WHERE worker = ?", (worker,))

    def died(self, worker: int) -> None:
        """A worker died. What it held is under suspicion, and has failed where it was there too often."""
        with self._changes() as base:
            base.execute("UPDATE item SET deaths = deaths + 1 WHERE worker = ?", (worker,))
            base.execute(
                "UPDATE item SET state = 'failed', message = 'each process that asks for it dies', ended_at = ? "
                "WHERE worker = ? AND deaths >= ?",
                (time.time(), worker, DEATHS),
            )
            base.execute("UPDATE item SET worker = NULL WHERE worker = ?", (worker,))

    def put_back(self, items: Iterable[Item]) -> None:
        """Items that were taken and not asked for are anybody's again."""
        with self._changes() as base:
            base.executemany(
                "UPDATE item SET worker = NULL WHERE kind = ? AND key = ?", [(item.kind, item.key) for item in items]
            )

    def claim(self, kinds: Sequence[str], limit: int, worker: int, *, suspects: bool = False) -> list[Item]:
        """Items of one of the kinds that a worker takes, the first kind that has some; in the order of arrival.

        Args:
            kinds: in order of preference.
            limit: how many, at most.
            worker: its number.
            suspects: items at which a worker died, in place of all others. Each is better taken alone.
        """
        for kind in kinds:
            with self._changes() as base:
                rows = base.execute(
                    "UPDATE item SET worker = ? WHERE number IN (SELECT number FROM item WHERE kind = ? AND "
                    "state = 'pending' AND worker IS NULL AND (deaths > 0) = ? AND not_before <= ? "
                    "ORDER BY number LIMIT ?) RETURNING number, key, detail",
                    (worker, kind, suspects, time.time(), limit),
                ).fetchall()
                taken = sorted(msgspec.convert(rows, list[tuple[int, str, str]]))
            if taken:
                return [Item(kind, key, detail) for _, key, detail in taken]
        return []

    def take_in(
        self,
        outcomes: Sequence[tuple[Item, Outcome]],
        shown: Iterable[tuple[str, str]] = (),
        found: Iterable[Item] = (),
    ) -> Counter[ItemState]:
        """Write down what came of items, in one transaction; gives how many are in which state now.

        Args:
            outcomes: items that this worker holds, and what came of each.
            shown: which post shows what file, by its address.
            found: items for these files, and others that the records led to.
        """
        ended: Counter[ItemState] = Counter()
        now = time.time()
        with self._changes() as base:
            base.executemany("INSERT OR IGNORE INTO shows VALUES (?, ?)", shown)
            add(base, found)
            for item, outcome in outcomes:
                take_in(base, self.kinds, item, outcome, now)
                ended[state_after(outcome)] += 1
        return ended

    def due_in_s(self, kinds: Sequence[str]) -> float | None:
        """Seconds until the next item of the kinds may be asked for (0 for now); None where nothing is left of them."""
        marks = ",".join("?" for _ in kinds)
        query = f"SELECT min(not_before) FROM item WHERE state = 'pending' AND kind IN ({marks})"  # noqa: S608 - question marks
        ((due,),) = self._base.rows(tuple[float | None], query, kinds)
        return None if due is None else max(0.0, due - time.time())

    def tallies(self) -> list[Tally]:
        """Items by kind, state and reason."""
        return sorted(
            self._base.rows(Tally, "SELECT kind, state, reason, count(*) FROM item GROUP BY kind, state, reason")
        )

    def ended_since(self, since: float) -> Mapping[str, int]:
        """Items by kind that ended after a time, seconds since 1970."""
        query = "SELECT kind, count(*) FROM item WHERE ended_at >= ? GROUP BY kind"
        return dict(self._base.rows(tuple[str, int], query, [since]))

    def counts(self) -> Counter[ItemState]:
        """How many items are in each state."""
        return Counter(dict(self._base.rows(tuple[ItemState, int], "SELECT state, count(*) FROM item GROUP BY state")))

    def ended(self) -> Iterator[tuple[str, str, str, str | None, str | None]]:
        """Kind, key, state, reason and message of all items that have ended, sorted."""
        return self._base.rows(
            tuple[str, str, str, str | None, str | None],
            "SELECT kind, key, state, reason, message FROM item WHERE state != 'pending' ORDER BY kind, key",
        )

    def failures(self, limit: int) -> list[tuple[str, str, str]]:
        """Kind, key and message of failed items, the latest first."""
        query = (
            "SELECT kind, key, coalesce(message, '') FROM item WHERE state = 'failed' ORDER BY ended_at DESC LIMIT ?"
        )
        return list(self._base.rows(tuple[str, str, str], query, [limit]))

    def notes(self) -> list[tuple[str, str, str]]:
        """Kind, key and note of items that are done, and of which there is something to say."""
        query = "SELECT kind, key, message FROM item WHERE state = 'done' AND message IS NOT NULL ORDER BY kind, key"
        return list(self._base.rows(tuple[str, str, str], query))

    def withdrawn(self) -> list[tuple[str, Absent, float]]:
        """Post, reason and time of all posts that were taken back, sorted."""
        query = "SELECT post_id, reason, noted_at FROM withdrawn ORDER BY post_id"
        return list(self._base.rows(tuple[str, Absent, Time], query))

    def files(self) -> Iterator[StoredFile]:
        """The files of the store, sorted by address."""
        query = "SELECT address, sha256, name, size_bytes, content_type FROM file ORDER BY address"
        return self._base.rows(StoredFile, query)

    def records(self, kind: str) -> Iterator[tuple[str, RawRecord]]:
        """The raw records of a kind with the id of their post, sorted by post, key and time."""
        query = "SELECT post_id, key, retrieved_at, data FROM record WHERE kind = ? ORDER BY post_id, key, retrieved_at"
        for post_id, key, retrieved_at, data in self._base.rows(tuple[str, str, Time, bytes], query, [kind]):
            with self._base.told():
                content = unpacked(data)
            yield post_id, RawRecord(kind, key, post_id.partition(":")[2], retrieved_at, content)

    def packed_bytes(self, kind: str) -> int:
        """How much the records of a kind hold, packed."""
        query = "SELECT coalesce(sum(length(data)), 0) FROM record WHERE kind = ?"
        ((found,),) = self._base.rows(tuple[int], query, [kind])
        return found

    def drop_unshown(self) -> list[str]:
        """Forget files that no post shows any more; gives their names in the store, for those that nobody else uses."""
        with self._changes() as base:
            rows = base.execute(
                "DELETE FROM file WHERE address IN (SELECT address FROM shows JOIN withdrawn USING (post_id)) "
                "AND address NOT IN (SELECT address FROM shows WHERE post_id NOT IN (SELECT post_id FROM withdrawn)) "
                "RETURNING name"
            ).fetchall()
            still = {name for (name,) in base.execute("SELECT DISTINCT name FROM file")} if rows else set()
            names = {name for (name,) in msgspec.convert(rows, list[tuple[str]])}
        return sorted(names - still)
