"""Which of two records is preferred: by rule, margins, times, and whatever the order of the rows."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.preference import Measure
from blift.transforms.preferences.options import CommentOptions, Margins, PostOptions, TitleOptions
from blift.transforms.preferences.pairs import COLUMNS, comment_pairs, post_pairs, title_pairs

_DAY = datetime(2021, 5, 17, tzinfo=UTC)
_TIME = pl.Datetime("us", "UTC")
_COMMENT = {
    **dict.fromkeys(
        ("comment_id", "post_id", "sample_id", "platform", "text", "parent_id", "distinguished"), pl.String
    ),
    **dict.fromkeys(("subreddit", "channel_id"), pl.String),
    **dict.fromkeys(("score", "post_score"), pl.Int64),
    **dict.fromkeys(("posted_at", "retrieved_at"), _TIME),
    **dict.fromkeys(("by_poster", "deleted", "removed"), pl.Boolean),
    "upvote_ratio": pl.Float64,
}
_POST = {
    **dict.fromkeys(("post_id", "sample_id", "title", "subreddit", "channel_id"), pl.String),
    **dict.fromkeys(("score", "views", "likes", "num_comments"), pl.Int64),
    **dict.fromkeys(("posted_at", "retrieved_at"), _TIME),
}
_ALL = CommentOptions(Margins(max_pairs=None), min_score=None, min_post_score=None)


def at(hours: float | None) -> datetime | None:
    return None if hours is None else _DAY + timedelta(hours=hours)


def comment(name: str, score: int | None, hours: float | None, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(_COMMENT) | {"comment_id": name, "post_id": "p", "sample_id": "s", "platform": "reddit"}
    row |= {"text": f"What {name} says", "score": score, "post_score": 10, "posted_at": at(hours)}
    return row | {"retrieved_at": at(1000), "deleted": False, "removed": False} | more


def post(name: str, number: int | None, hours: float | None, **more: Any) -> dict[str, Any]:
    row = dict.fromkeys(_POST) | {"post_id": name, "sample_id": "s", "title": f"Title of {name}", "subreddit": "pics"}
    numbers = dict.fromkeys(("score", "views", "likes", "num_comments"), number)
    return row | numbers | {"posted_at": at(hours), "retrieved_at": at(1000)} | more


def of_comments(rows: list[dict[str, Any]], options: CommentOptions = _ALL) -> list[tuple[str, str]]:
    return names(comment_pairs(pl.DataFrame(rows, schema=_COMMENT), options))


def names(found: pl.DataFrame) -> list[tuple[str, str]]:
    assert found.schema == COLUMNS
    return sorted(found.select("record_id", "record_id_other").iter_rows())


def test_the_later_comment_with_the_higher_score_is_preferred() -> None:
    assert of_comments([comment("early", 3, 0), comment("late", 5, 1)]) == [("late", "early")]
    assert of_comments([comment("early", 5, 0), comment("late", 3, 1)]) == []
    assert of_comments([comment("a", 5, 0), comment("b", 3, 0)]) == [("a", "b")]  # not earlier
    assert of_comments([comment("a", 5, 0), comment("b", 5, 1)]) == []
    assert of_comments([comment("a", -5, 0), comment("b", -3, 1)]) == [("b", "a")]


@pytest.mark.parametrize(
    "other",
    [
        {"score": None}, {"posted_at": None}, {"deleted": True}, {"removed": True}, {"parent_id": "x"},
        {"by_poster": True}, {"distinguished": "moderator"}, {"text": " "}, {"text": None}, {"text": "what LATE  says"},
        {"post_id": "q"}, {"platform": "youtube"}, {"text": "\ue000"},
    ],
    ids=str,
)  # fmt: skip
def test_these_are_not_compared(other: dict[str, Any]) -> None:
    assert of_comments([comment("late", 5, 1), comment("early", 3, 0) | other]) == []


def test_the_options_of_comments() -> None:
    rows = [comment("a", 1, 0), comment("b", 2, 1), comment("c", 4, 30)]
    assert of_comments(rows) == [("b", "a"), ("c", "a"), ("c", "b")]
    assert of_comments(rows, CommentOptions()) == [("c", "b")]  # SHP: both at least 2
    assert of_comments([row | {"post_score": 9} for row in rows], CommentOptions()) == []
    assert of_comments([row | {"post_score": None} for row in rows], CommentOptions()) == []
    apart = CommentOptions(Margins(), None, None, max_apart_hours=1)
    assert of_comments(rows, apart) == [("b", "a")]
    assert of_comments(rows, CommentOptions(Margins(), None, None, max_comments=2)) == [("c", "b")]
    replies = [row | {"parent_id": "x", "by_poster": True} for row in rows]
    assert len(of_comments(replies, CommentOptions(Margins(), None, None, top_level=False, by_poster_out=False))) == 3


def test_the_margins() -> None:
    rows = [comment("a", 0, 0), comment("b", 2, 1), comment("c", 5, 2)]

    def found(**margins: Any) -> list[tuple[str, str]]:
        return of_comments(rows, CommentOptions(Margins(**margins), None, None))

    assert found(min_ratio=2.5) == [("c", "b")]  # a ratio to 0 is none
    assert found(min_difference=3) == [("c", "a"), ("c", "b")]
    assert found(min_age_hours=999) == [("b", "a")]
    rows[2]["retrieved_at"] = at(1010)
    assert found(max_read_apart_hours=9) == [("b", "a")]
    rows[0]["retrieved_at"] = None
    assert found(max_read_apart_hours=1e6) == [("c", "b")]
    assert len(found()) == 3


def test_a_group_gives_as_many_pairs_as_are_wanted_and_more_only_adds_some() -> None:
    rows = [comment(f"c{place}", place, place) for place in range(9)]
    drawn = [set(of_comments(rows, CommentOptions(Margins(max_pairs=count), None, None))) for count in (3, 7, 100)]
    assert [len(each) for each in drawn] == [3, 7, 36]
    assert drawn[0] < drawn[1] < drawn[2]


def test_titles_of_one_media_in_one_subreddit_within_so_many_days() -> None:
    rows = [
        post("a", 5, 0), post("b", 9, 24), post("same", 7, 24, title="title OF a"), post("late", 99, 24 * 30),
        post("else", 50, 1, subreddit="videos"), post("other", 50, 1, sample_id="t"),
        post("case", 6, 1, subreddit="Pics"), post("untitled", 50, 1, title=None),
    ]  # fmt: skip

    def found(**more: Any) -> list[tuple[str, str]]:
        return names(title_pairs(pl.DataFrame(rows, schema=_POST), TitleOptions(days=2, **more)))

    both = [("b", "a"), ("b", "case"), ("b", "same"), ("case", "a"), ("same", "case")]
    assert found() == both
    assert found(later=True) == both
    rows[0]["score"] = 8
    assert ("a", "case") in found()
    assert ("a", "case") not in found(later=True)
    profiles = [row | {"subreddit": "[user]"} for row in rows]
    assert title_pairs(pl.DataFrame(profiles, schema=_POST), TitleOptions()).height == 0


def test_posts_of_one_channel_are_compared_by_the_number_that_is_asked_for() -> None:
    rows = [
        post("a", 5, 0, sample_id="s1", channel_id="UC1"), post("b", 9, 24, sample_id="s2", channel_id="UC1"),
        post("c", 7, 2, sample_id="s2", channel_id="UC1"), post("d", 50, 1, sample_id="s3", channel_id="UC2"),
        post("e", 50, 1, sample_id="s4"), post("f", 1, 1, sample_id="s5", channel_id="UC1", title=None),
    ]  # fmt: skip
    found = post_pairs(pl.DataFrame(rows, schema=_POST), PostOptions(days=2))
    assert names(found) == [("a", "f"), ("b", "a"), ("b", "f"), ("c", "a"), ("c", "f")]
    assert set(found["measure"]) == {"views"}
    rows[0]["likes"] = None
    by_likes = names(post_pairs(pl.DataFrame(rows, schema=_POST), PostOptions(measure=Measure.LIKES, days=2)))
    assert by_likes == [("b", "f"), ("c", "f")]


_posts = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2000), st.sampled_from(["UC1", "UC2"])), max_size=12)


@given(_posts, st.sampled_from([0.5, 1.0, 7.0, 30.0]), st.booleans())
def test_windows_lose_no_pair_and_make_none_twice(made: list[tuple[int, int, str]], days: float, later: bool) -> None:
    rows = [
        post(f"p{place}", number, hours, sample_id=f"s{place}", channel_id=channel)
        for place, (number, hours, channel) in enumerate(made)
    ]
    expected = [
        (one["post_id"], other["post_id"])
        for one, other in permutations(rows, 2)
        if one["channel_id"] == other["channel_id"]
        and one["views"] > other["views"]
        and abs(one["posted_at"] - other["posted_at"]) <= timedelta(days=days)
        and (not later or one["posted_at"] >= other["posted_at"])
    ]
    options = PostOptions(Margins(max_pairs=None), days=days, later=later)
    assert names(post_pairs(pl.DataFrame(rows, schema=_POST), options)) == sorted(expected)


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(random: Any) -> None:
    rows = [comment(f"c{place}", place % 7, place % 5, post_id=f"p{place % 2}") for place in range(20)]
    shuffled = random.sample(rows, len(rows))
    options = CommentOptions(Margins(max_pairs=4), None, None, max_comments=6)
    first, second = (comment_pairs(pl.DataFrame(each, schema=_COMMENT), options) for each in (rows, shuffled))
    assert first.equals(second)
