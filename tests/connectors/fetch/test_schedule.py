"""Posts are observed again when they have passed an age of the schedule; the clock is passed in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.items import Done, Item, NotThere, RawRecord
from blift.connectors.fetch.schedule import is_due, posted_at
from blift.connectors.fetch.state import State
from blift.connectors.reddit.kinds import RedditItem, RedditRecord
from blift.connectors.registry import kinds
from blift.connectors.youtube.kinds import YoutubeItem, YoutubeRecord
from blift.schemas.reasons import Absent

_DAY = 86_400.0
_POSTED = 1_714_521_600.0
_AGES = (1, 2, 7, 30)
_VIDEO = Item(YoutubeItem.VIDEO, "aaaaaaaaaaa")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(str(tmp_path), kinds())


def read(age_days: float, item: Item = _VIDEO, **fields: Any) -> Done:
    """What came of asking for a video at an age."""
    data = json.dumps({"id": item.key, "timestamp": _POSTED} | fields).encode()
    return Done([RawRecord(YoutubeRecord.VIDEO, item.key, item.key, _POSTED + age_days * _DAY, data)])


def take(state: State, item: Item, outcome: Any) -> None:
    (claimed,) = state.claim([item.kind], 1, worker=1)
    assert claimed.key == item.key
    state.take_in([(claimed, outcome)])


def pending(state: State) -> int:
    return state.counts()[ItemState.PENDING]


def test_a_post_is_asked_for_at_each_age_once(state: State) -> None:
    state.add([_VIDEO])
    take(state, _VIDEO, read(0.25))
    asked = []
    for day in range(40):
        due = state.schedule(_AGES, _POSTED + (day + 0.5) * _DAY)
        assert due == pending(state)
        if due:
            asked.append(day)
            take(state, _VIDEO, read(day + 0.5))
    assert asked == [1, 2, 7, 30]


def test_ages_that_nobody_looked_at_are_made_up_for_once(state: State) -> None:
    state.add([_VIDEO])
    take(state, _VIDEO, read(0.25))
    assert state.schedule(_AGES, _POSTED + 5 * _DAY) == 1
    take(state, _VIDEO, read(5))
    assert state.schedule(_AGES, _POSTED + 5 * _DAY) == 0


def test_a_thread_is_asked_for_with_its_post(state: State) -> None:
    post, thread = Item(RedditItem.SUBMISSION, "abc"), Item(RedditItem.COMMENTS, "abc")
    state.add([thread])
    data = json.dumps({"id": "abc", "created_utc": _POSTED}).encode()
    record = RawRecord(RedditRecord.SUBMISSION, "abc", "abc", _POSTED + 60, data)
    take(state, thread, Done([record]))
    assert state.schedule(_AGES, _POSTED + _DAY) == 2  # the post came with a listing, and becomes an item
    assert [state.claim([item.kind], 9, worker=1) for item in (post, thread)] == [[post], [thread]]


def test_what_is_gone_or_has_no_time_is_not_asked_for_again(state: State) -> None:
    state.add([_VIDEO])
    take(state, _VIDEO, read(0.25, timestamp=None))
    assert state.schedule(_AGES, _POSTED + 90 * _DAY) == 0
    other = Item(YoutubeItem.VIDEO, "bbbbbbbbbbb")
    state.add([other])
    take(state, other, NotThere(Absent.DELETED))
    assert state.schedule(_AGES, _POSTED + 90 * _DAY) == 0


@pytest.mark.parametrize(
    ("kind", "record", "expected"),
    [
        (RedditRecord.SUBMISSION, {"created_utc": 1714521600}, _POSTED),
        (RedditRecord.SUBMISSION, {"created_utc": True}, None),
        (YoutubeRecord.VIDEO, {"timestamp": None, "upload_date": "20240501"}, _POSTED),
        (YoutubeRecord.VIDEO, {"upload_date": "never"}, None),
        (YoutubeRecord.VIDEO, {}, None),
    ],
)
def test_a_record_says_when_its_post_was_posted(kind: str, record: Any, expected: float | None) -> None:
    assert posted_at(kinds().record(kind), json.dumps(record).encode()) == expected
    assert posted_at(kinds().record(kind), b"{") is None


@given(st.floats(0, 100), st.floats(0, 100), st.lists(st.floats(0.1, 90), min_size=1, max_size=5))
def test_a_post_is_due_if_an_age_lies_between_its_last_reading_and_now(
    read_d: float, now_d: float, ages: list[float]
) -> None:
    due = is_due(0.0, read_d * _DAY, ages, now_d * _DAY)
    assert due == bool([age for age in ages if read_d * _DAY < age * _DAY <= now_d * _DAY])
