from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from blift.connectors.fetch import changes as module
from blift.connectors.fetch.changes import TRIES, ItemState
from blift.connectors.fetch.items import (
    FILE,
    Done,
    Failed,
    GoesOn,
    Item,
    NotThere,
    RawRecord,
    StoredFile,
)
from blift.connectors.fetch.state import FILE_NAME, State, Tally
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.registry import kinds
from blift.connectors.youtube.kinds import YoutubeItem
from blift.schemas.errors import InputError, OutputError
from blift.schemas.reasons import Absent

POST = Item(RedditItem.SUBMISSION, "abc")
TREE = Item(RedditItem.COMMENTS, "abc")


def record(kind: str = RedditRecord.SUBMISSION, key: str = "abc", at: float = 10.0, of: str = "abc") -> RawRecord:
    return RawRecord(kind, key, of, at, b'{"id":"%s"}' % key.encode())


def photo(address: str, sha256: str = "aa") -> StoredFile:
    return StoredFile(address, sha256, f"files/aa/{sha256}.jpg", 3, "image/jpeg")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path), kinds())


def states(state: State) -> dict[tuple[str, ItemState], int]:
    return {(tally.kind, tally.state): tally.items for tally in state.tallies()}


def test_an_item_is_added_once(state: State) -> None:
    assert state.add([POST, TREE, POST]) == 2
    assert state.add([POST]) == 0


def test_items_are_claimed_in_the_order_of_arrival_and_by_one_worker(state: State) -> None:
    state.add([Item(FILE, name) for name in "zyx"])
    assert [item.key for item in state.claim([FILE], 2, worker=1)] == ["z", "y"]
    assert [item.key for item in state.claim([FILE], 2, worker=2)] == ["x"]
    assert state.claim([FILE], 2, worker=3) == []


def test_two_workers_of_one_file_never_hold_one_item(tmp_path: Path) -> None:
    first, second = State(str(tmp_path), kinds()), State(str(tmp_path), kinds())
    first.add([Item(FILE, str(number)) for number in range(100)])
    held = [(first if turn % 2 else second).claim([FILE], 7, worker=turn) for turn in range(20)]
    keys = [item.key for items in held for item in items]
    assert sorted(keys) == sorted(set(keys))
    assert len(keys) == 100


def test_what_a_dead_worker_held_is_anybodys_again(state: State) -> None:
    state.add([POST, TREE])
    state.claim([RedditItem.SUBMISSION], 1, worker=1)
    state.claim([RedditItem.COMMENTS], 1, worker=2)
    state.release(1)
    assert state.claim([RedditItem.SUBMISSION, RedditItem.COMMENTS], 9, worker=3) == [POST]
    state.release()
    assert state.claim([RedditItem.COMMENTS], 9, worker=3) == [TREE]


def test_an_outcome_brings_its_records_and_what_it_led_to(state: State) -> None:
    state.add([POST])
    state.claim([RedditItem.SUBMISSION], 1, 1)
    state.take_in([(POST, Done([record()], [], [TREE]))], [("reddit:abc", "https://i/1")], [Item(FILE, "https://i/1")])
    assert list(state.records(RedditRecord.SUBMISSION)) == [("reddit:abc", record())]
    assert states(state) == {
        (RedditItem.SUBMISSION, ItemState.DONE): 1,
        (RedditItem.COMMENTS, ItemState.PENDING): 1,
        (FILE, ItemState.PENDING): 1,
    }


def test_an_outcome_that_cannot_be_written_whole_leaves_nothing(state: State) -> None:
    state.add([POST])
    broken = Done([record(), RawRecord(RedditRecord.COMMENT, "c", "abc", "never", b"")._replace(retrieved_at=None)])  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        state.take_in([(POST, broken)])
    assert list(state.records(RedditRecord.SUBMISSION)) == []
    assert states(state) == {(RedditItem.SUBMISSION, ItemState.PENDING): 1}


def test_a_listing_goes_on_where_it_was(state: State) -> None:
    listing = Item(RedditItem.LISTING, "pics/new")
    state.add([listing])
    state.claim([RedditItem.LISTING], 1, 1)
    state.take_in([(listing, GoesOn('{"after":"t3_x"}', [record()]))])
    assert state.claim([RedditItem.LISTING], 1, 1) == [Item(RedditItem.LISTING, "pics/new", '{"after":"t3_x"}')]


def test_a_failure_is_tried_again_later_and_counts_as_failed_in_the_end(state: State) -> None:
    state.add([POST])
    for attempt in range(TRIES):
        assert state.tallies() == [Tally(RedditItem.SUBMISSION, ItemState.PENDING, None, 1)], attempt
        state.take_in([(POST, Failed("HTTP 500", wait_s=0.0))])
    assert states(state) == {(RedditItem.SUBMISSION, ItemState.FAILED): 1}
    assert state.failures(9) == [(RedditItem.SUBMISSION, "abc", "HTTP 500")]
    assert state.retry_failed() == 1
    assert state.claim([RedditItem.SUBMISSION], 1, 1) == [POST]


def test_a_busy_server_is_no_failure_of_the_item(state: State) -> None:
    state.add([POST])
    for _ in range(3 * TRIES):
        state.take_in([(POST, Failed("HTTP 429", wait_s=0.0, counts=False))])
    assert states(state) == {(RedditItem.SUBMISSION, ItemState.PENDING): 1}


def test_an_item_that_failed_waits_as_long_as_the_server_says(state: State) -> None:
    state.add([POST])
    state.take_in([(POST, Failed("HTTP 503", wait_s=600.0))])
    assert state.claim([RedditItem.SUBMISSION], 1, 1) == []
    due = state.due_in_s([RedditItem.SUBMISSION])
    assert due is not None
    assert 590 < due <= 600


def test_attempts_wait_longer_each_time(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.random, "uniform", lambda _low, high: high)
    state.add([POST])
    waits = []
    for _ in range(TRIES - 1):
        state.take_in([(POST, Failed("HTTP 500"))])
        waits.append(round(state.due_in_s([RedditItem.SUBMISSION]) or 0))
    assert waits == [2, 4, 8, 16]


def test_absence_has_its_reason(state: State) -> None:
    state.add([POST])
    state.take_in([(POST, NotThere(Absent.QUARANTINED, "r/x is quarantined"))])
    assert state.tallies() == [Tally(RedditItem.SUBMISSION, ItemState.ABSENT, Absent.QUARANTINED, 1)]
    assert state.withdrawn() == []


def test_a_post_that_was_taken_back_is_marked_and_what_it_said_is_gone(state: State) -> None:
    state.add([POST])
    state.take_in([(POST, Done([record(), record(RedditRecord.COMMENT, "c1")]))])
    tomb = record(at=20.0)
    state.take_in([(POST, NotThere(Absent.DELETED, "", [tomb]))])
    assert [(post, reason) for post, reason, _ in state.withdrawn()] == [("reddit:abc", "deleted")]
    assert list(state.records(RedditRecord.SUBMISSION)) == [("reddit:abc", tomb)]
    assert list(state.records(RedditRecord.COMMENT)) == []


def test_the_thread_of_a_post_that_was_taken_back_is_not_kept_and_lifts_no_mark(state: State) -> None:
    state.add([POST, TREE])
    state.take_in([(POST, NotThere(Absent.DELETED)), (TREE, Done([record(RedditRecord.COMMENT, "c1")]))])
    assert [post for post, _, _ in state.withdrawn()] == ["reddit:abc"]
    assert list(state.records(RedditRecord.COMMENT)) == []


def test_a_post_that_came_back_is_no_longer_marked(state: State) -> None:
    state.add([POST])
    state.take_in([(POST, NotThere(Absent.REMOVED))])
    state.take_in([(POST, Done([record()]))])
    assert state.withdrawn() == []


@pytest.mark.parametrize(
    "kind", [RedditItem.LISTING, RedditItem.COMMENTS, YoutubeItem.VIDEO, YoutubeItem.PLAYLIST, YoutubeItem.CHANNELS]
)
def test_a_refresh_begins_at_the_beginning(state: State, kind: str) -> None:
    item = Item(kind, "key")
    state.add([item])
    state.take_in([(item, GoesOn('{"page": 2}'))])
    state.take_in([(item, Done())])
    assert state.refresh(time.time() + 60) == 1
    assert state.claim([kind], 9, 1) == [item]


def test_a_refresh_asks_again_for_what_is_old_and_keeps_earlier_observations(state: State) -> None:
    state.add([TREE, Item(FILE, "https://i/1")])
    state.take_in([(TREE, Done([record(at=10.0)])), (Item(FILE, "https://i/1"), Done())])
    assert state.refresh(time.time() - 60) == 1  # the post of the record, which was read in 1970
    assert state.refresh(time.time() + 60) == 1  # the tree; a file does not change
    assert sorted(
        item.kind for item in state.claim([RedditItem.SUBMISSION], 9, 1) + state.claim([RedditItem.COMMENTS], 9, 1)
    ) == [
        RedditItem.COMMENTS,
        RedditItem.SUBMISSION,
    ]
    state.take_in([(POST, Done([record(at=30.0)]))])
    assert [found.retrieved_at for _, found in state.records(RedditRecord.SUBMISSION)] == [10.0, 30.0]


def test_files_that_only_withdrawn_posts_show_are_dropped(state: State) -> None:
    items = [Item(RedditItem.SUBMISSION, key) for key in ("one", "two")]
    files = [Item(FILE, f"https://i/{key}") for key in ("own", "shared", "same")]
    state.add(items)
    state.take_in(
        [(file, Done(files=[photo(file.key, digest)])) for file, digest in zip(files, ("a1", "a2", "a3"), strict=True)],
        [("reddit:one", "https://i/own"), ("reddit:one", "https://i/shared"), ("reddit:two", "https://i/shared"),
         ("reddit:one", "https://i/same")],
        files,
    )  # fmt: skip
    copy = Item(FILE, "https://i/copy")
    state.take_in([(copy, Done(files=[photo(copy.key, "a3")]))], [("reddit:two", copy.key)], [copy])
    state.take_in([(items[0], NotThere(Absent.DELETED))])
    assert state.drop_unshown() == ["files/aa/a1.jpg"]
    assert [file.address for file in state.files()] == ["https://i/copy", "https://i/shared"]


def test_a_file_of_another_program_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, and long enough to be looked at" * 20)
    with pytest.raises(InputError, match="damaged or none of blift's"):
        State(str(tmp_path), kinds())


def test_a_later_format_is_told(tmp_path: Path) -> None:
    State(str(tmp_path), kinds()).close()
    with sqlite3.connect(tmp_path / FILE_NAME) as base:
        base.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="has format 99, and this blift reads 1"):
        State(str(tmp_path), kinds())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"Cannot make .*file/within"):
        State(str(tmp_path / "file" / "within"), kinds())
