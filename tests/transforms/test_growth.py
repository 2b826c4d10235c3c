"""Growth curves: every observation of a post, by its age, with the values that its sources have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.growth import with_curves, with_growth
from blift.transforms.observations import latest_posts
from blift.transforms.tables import frame, rows_of

_POSTED = datetime(2024, 5, 1, 12, tzinfo=UTC)
_VALUES = ("score", "upvote_ratio", "likes", "views", "num_comments")


def observed(*ages: float | None, native: str = "a") -> pl.DataFrame:
    """A post that was observed at these ages, days: its likes are ten for each."""
    rows = [
        {
            "post_id": f"youtube:{native}",
            "platform": "youtube",
            "native_id": native,
            "deleted": False,
            "removed": False,
            "live": False,
            "posted_at": _POSTED,
            "retrieved_at": None if age is None else _POSTED + timedelta(days=age),
            "likes": None if age is None else round(10 * age),
            "views": 7,
        }
        for age in ages
    ]
    columns = pl.DataFrame(SCHEMAS["post"].empty_table()).schema
    lists = {name: [] for name, kind in columns.items() if isinstance(kind, pl.List)}
    table = rows_of(pl.DataFrame([lists | row for row in rows], schema=columns), "post")
    return frame(latest_posts(table))


def curve(*ages: float | None) -> list[dict[str, Any]]:
    (found,) = with_growth(observed(*ages))["growth"].to_list()
    return found


def test_a_curve_has_every_observation_by_age() -> None:
    found = curve(30, 1, 2)
    assert [(point["age_days"], point["likes"], point["views"]) for point in found] == [
        (1, 10, 7),
        (2, 20, 7),
        (30, 300, 7),
    ]
    assert {point["post_id"] for point in found} == {"youtube:a"}
    assert found[0].keys() == {"post_id", "age_days", *_VALUES}


def test_one_observation_is_no_curve_nor_are_those_without_an_age() -> None:
    assert curve(3) == curve(3, None) == curve(3, -1) == []
    assert [point["age_days"] for point in curve(3, -1, 4)] == [3, 4]


def test_a_sample_has_the_curves_of_its_posts_by_id() -> None:
    both = pl.concat([observed(1, 2, native="b"), observed(3, 4, native="a"), observed(5, 6, native="c")])
    posts = with_growth(both).with_columns(media_key=pl.lit("m"), judged=pl.col("native_id") != "c")
    samples = with_curves(pl.DataFrame({"media_key": ["m", "n"]}), posts)
    of_m, of_n = samples["growth"].to_list()
    assert [(point["post_id"], point["age_days"]) for point in of_m] == [
        ("youtube:a", 3), ("youtube:a", 4), ("youtube:b", 1), ("youtube:b", 2),
    ]  # fmt: skip
    assert of_n == []


@given(st.lists(st.integers(0, 40), min_size=2, max_size=6, unique=True))
def test_values_are_equal_to_those_of_the_observations(ages: list[int]) -> None:
    assert [(point["age_days"], point["likes"]) for point in curve(*ages)] == [(age, 10 * age) for age in sorted(ages)]
