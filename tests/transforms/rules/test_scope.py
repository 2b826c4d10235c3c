"""Every rule of the scope: which subreddits and which days a recipe asks for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from blift.schemas.platform import REDDIT, YOUTUBE
from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.post_lists import PostList
from blift.transforms.rules.registry import RecordKind, apply_rules, checks, rules_for
from blift.transforms.rules.scope import Subreddits

_SCHEMA = pl.DataFrame(SCHEMAS["post"].empty_table()).schema
_DAY = date(2015, 2, 1)
_EVE, _MIDNIGHT = datetime(2015, 1, 31, 23, 59, 59, tzinfo=UTC), datetime(2015, 2, 1, tzinfo=UTC)


def judged(options: dict[str, Any], *rows: dict[str, Any]) -> tuple[list[bool], list[Any]]:
    """Which rows stay; and rule, reason and detail of the others, in order."""
    numbered = pl.DataFrame(list(rows), schema=_SCHEMA).with_columns(native_id=pl.int_range(pl.len()).cast(pl.String))
    verdict = apply_rules(numbered, checks(RecordKind.POST, REDDIT, options, "ingest"))
    kept = set(verdict.kept["native_id"])
    return [str(place) in kept for place in range(len(rows))], verdict.rejected.select(
        "rule", "reason", "detail"
    ).rows()


_LIST = PostList("a list", ("1abc",), (("reddit:1abc",),))

#: Rule, option, a post that stays, one that goes, its reason and its detail.
CASES: list[tuple[str, Any, dict[str, Any], dict[str, Any], str, str | None]] = [
    ("subreddits", ["r/Pics", "videos"], {"subreddit": "pics"}, {"subreddit": "aww"}, "other_subreddit", "aww"),
    ("subreddits_out", ["/r/Aww"], {"subreddit": "pics"}, {"subreddit": "aww"}, "other_subreddit", "aww"),
    ("ids", _LIST, {"post_id": "reddit:1abc"}, {"post_id": "reddit:2"}, "not_listed", None),
    ("posted_from", _DAY, {"posted_at": _MIDNIGHT}, {"posted_at": _EVE}, "before_window", "2015-01-31"),
    (
        "subreddit_posted_from",
        {"pics": _DAY},
        {"subreddit": "Pics", "posted_at": _MIDNIGHT},
        {"subreddit": "PICS", "posted_at": _EVE},
        "before_window",
        "2015-01-31",
    ),
    ("posted_before", _DAY, {"posted_at": _EVE}, {"posted_at": _MIDNIGHT}, "after_window", "2015-02-01"),
]


@pytest.mark.parametrize(("name", "option", "good", "bad", "reason", "detail"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_keeps_the_one_and_rejects_the_other_with_its_reason_and_detail(
    name: str, option: Any, good: dict[str, Any], bad: dict[str, Any], reason: str, detail: str | None
) -> None:
    assert judged({name: option}, good, bad, good) == ([True, False, True], [(name, reason, detail)])


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (["r/"], "Value error, it names no subreddit; write it such as pics or r/pics"),
        ([], "List should have at least 1 item"),
    ],
)
def test_a_list_of_subreddits_names_some(names: list[str], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Subreddits).validate_python(names)
    (error,) = caught.value.errors()
    assert error["msg"].startswith(problem)


def test_every_rule_of_the_scope_has_a_case() -> None:
    assert [case[0] for case in CASES] == [rule.name for rule in rules_for(RecordKind.POST, None, "ingest")]


@pytest.mark.parametrize(
    ("name", "option"), [pytest.param(*case[:2], id=case[0]) for case in CASES if case[0] not in ("subreddits", "ids")]
)
def test_a_post_of_unknown_time_is_in_the_window(name: str, option: Any) -> None:
    assert judged({name: option}, {"subreddit": "pics"}) == ([True], [])


def test_a_post_of_no_subreddit_is_in_none_of_those_asked_for() -> None:
    assert judged({"subreddits": ["pics"]}, {}) == ([False], [("subreddits", "other_subreddit", None)])


def test_a_day_for_one_subreddit_does_not_touch_the_others() -> None:
    early = {"subreddit": "aww", "posted_at": _EVE}
    assert judged({"subreddit_posted_from": {"pics": _DAY, "videos": date(2014, 1, 1)}}, early) == ([True], [])


def test_the_scope_of_youtube_has_no_subreddits() -> None:
    names = [rule.name for rule in rules_for(RecordKind.POST, YOUTUBE, "ingest")]
    assert names == ["ids", "posted_from", "posted_before"]


@given(
    st.lists(st.datetimes(datetime(2014, 1, 1), datetime(2016, 1, 1)), max_size=8),  # noqa: DTZ001 - Hypothesis adds it
    st.dates(date(2014, 1, 1), date(2016, 1, 1)),
    st.integers(0, 300),
)
def test_a_window_keeps_exactly_the_days_from_the_first_until_before_the_last(
    times: list[datetime], first: date, days: int
) -> None:
    last = first + timedelta(days=days)
    rows = [{"posted_at": time.replace(tzinfo=UTC)} for time in times]
    kept, _ = judged({"posted_from": first, "posted_before": last}, *rows)
    assert kept == [first <= time.date() < last for time in times]
