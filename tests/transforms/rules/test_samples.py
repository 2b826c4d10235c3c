"""Every rule for samples: what it keeps, what it rejects, with which reason and detail; null breaks none."""

from typing import Any

import polars as pl
import pytest

from blift.schemas.registry import SCHEMAS
from blift.transforms.rules.registry import RecordKind, apply_rules, checks, rules_for

_SCHEMA = pl.DataFrame(SCHEMAS["sample"].empty_table()).schema | {"has_video_record": pl.Boolean()}
_SAID = {"comment_id": "reddit:c", "platform": "reddit", "text": "words", "score": 1}
_VIDEO = {"media_kind": "video", "media_key": "youtube:dQw4w9WgXcQ"}

#: Rule, option, a sample that stays, one that goes, its reason and its detail.
CASES: list[tuple[str, Any, dict[str, Any], dict[str, Any], str, str | None]] = [
    ("min_comments", 2, {"comments": [_SAID, _SAID]}, {"comments": [_SAID]}, "few_comments", "1"),
    ("max_duration_s", 500.0, {"duration_s": 500.0}, {"duration_s": 500.5}, "too_long", "500.5"),
    (
        "video_record",
        True,
        _VIDEO | {"has_video_record": True},
        _VIDEO | {"has_video_record": False},
        "unavailable",
        None,
    ),
]


def judged(name: str, option: Any, *rows: dict[str, Any]) -> tuple[list[bool], list[Any]]:
    """Which rows stay; and rule, reason and detail of the others, in order."""
    numbered = pl.DataFrame(list(rows), schema=_SCHEMA).with_columns(sample_id=pl.int_range(pl.len()).cast(pl.String))
    verdict = apply_rules(numbered, checks(RecordKind.SAMPLE, None, {name: option}))
    kept = set(verdict.kept["sample_id"])
    return [str(place) in kept for place in range(len(rows))], verdict.rejected.select(
        "rule", "reason", "detail"
    ).rows()


@pytest.mark.parametrize(("name", "option", "good", "bad", "reason", "detail"), CASES, ids=[case[0] for case in CASES])
def test_each_rule_keeps_the_one_and_rejects_the_other_with_its_reason_and_detail(
    name: str, option: Any, good: dict[str, Any], bad: dict[str, Any], reason: str, detail: str | None
) -> None:
    assert judged(name, option, good, bad, good) == ([True, False, True], [(name, reason, detail)])


def test_every_rule_for_samples_has_a_case() -> None:
    assert [case[0] for case in CASES] == [rule.name for rule in rules_for(RecordKind.SAMPLE, None)]


@pytest.mark.parametrize(("name", "option"), [pytest.param(*case[:2], id=case[0]) for case in CASES])
def test_what_is_unknown_of_a_sample_breaks_no_rule(name: str, option: Any) -> None:
    assert judged(name, option, {}) == ([True], [])


def test_a_sample_without_comments_has_too_few() -> None:
    assert judged("min_comments", 1, {"comments": []}) == ([False], [("min_comments", "few_comments", "0")])


def test_only_videos_on_youtube_need_a_record_of_their_own() -> None:
    elsewhere = {"media_kind": "video", "media_key": "reddit-video:abc", "has_video_record": False}
    image = {"media_kind": "image", "media_key": "reddit-image:abc", "has_video_record": False}
    assert judged("video_record", True, elsewhere, image) == ([True, True], [])
