"""The pace by Xet: what is under way is a small part of all, and every file is sent once."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blift.connectors.hub.xet import Transfers
from blift.pipelines.stages.publish.pace import LFS_PACE, Calls, Pace, xet_pace

MB, MIB = 1_000_000, 1 << 20


@pytest.mark.parametrize(
    ("sizes", "pace"),
    [
        # 132 MB, as in the benchmarks: two files at a time are 3.6 % of all.
        ([2_400_000] * 55, Pace(2_640_000, 2, 4, Transfers(2, 4))),
        # Many small files: 4 % of all in eight lanes.
        ([100_000] * 10_000, Pace(5_000_000, 8, 10, Transfers(8, 10))),
        # Large files are not cut: two are under way, 8 % of all.
        ([40 * MB] * 25, Pace(20 * MB, 2, 4, Transfers(2, 4))),
        # Of what is small, two calls of 1 MiB are.
        ([100_000] * 100, Pace(MIB, 2, 4, Transfers(2, 4))),
        # 100 GB: calls of many objects of 64 MiB, and 59 objects on their way are 4 % of all.
        ([500 * MB] * 200, Pace(500 * MB, 8, 10, Transfers(59))),
    ],
)
def test_what_is_under_way_is_a_25th_of_all_where_files_allow(sizes: list[int], pace: Pace) -> None:
    assert xet_pace(sizes) == pace


@given(st.lists(st.integers(1, 1_000), max_size=60), st.integers(1, 3_000))
def test_calls_take_every_file_once_in_turn_and_no_more_than_the_pace_says(sizes: list[int], most: int) -> None:
    calls = Calls(sizes, Pace(most), lambda: 0)
    taken = list(iter(calls.take, range(len(sizes), len(sizes))))
    assert [place for places in taken for place in places] == list(range(len(sizes)))
    assert all(len(places) == 1 or sum(sizes[place] for place in places) <= most for places in taken)


def test_by_lfs_one_call_takes_a_batch() -> None:
    assert list(Calls([1_000] * 256, LFS_PACE, lambda: 0).take()) == list(range(256))


def test_on_a_fast_line_calls_grow_to_their_part_of_half_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now, sent = 100.0, 7 * MB  # of a batch before
    monkeypatch.setattr(time, "monotonic", lambda: now)
    calls = Calls([2 * MB] * 60, Pace(2 * MB, lanes=2), lambda: sent)
    assert len(calls.take()) == 1
    now, sent = 100.5, sent + 3 * MB  # 6 MB/s, of which half a second has 1.5 MB a lane
    assert len(calls.take()) == 1
    now, sent = 101.0, sent + 77 * MB  # 80 MB/s: 20 MB a lane
    assert len(calls.take()) == 10
