"""Ratio and percentile among the training samples of the same place, month and age."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from blift.schemas.registry import SCHEMAS
from blift.transforms.popularity import COLUMNS, LEAST_MEMBERS, measured, popularity
from blift.transforms.tables import frame

_SCHEMA = frame(SCHEMAS["sample"].empty_table()).select(COLUMNS).schema
_POSTED = datetime(2020, 5, 17, tzinfo=UTC)


def sample(name: str, *, hours: float | None = 800, **facts: Any) -> dict[str, Any]:
    read = None if hours is None else _POSTED + timedelta(hours=hours)
    numbers = {key: facts.get(key) for key in ("score", "likes")}
    audience = dict.fromkeys(_SCHEMA["audiences"].inner.to_schema()) | numbers  # type: ignore[attr-defined]
    audience |= {"posted_at": _POSTED, "retrieved_at": read}
    row = dict.fromkeys(COLUMNS) | {"sample_id": name, "posted_at": _POSTED, "subreddit": "pics"}
    return row | facts | {"audiences": [audience]}


def found(samples: list[dict[str, Any]], splits: list[str] | None = None) -> dict[str, tuple[Any, Any]]:
    values = measured(pl.DataFrame(samples, schema=_SCHEMA))
    rows = popularity(values.with_columns(split=pl.Series(splits or ["train"] * len(samples))))
    return {name: (ratio, percentile) for name, ratio, percentile in rows.iter_rows()}


def test_a_sample_is_compared_with_the_training_samples_of_its_group() -> None:
    training = [sample(f"t{score}", score=score) for score in (0, 10, 20, 30, 40)]
    others = [sample("v20", score=20), sample("v100", score=100), sample("low", score=-5)]
    among = found([*training, *others], ["train"] * 5 + ["test"] * 3)
    assert among["t20"] == among["v20"] == (1.0, 0.5)
    assert among["v100"] == (5.0, 1.0)
    assert among["low"] == (-0.25, 0.0)
    assert found(training) == {name: among[name] for name in ("t0", "t10", "t20", "t30", "t40")}


def test_other_places_months_ages_and_measures_are_other_groups() -> None:
    own = [sample(f"t{score}", score=score) for score in range(LEAST_MEMBERS)]
    others = [
        sample("place", score=1, subreddit="videos"),
        *[sample(f"profile{score}", score=score, subreddit="[user]") for score in range(LEAST_MEMBERS)],
        sample("month", score=1) | {"posted_at": _POSTED + timedelta(days=40)},
        sample("fresh", score=1, hours=0.5),
        sample("unknown", score=1, hours=None),
        sample("likes", likes=1, subreddit=None, channel_id="UC1"),
    ]
    among = found([*own, *others])
    assert [among[row["sample_id"]] for row in others] == [(None, None)] * len(others)
    assert among["t2"] == (1.0, 0.5)


def test_the_case_of_a_subreddits_name_does_not_matter_and_the_age_is_that_of_the_number() -> None:
    rows = [sample(f"t{score}", score=score, subreddit="PICS" if score % 2 else "pics") for score in range(6)]
    earlier = rows[0]["audiences"][0] | {"score": 99, "retrieved_at": _POSTED}
    rows[0]["audiences"] = [earlier, *rows[0]["audiences"]]
    assert None not in [percentile for _, percentile in found(rows).values()]


def test_a_median_of_nothing_gives_no_ratio() -> None:
    assert found([sample(f"t{place}", score=0) for place in range(6)])["t1"] == (None, 0.5)


@given(st.lists(st.integers(-50, 1000), min_size=LEAST_MEMBERS, max_size=30), st.randoms(use_true_random=False))
def test_percentiles_rise_with_the_score_average_one_half_and_know_no_order(scores: list[int], chance: Any) -> None:
    rows = [sample(f"t{place}", score=score) for place, score in enumerate(scores)]
    among = found(rows)
    ordered = sorted(zip(scores, [among[row["sample_id"]][1] for row in rows], strict=True))
    assert [percentile for _, percentile in ordered] == sorted(percentile for _, percentile in ordered)
    assert abs(sum(percentile for _, percentile in ordered) / len(rows) - 0.5) < 1e-9
    shuffled = chance.sample(rows, len(rows))
    assert found(shuffled) == among
