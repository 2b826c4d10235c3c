"""The list of rules, and how it is applied: the first broken rule rejects, in order, and no row is lost."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.errors import RecipeError
from blift.schemas.platform import REDDIT, YOUTUBE, Platform
from blift.schemas.reasons import Reason
from blift.transforms.rules import Check, RecordKind, Rule, apply_rules, rules_for
from blift.transforms.rules.registry import all_rules, checks, rule


def a_rule(name: str, reason: Reason = Reason.DELETED) -> Rule:
    """A rule that is in no list."""
    return Rule(name, RecordKind.POST, "curate", None, reason, bool, "", lambda: Check(pl.lit(value=False)))


def above(limit: int) -> Check:
    return Check(pl.col("number") > limit, pl.col("number"))


def test_the_first_rule_that_a_row_breaks_rejects_it() -> None:
    rules = [(a_rule("twenty"), above(20)), (a_rule("ten", Reason.REMOVED), above(10))]
    verdict = apply_rules(pl.DataFrame({"number": [5, 15, 25]}), rules)
    assert verdict.kept["number"].to_list() == [5]
    assert verdict.rejected.rows() == [(25, "twenty", "deleted", "25"), (15, "ten", "removed", "15")]
    assert [(rule.name, rows_in, lost) for rule, rows_in, lost in verdict.steps] == [("twenty", 3, 1), ("ten", 2, 1)]


def test_null_is_not_broken() -> None:
    verdict = apply_rules(pl.DataFrame({"number": [None, 15]}), [(a_rule("ten"), above(10))])
    assert verdict.kept["number"].to_list() == [None]
    nothing = Check(pl.lit(None))
    assert apply_rules(pl.DataFrame({"number": [15]}), [(a_rule("none"), nothing)]).kept.height == 1


def test_what_a_rule_judges_and_why_are_told_by_position_and_the_rest_by_name() -> None:
    assert callable(rule(record="post", reason="mine"))
    positional: Any = rule
    with pytest.raises(TypeError):
        positional("post", "mine", "subreddit")


def test_a_reason_that_is_none_is_told_with_what_it_may_be() -> None:
    with pytest.raises(RecipeError) as caught:
        rule("post", "Mine!")(lambda: above(1))
    assert str(caught.value).endswith("a reason is 2 to 40 characters of a-z, 0-9 and `_`, such as `few_words`.")


def test_without_rules_everything_stays_and_rejected_has_the_columns_of_a_verdict() -> None:
    verdict = apply_rules(pl.DataFrame({"number": [1]}), [])
    assert (verdict.kept.height, verdict.steps) == (1, [])
    assert verdict.rejected.schema == {"number": pl.Int64(), **dict.fromkeys(("rule", "reason", "detail"), pl.String())}
    assert verdict.rejected.is_empty()


def test_columns_are_derived_only_for_the_rows_that_earlier_rules_left() -> None:
    seen: list[list[int]] = []

    def doubled(rows: pl.DataFrame) -> pl.DataFrame:
        seen.append(rows["number"].to_list())
        return rows.with_columns(double=pl.col("number") * 2)

    rules = [(a_rule("ten"), above(10)), (a_rule("eight"), Check(pl.col("double") > 8, pl.col("double"), doubled))]
    verdict = apply_rules(pl.DataFrame({"number": [1, 5, 99]}), rules)
    assert seen == [[1, 5]]
    assert verdict.kept.rows() == [(1, 2)]
    assert verdict.rejected.rows() == [(99, "ten", "deleted", "99", None), (5, "eight", "deleted", "10", 10)]


@given(st.lists(st.none() | st.integers(0, 9), max_size=20), st.lists(st.integers(0, 9), max_size=4))
def test_every_row_is_kept_in_its_order_or_rejected_once(numbers: list[int | None], limits: list[int]) -> None:
    data = pl.DataFrame({"row": range(len(numbers)), "number": numbers}, schema={"row": pl.Int64, "number": pl.Int64})
    rules = [(a_rule(f"rule {place}"), above(limit)) for place, limit in enumerate(limits)]
    verdict = apply_rules(data, rules)
    assert verdict.kept["row"].is_sorted()
    assert sorted([*verdict.kept["row"], *verdict.rejected["row"]]) == list(range(len(numbers)))
    rows_left = len(numbers)
    for _, rows_in, lost in verdict.steps:
        assert rows_in == rows_left
        rows_left -= lost
    assert (rows_left, len(verdict.steps)) == (verdict.kept.height, len(limits))
    broken = {row: [limit for limit in limits if number is not None and number > limit] for row, number in data.rows()}
    assert {row for row, found in broken.items() if found} == set(verdict.rejected["row"])
    for row in verdict.rejected.rows(named=True):
        assert limits[int(row["rule"].removeprefix("rule "))] == broken[row["row"]][0]


def names(record: RecordKind, platform: Platform | None, stage: str = "curate") -> list[str]:
    return [rule.name for rule in rules_for(record, platform, stage)]


def test_rules_run_in_the_order_in_which_they_are_written() -> None:
    assert names(RecordKind.POST, REDDIT) == [
        *("deleted", "removed", "deleted_accounts", "unindexed", "promoted", "stickied", "min_age_hours", "nsfw"),
        *(
            "known_bots",
            "bot_names",
            "media_kinds",
            "image_hosts",
            "video_hosts",
            "topic_words_out",
            "nsfw_words",
            "languages",
            "words",
            "words_out",
            "pattern",
            "pattern_out",
            "min_score",
            "max_score",
            "min_upvote_ratio",
            "min_num_comments",
        ),
    ]
    assert names(RecordKind.POST, YOUTUBE) == [
        *(
            "deleted",
            "removed",
            "min_age_hours",
            "nsfw",
            "media_kinds",
            "channels",
            "live",
            "availabilities",
            "comments_disabled",
        ),
        *("views_above", "categories_out", "topic_words_out", "nsfw_words", "languages"),
        *("words", "words_out", "pattern", "pattern_out", "max_views", "min_likes", "min_num_comments"),
        *("categories", "channels_out"),
    ]
    assert names(RecordKind.COMMENT, YOUTUBE) == [
        *("deleted", "removed", "stickied", "min_words", "max_words", "self_declared_bots", "nsfw_words"),
        *("min_score", "min_age_hours", "top_level", "max_depth", "by_poster_out"),
    ]
    assert names(RecordKind.SAMPLE, None) == ["min_comments", "max_duration_s", "video_record"]


def test_the_order_of_options_changes_nothing() -> None:
    options: dict[str, Any] = {"max_words": 9, "min_words": 2, "deleted": True}
    found = checks(RecordKind.COMMENT, REDDIT, options)
    assert [rule.name for rule, _ in found] == ["deleted", "min_words", "max_words"]


@pytest.mark.parametrize("off", [None, False])
def test_a_knob_that_is_null_or_false_turns_its_rule_off(off: bool | None) -> None:
    assert checks(RecordKind.COMMENT, REDDIT, {"deleted": off, "min_words": None}) == []


def test_a_limit_of_zero_is_on() -> None:
    ((rule, _),) = checks(RecordKind.POST, YOUTUBE, {"views_above": 0})
    assert rule.name == "views_above"


def test_a_rule_without_a_parameter_has_a_switch_and_others_the_type_of_their_parameter() -> None:
    options = {(rule.record, rule.stage, rule.name): rule.option for rule in all_rules()}
    assert options[(RecordKind.POST, "curate", "deleted")] is bool
    assert options[(RecordKind.POST, "curate", "min_score")] is int
    assert options[(RecordKind.POST, "ingest", "posted_from")] is date


def test_each_rule_has_a_paragraph_for_the_documentation_and_a_name_of_its_own() -> None:
    assert all(rule.doc.endswith(".") for rule in all_rules())
    entries = [(rule.record, rule.stage, rule.name) for rule in all_rules()]
    assert len(entries) == len(set(entries))


def test_options_are_taken_as_a_recipe_has_them() -> None:
    ((_, check),) = checks(RecordKind.POST, REDDIT, {"media_kinds": ["image"]})
    rows = pl.DataFrame({"media_kind": ["image", "video"], "media_key": ["a", "b"]})
    assert apply_rules(rows, [(a_rule("kinds"), check)]).kept["media_key"].to_list() == ["a"]
    (nsfw,) = checks(RecordKind.COMMENT, REDDIT, {"nsfw_words": "builtin"})
    assert nsfw[0].name == "nsfw_words"
    with pytest.raises(RecipeError, match=r"The option of the rule `min_words` is 'few': it must be a whole number"):
        checks(RecordKind.COMMENT, REDDIT, {"min_words": "few"})
    with pytest.raises(RecipeError, match=r"The option of the rule `image_hosts` is \['', 3\]: it is empty; write"):
        checks(RecordKind.POST, REDDIT, {"image_hosts": ["", 3]})
    with pytest.raises(RecipeError, match=r"The option of the rule `media_kinds` is \['picture'\]: it must be 'image'"):
        checks(RecordKind.POST, REDDIT, {"media_kinds": ["picture"]})
