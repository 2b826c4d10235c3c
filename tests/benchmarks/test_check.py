"""What of the benchmarks is the same on every machine stays what it is; bounds of ratios are held, and said."""

from pathlib import Path

import pytest

from benchmarks.check import bounds, counts, different_counts, missed_ratios
from benchmarks.last import last_figures
from blift.connectors import plain


@pytest.mark.skipif(plain.compiled is None, reason="blift was installed without a C compiler")
def test_counts_are_those_of_the_file(tmp_path: Path) -> None:
    assert list(different_counts(bounds(), counts(tmp_path))) == []


def test_the_last_runs_are_within_their_bounds() -> None:
    assert list(missed_ratios(bounds(), last_figures())) == []


def test_what_is_out_of_bounds_is_said() -> None:
    said = {
        "ratios": {"scan": {"CPU of grep": {"at_most": 2.0}, "speed": {"at_least": 3.0}, "new": {"at_most": 1.0}}},
        "counts": {"posts": 3, "comments": 2},
    }
    assert list(different_counts(said, {"posts": 4, "comments": 2})) == ["posts: 4, and it should be 3."]
    assert list(missed_ratios(said, {"scan": {"CPU of grep": 2.0, "speed": 2.9}})) == [
        "scan, speed: 2.9, and the bound is {'at_least': 3.0}.",
        "scan, new: not measured; run python -m benchmarks.scan.",
    ]
