"""What rules see of one row, up to the first that it breaks."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from blift.schemas.platform import platforms
from blift.transforms.rules.registry import RecordKind, checks
from blift.transforms.rules.trace import trace

_ROW = {
    "deleted": False, "removed": False, "bot": None, "text": "two words", "score": None, "depth": 3,
    "posted_at": datetime(2021, 1, 1, tzinfo=UTC), "retrieved_at": datetime(2021, 1, 2, 12, tzinfo=UTC),
}  # fmt: skip


def seen(**options: Any) -> list[tuple[str, bool, str | None]]:
    rules = checks(RecordKind.COMMENT, platforms()["reddit"], options)
    return [(found.rule.name, found.broken, found.value) for found in trace(pl.DataFrame([_ROW]), rules)]


def test_values_are_those_that_decide() -> None:
    assert seen(deleted=True, known_bots=True, min_words=1, min_score=1, min_age_hours=2) == [
        ("deleted", False, "false"),
        ("known_bots", False, "null"),
        ("min_words", False, "2"),
        ("min_score", False, "null"),
        ("min_age_hours", False, "36.0"),
    ]


def test_nothing_is_seen_behind_the_rule_that_is_broken() -> None:
    assert seen(min_words=3, max_words=9, max_depth=0) == [("min_words", True, "2")]


def test_a_rule_that_reads_columns_that_are_not_there_is_passed_over() -> None:
    assert seen(stickied=True, max_depth=0) == [("stickied", False, None), ("max_depth", True, "3")]
