"""Work that is done ahead: results in order, errors in their turn, few held, and no thread that stays."""

import threading
from collections.abc import Iterator

import pytest

from blift.connectors.ahead import ahead, spare_threads


def counted(limit: int, taken: list[int], ended: list[bool]) -> Iterator[int]:
    try:
        for number in range(limit):
            taken.append(number)
            yield number
    finally:
        ended.append(True)


def fails_at(number: int) -> Iterator[int]:
    yield from range(number)
    raise EOFError("the file ends too early")


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_results_come_in_the_order_of_the_items(threads: int) -> None:
    assert list(ahead(iter(range(200)), lambda number: number * number, threads)) == [n * n for n in range(200)]


@pytest.mark.parametrize("threads", [0, 1, 3])
def test_errors_come_in_their_turn(threads: int) -> None:
    came = []
    with pytest.raises(EOFError, match="too early"):
        came.extend(ahead(fails_at(7), str, threads))
    results = ahead(iter([1, 0, 2]), lambda number: 1 // number, threads)
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.parametrize("threads", [1, 2])
def test_few_items_are_taken_ahead_and_whoever_stops_ends_all(threads: int) -> None:
    before = threading.active_count()
    taken: list[int] = []
    ended: list[bool] = []
    all_in = threading.Event()

    def work(number: int) -> int:
        if number == threads + 1:
            all_in.set()
        return number

    results = ahead(counted(1_000, taken, ended), work, threads)
    assert next(results) == 0
    assert all_in.wait(60)
    assert len(taken) <= threads + 4
    results.close()  # type: ignore[attr-defined]
    assert ended == [True]
    assert len(taken) <= threads + 5
    assert threading.active_count() == before


def test_work_under_way_is_told_to_stop_where_nobody_waits_for_it() -> None:
    told, stopped, begun = threading.Event(), [], threading.Event()

    def work(number: int) -> int:
        if number:
            begun.set()
            assert told.wait(60)
        return number

    def stop() -> None:
        stopped.append(True)
        told.set()

    results = ahead(iter(range(1_000)), work, 2, stop)
    assert next(results) == 0
    assert begun.wait(60)
    results.close()  # type: ignore[attr-defined]
    assert stopped == [True]
    assert list(ahead(iter(range(9)), str, 2, stop)) == list("012345678")
    assert stopped == [True]


def test_work_is_done_by_other_threads_at_a_time() -> None:
    both = threading.Barrier(2, timeout=60)
    assert len(list(ahead(iter(range(2)), lambda _: both.wait(), 2))) == 2


def test_one_core_is_not_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, threads in (({0}, 0), ({0, 1}, 1), (set(range(64)), 3)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, found=cores: found, raising=False)
        assert spare_threads() == threads
