"""Every rule for comments: what it keeps, what it rejects, with which reason and detail; null breaks none."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from blift.schemas.platform import REDDIT, YOUTUBE, Platform
from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.options import Words
from blift.transforms.rules.registry import RecordKind, apply_rules, checks, rules_for
from blift.transforms.vocabulary import Vocabulary

_SCHEMA = pl.DataFrame(SCHEMAS["comment"].empty_table()).schema

_WRITTEN = datetime(2021, 1, 1, tzinfo=UTC)
_RUDE = Words("a list", Vocabulary.of(["rude", "very bad"]))

#: Rule, option, a comment that stays, one that goes, its reason and its detail.
CASES: list[tuple[str, Any, dict[str, Any], dict[str, Any], str, str | None]] = [
    ("deleted", True, {"deleted": False}, {"deleted": True}, "deleted", None),
    ("removed", True, {"removed": False}, {"removed": True}, "removed", None),
    ("deleted_accounts", True, {"author_deleted": False}, {"author_deleted": True}, "account_deleted", None),
    ("stickied", True, {"stickied": False}, {"stickied": True}, "stickied", None),
    ("distinguished", True, {"distinguished": None}, {"distinguished": "moderator"}, "distinguished", None),
    ("known_bots", True, {"bot": "bot_name"}, {"bot": "known_bot"}, "known_bot", None),
    ("bot_names", True, {"bot": "known_bot"}, {"bot": "bot_name"}, "bot_name", None),
    ("min_words", 3, {"text": "one two three"}, {"text": " one\n two "}, "few_words", "2"),
    ("max_words", 3, {"text": "one  two\tthree"}, {"text": "one two three four"}, "many_words", "4"),
    (
        "self_declared_bots",
        True,
        {"text": "The bot said so, and I agree."},
        {"text": "I am a bot, and this action was performed automatically."},
        "says_bot",
        None,
    ),
    ("nsfw_words", _RUDE, {"text": "a crude plan"}, {"text": "That is Very  Bad."}, "nsfw_word", "very bad"),
    ("min_score", 0, {"score": 0}, {"score": -17}, "out_of_range", "-17"),
    (
        "min_age_hours",
        1.0,
        {"posted_at": _WRITTEN, "retrieved_at": _WRITTEN + timedelta(hours=1)},
        {"posted_at": _WRITTEN, "retrieved_at": _WRITTEN + timedelta(minutes=30)},
        "too_fresh",
        "0.5",
    ),
    ("top_level", True, {"parent_id": None}, {"parent_id": "reddit:x"}, "out_of_range", "reddit:x"),
    ("max_depth", 1, {"depth": 1}, {"depth": 2}, "out_of_range", "2"),
    ("by_poster_out", True, {"by_poster": False}, {"by_poster": True}, "out_of_range", None),
]


def judged(platform: Platform, name: str, option: Any, *rows: dict[str, Any]) -> tuple[list[bool], list[Any]]:
    """Which rows stay; and rule, reason and detail of the others, in order."""
    numbered = pl.DataFrame(list(rows), schema=_SCHEMA).with_columns(native_id=pl.int_range(pl.len()).cast(pl.String))
    verdict = apply_rules(numbered, checks(RecordKind.COMMENT, platform, {name: option}))
    kept = set(verdict.kept["native_id"])
    return [str(place) in kept for place in range(len(rows))], verdict.rejected.select(
        "rule", "reason", "detail"
    ).rows()


@pytest.mark.parametrize(("name", "option", "good", "bad", "reason", "detail"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_keeps_the_one_and_rejects_the_other_with_its_reason_and_detail(
    name: str, option: Any, good: dict[str, Any], bad: dict[str, Any], reason: str, detail: str | None
) -> None:
    found = judged(REDDIT, name, option, good, bad, good)
    assert found == ([True, False, True], [(name, reason, detail)])


def test_every_rule_for_comments_has_a_case() -> None:
    assert [case[0] for case in CASES] == [rule.name for rule in rules_for(RecordKind.COMMENT, None)]


@pytest.mark.parametrize(
    ("name", "option"), [pytest.param(*case[:2], id=case[0]) for case in CASES if case[0] != "min_words"]
)
def test_what_is_unknown_of_a_comment_breaks_no_rule(name: str, option: Any) -> None:
    assert judged(REDDIT, name, option, {}) == ([True], [])


def test_a_comment_without_text_has_no_words() -> None:
    assert judged(REDDIT, "min_words", 1, {}, {"text": " \n"}) == (
        [False, False],
        [("min_words", "few_words", "0")] * 2,
    )


def test_rules_about_accounts_are_not_for_youtube_whose_names_anyone_may_choose() -> None:
    names = {rule.name for rule in rules_for(RecordKind.COMMENT, YOUTUBE)}
    assert names.isdisjoint({"known_bots", "bot_names"})
    assert {"min_words", "self_declared_bots"} <= names
    assert judged(YOUTUBE, "known_bots", True, {"bot": "known_bot"}) == ([True], [])
