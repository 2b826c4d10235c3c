"""What an outcome changes in the state: statements of one transaction."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from blift.connectors.fetch.database import packed
from blift.connectors.fetch.items import Done, Failed, GoesOn, Item, NotThere, Outcome, RawRecord
from blift.connectors.fetch.kinds import Kinds, Role
from blift.schemas.reasons import WITHDRAWN, Absent

#: Attempts after which an item counts as failed.
TRIES = 5
#: Seconds before the second attempt; each later one waits twice as long as the one before.
FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 900.0


class ItemState(StrEnum):
    """How far an item is."""

    PENDING = "pending"
    DONE = "done"
    ABSENT = "absent"
    FAILED = "failed"


def add(base: sqlite3.Connection, items: Iterable[Item]) -> int:
    """Items to ask for; those that are known stay. Gives how many are new."""
    before = base.total_changes
    base.executemany("INSERT OR IGNORE INTO item (kind, key, detail) VALUES (?, ?, ?)", items)
    return base.total_changes - before


def _keep(base: sqlite3.Connection, kinds: Kinds, records: Iterable[RawRecord]) -> None:
    rows: Iterator[tuple[Any, ...]] = (
        (record.kind, record.key, record.retrieved_at, kinds.post_id_of(record), packed(record.data))
        for record in records
    )
    base.executemany("INSERT OR REPLACE INTO record VALUES (?, ?, ?, ?, ?)", rows)


def _keep_standing(base: sqlite3.Connection, kinds: Kinds, records: Iterable[RawRecord]) -> None:
    """Keep what is not of a post that was taken back: its thread may stand longer than itself."""
    found = list(records)
    posts = {kinds.post_id_of(record) for record in found}
    marks = ",".join("?" for _ in posts)
    gone = base.execute(f"SELECT post_id FROM withdrawn WHERE post_id IN ({marks})", tuple(posts))  # noqa: S608 - question marks
    withdrawn = {post_id for (post_id,) in gone}
    _keep(base, kinds, [record for record in found if kinds.post_id_of(record) not in withdrawn])


def _end(
    base: sqlite3.Connection,
    item: Item,
    now: float,
    state: ItemState,
    reason: Absent | None = None,
    message: str | None = None,
) -> None:
    base.execute(
        "UPDATE item SET state = ?, reason = ?, message = ?, ended_at = ?, worker = NULL WHERE kind = ? AND key = ?",
        (state, reason, message, now, item.kind, item.key),
    )


def _failed(base: sqlite3.Connection, item: Item, outcome: Failed, now: float) -> None:
    (attempts,) = base.execute("SELECT attempts FROM item WHERE kind = ? AND key = ?", (item.kind, item.key)).fetchone()
    attempts += outcome.counts
    if attempts >= TRIES:
        _end(base, item, now, ItemState.FAILED, None, outcome.error)
        base.execute("UPDATE item SET attempts = ? WHERE kind = ? AND key = ?", (attempts, item.kind, item.key))
        return
    longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** max(0, attempts - 1))
    wait_s = outcome.wait_s if outcome.wait_s is not None else longest * random.uniform(0.5, 1.0)
    base.execute(
        "UPDATE item SET attempts = ?, not_before = ?, message = ?, worker = NULL WHERE kind = ? AND key = ?",
        (attempts, now + wait_s, outcome.error, item.kind, item.key),
    )


def _withdraw(base: sqlite3.Connection, post_id: str, reason: Absent, now: float) -> None:
    """The post is marked, and nothing that it said is kept."""
    base.execute("INSERT OR REPLACE INTO withdrawn VALUES (?, ?, ?)", (post_id, reason, now))
    base.execute("DELETE FROM record WHERE post_id = ?", (post_id,))


def take_in(base: sqlite3.Connection, kinds: Kinds, item: Item, outcome: Outcome, now: float) -> None:
    """Write down what came of one item."""
    post_id = kinds.post_id(item)
    match outcome:
        case Done(records, files, found, note):
            if kinds.item(item.kind).role is Role.POST:
                base.execute("DELETE FROM withdrawn WHERE post_id = ?", (post_id,))
            _keep_standing(base, kinds, records)
            if kinds.is_file_of_post(item.kind):
                base.executemany(
                    "INSERT OR IGNORE INTO shows VALUES (?, ?)", [(file.address, file.address) for file in files]
                )
            base.executemany("INSERT OR REPLACE INTO file VALUES (:address, :sha256, :name, :size_bytes, "
                             ":content_type)", [file._asdict() for file in files])  # fmt: skip
            add(base, found)
            _end(base, item, now, ItemState.DONE, None, note or None)
        case GoesOn(detail, records, found):
            _keep_standing(base, kinds, records)
            add(base, found)
            base.execute(
                "UPDATE item SET detail = ?, worker = NULL, attempts = 0 WHERE kind = ? AND key = ?",
                (detail, item.kind, item.key),
            )
        case NotThere(reason, detail, records):
            _end(base, item, now, ItemState.ABSENT, reason, detail)
            if reason in WITHDRAWN and post_id is not None:
                _withdraw(base, post_id, reason, now)
            _keep(base, kinds, records)
        case Failed():
            _failed(base, item, outcome, now)


def state_after(outcome: Outcome) -> ItemState:
    """The state of an item after an outcome; one that failed may have failed for good."""
    match outcome:
        case Done():
            return ItemState.DONE
        case NotThere():
            return ItemState.ABSENT
        case _:
            return ItemState.PENDING
