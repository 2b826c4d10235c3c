"""What templates see of reactions and of growth."""

from __future__ import annotations

from typing import Any

from blift.transforms.templates.moments import growth_of, moments_of


def point(age_days: float, post_id: str = "a", **values: int) -> dict[str, Any]:
    return {"post_id": post_id, "age_days": age_days, "score": None, "likes": None, "views": None} | values


def test_moments_are_those_with_most_reactions_of_all_sources_apart() -> None:
    counts = [
        ("comment", 151, 2),
        ("comment", 10, 1),
        ("live_chat", 10, 4),
        ("live_chat", 152, 2),
        ("danmaku", 3723, 3),
    ]
    rows = [{"source": source, "second": second, "count": count} for source, second, count in counts]
    assert [(each["time"], each["reactions"]) for each in moments_of(rows)] == [
        ("0:10", 5),
        ("1:02:03", 3),
        ("2:31", 2),
    ]
    assert moments_of([]) == []


def test_growth_asks_for_a_month_by_the_first_days() -> None:
    points = [
        point(0.2, likes=1),
        point(1.1, likes=10),
        point(1.4, likes=11),
        point(2.9, likes=20),
        point(31, likes=90),
    ]
    assert growth_of(points, "a") == {
        "measure": "likes",
        "early": [{"days": 1, "value": 10}, {"days": 2, "value": 20}],
        "later": {"days": 30, "value": 90},
    }


def test_an_observation_of_a_daily_run_stands_for_the_day_before() -> None:
    found = growth_of([point(1.9, views=1), point(2.9, views=2), point(10.4, views=3), point(44.9, views=4)], "a")
    assert found is not None
    assert [each["value"] for each in (*found["early"], found["later"])] == [1, 2, 3, 4]


def test_growth_needs_both_ends_of_one_measure_of_one_post() -> None:
    assert growth_of([point(1, likes=1), point(29, likes=2)], "a") is None
    assert growth_of([point(1, likes=1), point(45, likes=2)], "a") is None
    assert growth_of([point(1, likes=1), point(30, score=2)], "a") is None
    assert growth_of([point(1, likes=1), point(30, "b", likes=2)], "a") is None
    found = growth_of([point(7, score=1), point(30, score=2)], "a")
    assert found is not None
    assert found["measure"] == "upvotes less downvotes"


def test_the_post_that_speaks_for_a_sample_is_looked_at_first() -> None:
    points = [point(days, name, views=count) for name, count in (("a", 1), ("b", 2)) for days in (1, 30)]
    for name, count in (("a", 1), ("b", 2), (None, 1)):
        found = growth_of(points, name)
        assert found is not None
        assert found["later"]["value"] == count
