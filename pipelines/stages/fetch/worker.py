"""A worker process: it takes items, lets threads ask for them, and writes down what came, one transaction for many."""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import NamedTuple, Protocol

from blift.connectors.fetch.items import Failed, Item, Outcome
from blift.connectors.fetch.state import State
from blift.connectors.fetching import ServicePlan
from blift.connectors.inside import open_lock
from blift.connectors.registry import kinds
from blift.connectors.web.manners import BudgetSpent, Manners, Stopped
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.shown import shown_files
from blift.schemas.errors import BliftError, FetchError

#: Held, shared, by every worker: a run that begins waits until none of an earlier one is left.
WORKERS_LOCK = ".workers"
_TICK_S = 0.1
#: Outcomes that one transaction takes in.
_TAKEN_TOGETHER = 500


class Ended(NamedTuple):
    """Why a worker ended: sentences on services that cannot be asked, and whether the budget is spent."""

    troubles: list[str]
    budget_spent: bool


class _Event(Protocol):
    def is_set(self) -> bool: ...


class _Unasked(NamedTuple):
    """Items that a thread gives back, and why."""

    service: str
    items: list[Item]
    cause: BaseException


@dataclass
class _Desk:
    """What the threads of one service share with the worker."""

    plan: ServicePlan
    tasks: queue.SimpleQueue[list[Item] | None] = field(default_factory=queue.SimpleQueue)
    waiting: int = 0
    """Tasks that no thread has begun, and those that threads are at."""
    closed: bool = False


def work(plan: FetchPlan, number: int, stop: _Event, report: Connection) -> None:
    """Run a worker until nothing is left to ask for, the budget is spent, or it is told to stop.

    Args:
        plan: of the run.
        number: of this worker, from 1.
        stop: set by the process that started it; one whose starter is gone stops as well.
        report: gets one `Ended`, or the sentence of a `BliftError` that ended it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the whole process group; whoever started this one decides
    with open(open_lock(os.path.join(plan.folder, WORKERS_LOCK)), "wb", buffering=0) as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            report.send(_Worker(plan, number, stop).run())
        except BliftError as error:
            report.send(str(error))


def work_alone(plan: FetchPlan, stop: threading.Event) -> None:
    """Run the only worker of a fetch folder, in this process, until nothing is left to ask for.

    Raises:
        FetchError: a service cannot be asked at all.
    """
    ended = _Worker(plan, 1, stop).run()
    if ended.troubles:
        raise FetchError(" ".join(ended.troubles))


class _Worker:
    def __init__(self, plan: FetchPlan, number: int, stop: _Event) -> None:
        self._plan = plan
        self._kinds = kinds()
        self._number = number
        self._stop = stop
        self._starter = os.getppid()
        self._halt = threading.Event()
        self._manners = Manners(plan.manners_folder, plan.budget, self._halt)
        self._state = State(plan.folder, self._kinds)
        self._back: queue.SimpleQueue[tuple[str, Item, Outcome] | _Unasked | str] = queue.SimpleQueue()
        self._desks = {service: _Desk(of_service) for service, of_service in plan.services.items()}
        self._troubles: list[str] = []
        self._spent = False

    def run(self) -> Ended:
        threads = [
            threading.Thread(target=self._ask, args=(service, desk), daemon=True)
            for service, desk in self._desks.items()
            for _ in range(desk.plan.threads)
        ]
        for thread in threads:
            thread.start()
        while not self._is_over():
            if self._stop.is_set() or os.getppid() != self._starter:
                self._halt.set()
            self._hand_out()
            self._take_back()
        for desk in self._desks.values():
            for _ in range(desk.plan.threads):
                desk.tasks.put(None)
        for thread in threads:
            thread.join(timeout=5)
        self._state.release(self._number)
        self._state.close()
        return Ended(self._troubles, self._spent)

    def _is_over(self) -> bool:
        if any(desk.waiting for desk in self._desks.values()):
            return False
        if self._halt.is_set():
            return True
        open_desks = [service for service, desk in self._desks.items() if not desk.closed]
        left = [kind for service in open_desks for kind in self._kinds.of_service(service)]
        return self._state.due_in_s(left) is None

    def _hand_out(self) -> None:
        """Keep every thread busy, and one task ready for each."""
        if self._halt.is_set():
            return
        for service, desk in self._desks.items():
            room = 2 * desk.plan.threads - desk.waiting
            if desk.closed or room <= 0 or self._halt.is_set():
                continue
            for task in self._tasks(service, room):
                desk.waiting += 1
                desk.tasks.put(task)
        if not any(desk.waiting for desk in self._desks.values()):
            self._hand_out_suspect()

    def _hand_out_suspect(self) -> None:
        """One item at which a worker died, alone: whatever it does is done to no other item."""
        for service, desk in self._desks.items():
            suspects = (
                []
                if desk.closed
                else self._state.claim(self._kinds.of_service(service), 1, self._number, suspects=True)
            )
            if suspects:
                desk.waiting += 1
                desk.tasks.put(suspects)
                return

    def _tasks(self, service: str, room: int) -> list[list[Item]]:
        tasks: list[list[Item]] = []
        for kind in self._kinds.of_service(service):
            if len(tasks) >= room:
                break
            size = self._kinds.item(kind).batch
            items = self._state.claim([kind], (room - len(tasks)) * size, self._number)
            tasks += [items[first : first + size] for first in range(0, len(items), size)]
        return tasks

    def _take_back(self) -> None:
        """Wait a moment for outcomes, and write down all that are there."""
        outcomes: list[tuple[Item, Outcome]] = []
        deadline = time.monotonic() + _TICK_S
        with suppress(queue.Empty):
            while len(outcomes) < _TAKEN_TOGETHER:
                back = self._back.get(timeout=0 if outcomes else max(0.0, deadline - time.monotonic()))
                match back:
                    case str():
                        self._desks[back].waiting -= 1
                    case _Unasked():
                        self._unasked(back)
                    case (_, item, outcome):
                        outcomes.append((item, outcome))
        if outcomes:
            shown = shown_files(outcomes, self._plan.shown, self._kinds)
            self._state.take_in(outcomes, shown.pairs, shown.items)

    def _unasked(self, back: _Unasked) -> None:
        """Items stay pending. What keeps a service from being asked keeps it from this run's later items, too."""
        self._state.put_back(back.items)
        match back.cause:
            case BudgetSpent():
                self._spent = True
                self._halt.set()
            case Stopped():
                self._halt.set()
            case error:
                self._desks[back.service].closed = True
                if str(error) not in self._troubles:
                    self._troubles.append(str(error))

    def _ask(self, service: str, desk: _Desk) -> None:
        """What a thread does."""
        fetcher = None
        while (items := desk.tasks.get()) is not None:
            left = {(item.kind, item.key): item for item in items}
            try:
                self._manners.check()
                fetcher = fetcher or desk.plan.make(self._manners)
                for item, outcome in fetcher.fetch(items):
                    self._back.put((service, item, outcome))
                    del left[item.kind, item.key]
            except (BudgetSpent, Stopped, FetchError) as cause:
                self._back.put(_Unasked(service, list(left.values()), cause))
            except Exception as error:  # noqa: BLE001 - whatever a platform's library raises must not end the others
                for item in left.values():
                    self._back.put((service, item, Failed(f"{type(error).__name__}: {error}")))
            finally:
                self._back.put(service)
        if fetcher is not None:
            fetcher.close()
