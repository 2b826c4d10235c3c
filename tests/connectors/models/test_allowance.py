"""Limits divide without remainder, and no order of threads spends more than there is."""

from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.models.allowance import Limits


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_shares_add_up_to_the_limit_and_differ_by_one_at_most(limit: int, shares: int) -> None:
    limits = Limits(max_requests=limit, shares=shares)
    parts = [limits.share(index, 1).places or 0 for index in range(shares)]
    assert sum(parts) == limit
    assert max(parts) - min(parts) <= 1


@given(st.integers(0, 20), st.lists(st.sampled_from(["take", "free", "settle"]), max_size=60))
def test_no_more_requests_are_taken_than_there_are(limit: int, steps: list[str]) -> None:
    allowance = Limits(max_requests=limit).share(0, 1)
    taken = in_flight = 0
    for step in steps:
        if step == "take":
            if allowance.take():
                taken, in_flight = taken + 1, in_flight + 1
        elif in_flight:
            in_flight -= 1
            allowance.free() if step == "free" else allowance.settle(5)
    assert taken <= limit
    assert allowance.take() == (taken < limit)


def test_a_question_is_priced_at_the_dearest_so_far_from_the_next_wave_on() -> None:
    allowance = Limits(max_tokens=10_000).share(0, 200)
    assert allowance.affordable(100) == 10_000 // (2_048 + 200)
    allowance.saw_prompt(300)
    assert allowance.take()
    assert allowance.settle(400) == 400
    assert allowance.affordable(100) == 9_600 // (300 + 200)


def test_tokens_under_way_are_reserved() -> None:
    allowance = Limits(max_tokens=5_000).share(0, 200)
    assert [allowance.take(), allowance.take(), allowance.take()] == [True, True, False]
    allowance.free()
    assert allowance.take()


def test_without_limits_nothing_ends() -> None:
    allowance = Limits().share(0, 200)
    assert allowance.places is None
    assert allowance.affordable(1_000_000) == 1_000_000
    assert all(allowance.take() for _ in range(1_000))
