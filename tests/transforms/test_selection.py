"""Choice of comments: of repeats the best stays, then the best of each audience, whatever the order of the rows."""

import random
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.platform import REDDIT, platforms
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS
from blift.transforms.selection import Chosen, Selection, choose

_SCHEMA = pl.DataFrame(SCHEMAS["comment"].empty_table()).schema | {"media_key": pl.String()}
_WORDS = ["alpha", "bravo", "cedar", "delta", "ember", "fjord", "grape"]


def comment(
    native: str,
    text: str,
    *,
    score: int | None = None,
    rank: int | None = None,
    media: str = "m",
    youtube: bool = False,
) -> dict[str, Any]:
    platform = "youtube" if youtube else "reddit"
    row = {"comment_id": f"{platform}:{native}", "platform": platform, "native_id": native, "post_id": f"{platform}:p"}
    return row | {"text": text, "score": score, "rank": rank, "media_key": media}


def chosen(*rows: dict[str, Any], near: float | None = None, top: int | None = None) -> Chosen:
    selection = Selection(near, top)
    return choose(pl.DataFrame(list(rows), schema=_SCHEMA), dict.fromkeys(platforms(), selection))


def kept(found: Chosen) -> list[str]:
    return found.kept["native_id"].to_list()


def losses(found: Chosen) -> list[tuple[str, str, str, str]]:
    return found.rejected.select("native_id", "rule", "reason", "detail").rows()


def test_reddits_comments_stand_by_score_ties_by_id_and_unknown_scores_last() -> None:
    rows = [
        comment("d", "delta", score=None),
        comment("c", "cedar", score=1, rank=0),
        comment("b", "bravo", score=9, rank=2),
        comment("a", "alpha", score=9, rank=5),
    ]
    assert kept(chosen(*rows)) == ["a", "b", "c", "d"]


def test_youtubes_comments_stand_in_the_platforms_own_order_then_by_likes() -> None:
    rows = [
        comment("d", "delta", score=1, youtube=True),
        comment("c", "cedar", score=8, youtube=True),
        comment("b", "bravo", score=90, rank=1, youtube=True),
        comment("a", "alpha", score=2, rank=0, youtube=True),
    ]
    assert kept(chosen(*rows)) == ["a", "b", "c", "d"]


def test_of_near_duplicates_the_best_stays_and_the_others_name_it() -> None:
    rows = [
        comment("worse", "what a lovely little dog", score=1),
        comment("best", "What a lovely little dog!", score=9),
        comment("other", "completely unrelated words here", score=5),
    ]
    found = chosen(*rows, near=0.8)
    assert kept(found) == ["best", "other"]
    assert losses(found) == [("worse", "near_duplicates", "near_duplicate", "reddit:best")]


def test_repeats_on_different_media_or_of_different_audiences_stay() -> None:
    rows = [
        comment("a", "the very same words", score=1),
        comment("b", "the very same words", score=1, media="n"),
        comment("c", "the very same words", rank=0, youtube=True),
    ]
    assert sorted(kept(chosen(*rows, near=0.5))) == ["a", "b", "c"]


def test_each_audience_of_each_media_keeps_its_best_and_the_rest_know_their_place() -> None:
    rows = [
        comment(f"{media}{word}", word, score=place, media=media) for media in "mn" for place, word in enumerate(_WORDS)
    ]
    rows += [comment(f"y{word}", word, rank=place, youtube=True) for place, word in enumerate(_WORDS)]
    found = chosen(*rows, top=2)
    assert kept(found) == ["yalpha", "ybravo", "mgrape", "mfjord", "ngrape", "nfjord"]
    assert {row[1:3] for row in losses(found)} == {("top", "not_in_top")}
    places = {native: detail for native, _, _, detail in losses(found)}
    assert (places["ycedar"], places["ygrape"], places["malpha"]) == ("3", "7", "7")


def test_repeats_do_not_take_a_place_among_the_top() -> None:
    rows = [
        comment("a", "the very same words", score=9),
        comment("b", "the very same words", score=8),
        comment("c", "something else entirely", score=7),
    ]
    found = chosen(*rows, near=0.9, top=2)
    assert kept(found) == ["a", "c"]
    assert found.steps == [
        (REDDIT, "near_duplicates", 3, {Reason.NEAR_DUPLICATE: 1}),
        (REDDIT, "top", 2, {Reason.NOT_IN_TOP: 0}),
    ]


def test_each_platform_has_a_selection_of_its_own() -> None:
    rows = [comment(word, word, score=place) for place, word in enumerate(_WORDS)]
    rows += [comment(f"y{word}", word, rank=place, youtube=True) for place, word in enumerate(_WORDS)]
    selections = {"reddit": Selection(None, None), "youtube": Selection(None, 1)}
    found = choose(pl.DataFrame(rows, schema=_SCHEMA), selections)
    assert found.kept["platform"].value_counts(sort=True).rows() == [("reddit", len(_WORDS)), ("youtube", 1)]


def test_the_columns_stay_as_they_are_and_rejects_have_three_more() -> None:
    found = chosen(comment("a", "alpha", score=2), comment("b", "alpha", score=1), near=0.9, top=1)
    assert found.kept.columns == list(_SCHEMA)
    assert found.rejected.columns == [*_SCHEMA, "rule", "reason", "detail"]


def test_media_come_first_and_platforms_backwards_in_the_alphabet() -> None:
    names = ["bluesky", "vimeo", "reddit", "youtube"]
    rows = [comment(name, "alpha", score=1) | {"platform": name, "comment_id": f"{name}:1"} for name in names]
    assert kept(chosen(*rows)) == ["youtube", "vimeo", "reddit", "bluesky"]


@pytest.mark.parametrize(("near", "top"), [(None, None), (0.8, 3)])
def test_no_comments_are_no_comments(near: float | None, top: int | None) -> None:
    found = chosen(near=near, top=top)
    assert (found.kept.height, losses(found), found.steps) == (0, [], [])


_ROWS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(_WORDS), min_size=1, max_size=3).map(" ".join),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(0, 3),
        st.sampled_from("mn"),
        st.booleans(),
    ),
    max_size=14,
)


@given(_ROWS, st.sampled_from([None, 0.7]), st.sampled_from([None, 2]), st.randoms(use_true_random=False))
def test_the_choice_loses_no_row_and_does_not_depend_on_the_order_of_rows(
    drawn: list[tuple[str, int | None, int | None, str, bool]], near: float | None, top: int | None, rng: random.Random
) -> None:
    rows = [
        comment(f"{place:02}", text, score=score, rank=rank, media=media, youtube=youtube)
        for place, (text, score, rank, media, youtube) in enumerate(drawn)
    ]
    shuffled = rows.copy()
    rng.shuffle(shuffled)
    one, other = chosen(*rows, near=near, top=top), chosen(*shuffled, near=near, top=top)
    assert kept(one) == kept(other)
    assert sorted(losses(one)) == sorted(losses(other))
    assert sorted(kept(one) + [row[0] for row in losses(one)]) == [row["native_id"] for row in rows]
    if top is not None:
        assert one.kept.group_by("platform", "media_key").len()["len"].max() in {None, 1, 2}
