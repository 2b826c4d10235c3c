"""Turns and budgets that processes share. No test waits: each worker has a clock that only its own waits move on."""

from __future__ import annotations

import math
import multiprocessing
import struct
import threading
import time
from pathlib import Path

import pytest

from blift.connectors.web.manners import LONGEST_PAUSE_S, Budget, BudgetSpent, Manners, Stopped
from tests.clock import Clock

START, PER_S, TURNS = 1_700_000_000.0, 64.0, 50


def manners_of(folder: Path | str, clock: Clock, budget: Budget | None = None) -> Manners:
    return Manners(str(folder), budget, clock=clock, wait=clock.wait)


def take(folder: str, results: multiprocessing.SimpleQueue[list[float]]) -> None:
    """Take turns; the times at which they came."""
    clock = Clock(START)
    pace = manners_of(folder, clock).pace("host", PER_S)
    came = []
    for _ in range(TURNS):
        pace.turn()
        came.append(clock.now)
    results.put(came)


@pytest.mark.parametrize("processes", [1, 3])
def test_all_processes_together_keep_the_pace_and_use_it(tmp_path: Path, processes: int) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.SimpleQueue()
    workers = [context.Process(target=take, args=(str(tmp_path), results)) for _ in range(processes)]
    for worker in workers:
        worker.start()
    came = sorted(at for _ in workers for at in results.get())
    for worker in workers:
        worker.join()
    # Whoever took them, and in whatever order: no turn is taken twice, and none is left out.
    assert came == pytest.approx([START + turn / PER_S for turn in range(processes * TURNS)], abs=1e-5)


def test_a_burst_is_what_was_not_used(tmp_path: Path) -> None:
    clock = Clock(START)
    pace = manners_of(tmp_path, clock).pace("host", 2.0, burst=3)
    for _ in range(3):
        pace.turn()
    assert clock.waits == []
    pace.turn()
    assert clock.waits == pytest.approx([0.5])
    clock.now += 60  # a rest of any length is worth three turns
    for _ in range(4):
        pace.turn()
    assert clock.waits == pytest.approx([0.5, 0.5], abs=1e-5)


def test_other_names_have_turns_of_their_own(tmp_path: Path) -> None:
    clock = Clock(START)
    manners = manners_of(tmp_path, clock)
    for name in ("one", "two", "three"):
        manners.pace(name, 0.1).turn()
    assert clock.waits == []


def test_a_pause_holds_for_all(tmp_path: Path) -> None:
    clocks = [Clock(START), Clock(START)]
    one, other = (manners_of(tmp_path, clock).pace("host", 20.0) for clock in clocks)
    one.turn()
    one.pause(30.0)
    one.turn()
    other.turn()
    assert [clock.now for clock in clocks] == pytest.approx([START + 30, START + 30.05], abs=1e-5)


def test_a_pause_holds_also_for_who_waits_already(tmp_path: Path) -> None:
    asks = manners_of(tmp_path, Clock(START)).pace("host", 20.0)
    pauses = [30.0, 7.0]

    def meanwhile() -> bool:
        if pauses:
            asks.pause(pauses.pop())
        return False

    clock = Clock(START, meanwhile)
    waits = manners_of(tmp_path, clock).pace("host", 20.0)
    waits.turn()
    waits.turn()  # for which it waits; the pauses begin in the first wait and in the second
    assert clock.now >= START + 30
    assert len(clock.waits) == 3


@pytest.mark.parametrize("seconds", [-1.0, 0.0, float("nan"), float("-inf"), float("inf")])
def test_a_pause_of_nothing_is_none(tmp_path: Path, seconds: float) -> None:
    clock = Clock(START)
    pace = manners_of(tmp_path, clock).pace("host", None)
    pace.pause(seconds)
    pace.turn()
    assert clock.waits == []


def test_a_pause_has_an_end(tmp_path: Path) -> None:
    clock = Clock(START)
    pace = manners_of(tmp_path, clock).pace("host", None)
    pace.pause(1e12)
    pace.turn()
    assert clock.now == pytest.approx(START + LONGEST_PAUSE_S)


def test_a_clock_that_was_set_back_does_not_stop_everything(tmp_path: Path) -> None:
    ahead, back = Clock(START + 3 * LONGEST_PAUSE_S), Clock(START)
    manners_of(tmp_path, ahead).pace("host", 10.0).turn()
    manners_of(tmp_path, back).pace("host", 10.0).turn()
    assert back.waits == []


@pytest.mark.parametrize("begins", [0.0, math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize("paused", [0.0, math.nan, math.inf, 1e300])
def test_times_that_are_none_stop_nobody_and_the_pace_is_kept(tmp_path: Path, begins: float, paused: float) -> None:
    clock = Clock()
    pace = manners_of(tmp_path, clock).pace("host", 1.0)
    pace.turn()
    (written,) = tmp_path.glob("pace-*")
    written.write_bytes(struct.pack("<dd", begins, paused))
    began = clock()
    for _ in range(3):
        pace.turn()
    assert 2 <= clock() - began <= 3


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


def test_waiting_ends_with_the_time_of_the_run(tmp_path: Path) -> None:
    clock = Clock(START)
    pace = manners_of(tmp_path, clock, Budget(ends_at=START + 10)).pace("host", 0.01)
    pace.turn()
    with pytest.raises(BudgetSpent):
        pace.turn()
    assert clock.waits == pytest.approx([10.0])  # and not the 100 s until its turn


def test_the_time_of_a_run_ends_at_its_last_second(tmp_path: Path) -> None:
    clock = Clock(START)
    manners = manners_of(tmp_path, clock, Budget(ends_at=START + 10))
    clock.now += 9.999
    manners.check()
    clock.now = START + 10
    with pytest.raises(BudgetSpent):
        manners.check()


def test_a_wait_that_is_told_to_end_ends(tmp_path: Path) -> None:
    clock = Clock(START, meanwhile=lambda: True)
    pace = manners_of(tmp_path, clock).pace("host", 0.01)
    pace.turn()
    with pytest.raises(Stopped):
        pace.turn()
    assert clock.waits == pytest.approx([100.0])


def test_the_event_that_ends_a_run_wakes_who_waits(tmp_path: Path) -> None:
    stop = threading.Event()
    manners = Manners(str(tmp_path), stop=stop)
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(Stopped):
        manners.sleep(3_600)  # the limit of the test, and not a clock, says that it was woken


def test_without_a_clock_it_is_the_one_of_the_machine(tmp_path: Path) -> None:
    before = time.time()
    pace = Manners(str(tmp_path)).pace("host", None)
    pace.pause(50.0)
    assert before + 50 <= pace._paused_until() <= time.time() + 50
