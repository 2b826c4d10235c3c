from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blift.connectors.web.manners import LONGEST_PAUSE_S, Budget, BudgetSpent, Manners, Stopped

#: Turns a second, and how long they are taken. Enough that a busy machine does not decide.
PER_S, SECONDS = 50.0, 2.0


def take(folder: str, ends_at: float, results: multiprocessing.SimpleQueue[list[float]]) -> None:
    """Take turns until a time; the times at which they came."""
    pace = Manners(folder, Budget(ends_at=ends_at)).pace("host", PER_S)
    came = []
    try:
        while True:
            pace.turn()
            came.append(time.time())
    except BudgetSpent:
        results.put(came)


@pytest.mark.parametrize("processes", [1, 4])
def test_all_processes_together_keep_the_pace_and_use_it(tmp_path: Path, processes: int) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    ends_at = time.time() + 2.5 + SECONDS
    workers = [context.Process(target=take, args=(str(tmp_path), ends_at, results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    came = sorted(at for _ in workers for at in results.get())
    for worker in workers:
        worker.join()
    window = [at for at in came if at > came[0] + 0.2]
    # A turn may be taken a little late, and the next in time: any second has one more than the rate at most, and what
    # a process that was held up takes at once is no more than one turn of each.
    for start in window:
        assert sum(start <= at < start + 1.0 for at in window) <= PER_S + 1 + 2 * processes
    assert len(window) >= 0.9 * PER_S * (window[-1] - window[0])


def test_a_burst_is_what_was_not_used(tmp_path: Path) -> None:
    pace = Manners(str(tmp_path)).pace("host", 2.0, burst=3)
    began = time.monotonic()
    for _ in range(3):
        pace.turn()
    assert time.monotonic() - began < 0.4
    pace.turn()
    assert time.monotonic() - began > 0.3


def test_other_names_have_turns_of_their_own(tmp_path: Path) -> None:
    manners = Manners(str(tmp_path))
    began = time.monotonic()
    for name in ("one", "two", "three"):
        manners.pace(name, 0.1).turn()
    assert time.monotonic() - began < 1.0


def test_a_pause_holds_for_all_and_also_for_who_waits_already(tmp_path: Path) -> None:
    one, other = (Manners(str(tmp_path)).pace("host", 20.0) for _ in range(2))
    one.turn()
    came: list[float] = []

    def wait() -> None:
        other.turn()
        came.append(time.monotonic())

    waiting = threading.Thread(target=wait)
    began = time.monotonic()
    waiting.start()
    one.pause(0.5)
    waiting.join()
    one.turn()
    assert came[0] - began >= 0.45
    assert time.monotonic() - began >= 0.5


@pytest.mark.parametrize("seconds", [-1.0, 0.0, float("nan"), float("-inf")])
def test_a_pause_of_nothing_is_none(tmp_path: Path, seconds: float) -> None:
    pace = Manners(str(tmp_path)).pace("host", None)
    pace.pause(seconds)
    began = time.monotonic()
    pace.turn()
    assert time.monotonic() - began < 0.3


def test_a_pause_has_an_end(tmp_path: Path) -> None:
    pace = Manners(str(tmp_path)).pace("host", None)
    pace.pause(1e12)
    assert pace._reserve() - time.time() <= LONGEST_PAUSE_S


def test_a_clock_that_was_set_back_does_not_stop_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = Manners(str(tmp_path)).pace("host", 10.0)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3 * LONGEST_PAUSE_S)
    pace.turn()
    monkeypatch.undo()
    began = time.monotonic()
    pace.turn()
    assert time.monotonic() - began < 1.0


def test_requests_of_all_workers_are_counted_against_one_budget(tmp_path: Path) -> None:
    both = [Manners(str(tmp_path), Budget(requests=5)) for _ in range(2)]
    both[0].begin()
    for turn in range(5):
        both[turn % 2].pace("host", None).turn()
    with pytest.raises(BudgetSpent):
        both[0].pace("other", None).turn()
    assert both[1].spent() == (5, 0)
    both[0].begin()
    assert both[1].spent() == (0, 0)


def test_bytes_are_counted(tmp_path: Path) -> None:
    manners = Manners(str(tmp_path), Budget(received=100))
    manners.receive(99)
    manners.check()
    manners.receive(1)
    with pytest.raises(BudgetSpent):
        manners.check()


def ends(manners: Manners) -> Callable[[], None]:
    return manners.pace("host", 0.01).turn


def test_waiting_ends_with_the_time_of_the_run(tmp_path: Path) -> None:
    turn = ends(Manners(str(tmp_path), Budget(ends_at=time.time() + 0.5)))
    turn()
    began = time.monotonic()
    with pytest.raises(BudgetSpent):
        turn()
    assert time.monotonic() - began < 3.0


def test_waiting_ends_when_the_run_is_told_to_end(tmp_path: Path) -> None:
    stop = threading.Event()
    turn = ends(Manners(str(tmp_path), stop=stop))
    turn()
    threading.Timer(0.2, stop.set).start()
    began = time.monotonic()
    with pytest.raises(Stopped):
        turn()
    assert time.monotonic() - began < 3.0
