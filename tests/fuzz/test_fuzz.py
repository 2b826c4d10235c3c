"""Small budgets of all kinds of input, with a fixed seed; `make fuzz` runs the large ones."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fuzz.kind import Check, Finding, Kind, require
from tests.fuzz.kinds import KINDS
from tests.fuzz.values import differs

_SEED = 1
#: Times the small budget.
_TIMES = int(os.environ.get("BLIFT_FUZZ", "1"))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_what_strangers_hand_over_is_refused_with_a_sentence_or_taken_as_it_is(kind: Kind, tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    for _, outcome in kind.run(_SEED, range(kind.small * _TIMES), tmp_path):
        if isinstance(outcome, Finding):
            raise outcome
        outcomes[outcome] += 1
    assert outcomes.pop("") == outcomes.total() == kind.small * _TIMES
    assert len(outcomes) > 1


@pytest.mark.parametrize(
    ("kind", "seed", "number"),
    [("media headers", 41, 6250), ("media headers", 1, 11242)],
    ids=["colours that cannot be converted", "no width"],
)
def test_an_input_that_was_once_a_finding_is_none(kind: str, seed: int, number: int, tmp_path: Path) -> None:
    (_, (_, outcome)) = KINDS[kind].run(seed, [number], tmp_path)
    assert not isinstance(outcome, Finding)


def test_an_input_is_the_same_each_time() -> None:
    for kind in KINDS.values():
        assert kind.input(3, 7) == kind.input(3, 7)
        assert any(kind.input(3, 7) != kind.input(3, other) for other in range(8, 12))


def test_whatever_is_raised_is_a_finding_with_its_number_and_the_others_go_on(tmp_path: Path) -> None:
    @contextmanager
    def start(_: Path) -> Iterator[Check]:
        def check(given: float) -> str:
            require(given >= 0, "less than nothing")
            return "even" if 1 // (number := int(given * 2)) else str(number)

        yield check

    kind = Kind("numbers", large=9, small=3, make=random.Random.random, start=start)
    came = [outcome for _, outcome in kind.run(1, range(9), tmp_path) if outcome]
    assert len(came) == 9
    findings = [str(outcome) for outcome in came if isinstance(outcome, Finding)]
    assert findings
    assert all(finding.startswith("numbers, seed 1, input ") and "ZeroDivisionError" in finding for finding in findings)


@pytest.mark.parametrize(
    ("held", "said", "other"),
    [
        (None, 5, False),
        (5, 5, False),
        (5, "5", False),
        (5, "6", True),
        (5, 5.0, False),
        (5, None, True),
        (2**53, 2**53 + 1, True),
        (float("nan"), "nan", True),
        (float("inf"), 1e999, True),
        (True, "true", False),
        (True, 2, True),
        ("a\ufffd", "a\ud800", False),
        ("a", "b", True),
    ],
)
def test_another_value_is_found(held: object, said: object, other: bool) -> None:
    assert differs(held, said) is other
