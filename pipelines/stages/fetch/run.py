"""A run of a fetch folder: workers are started and watched, and the archives are written when they have ended."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from blift.connectors.fetch.archives import Written, write_archives
from blift.connectors.fetch.changes import ItemState
from blift.connectors.fetch.state import State
from blift.connectors.inside import open_lock
from blift.connectors.registry import kinds
from blift.connectors.web.file_store import FileStore
from blift.connectors.web.manners import Manners
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.worker import WORKERS_LOCK, Ended, work
from blift.schemas.errors import FetchError, OutputError

_TICK_S = 0.2
#: How long workers of a run that was killed may take to notice.
_ORPHANS_S = 30.0
#: Workers that may die in one run before it ends: something kills each that is started.
_DEATHS = 20


@dataclass
class FetchResult:
    """What came of a run.

    Attributes:
        written: what the archives hold now.
        got: items that ended well in this run: done, or known to be absent.
        failed: items that failed in this run. Where nothing was got, the next run asks for them again.
        failed_before: items that failed in earlier runs, and were not asked for in this one.
        failure: what the last of all these failed of.
        troubles: sentences on services that could not be asked.
        budget_spent: the run ended because its budget was spent.
        interrupted: it was told to end.
    """

    written: Written | None = None
    got: int = 0
    failed: int = 0
    failed_before: int = 0
    failure: str = ""
    troubles: list[str] = field(default_factory=list)
    budget_spent: bool = False
    interrupted: bool = False


@dataclass
class _Process:
    number: int
    process: SpawnProcess
    report: Connection


def fetch(
    plan: FetchPlan,
    prepare: Callable[[State], None],
    watch: Callable[[State], None],
    interrupted: Callable[[], None],
    workers: int = 1,
) -> FetchResult:
    """Ask for all that is pending, until nothing is left or the budget is spent.

    Args:
        plan: of the run.
        prepare: changes the state before the workers begin, such as by asking again for what failed.
        watch: called some times a second with the state, to show how far it is.
        interrupted: called at the first Ctrl-C; what is under way is finished. A second one ends it at once.
        workers: processes.

    Raises:
        OutputError: another run uses the folder, or it cannot be written.
        FetchError: a worker cannot work.
    """
    state = State(plan.folder, kinds())
    with locked(plan.folder):
        state.release()
        state.add(plan.items)
        prepare(state)
        Manners(plan.manners_folder).begin()
        began, before = time.time(), state.counts()
        result = _Run(plan, state, workers).run(watch, interrupted)
        _count(result, state, before, began)
        store = FileStore(plan.folder)
        for name in state.drop_unshown():
            store.drop(name)
        result.written = write_archives(state, plan.folder)
        state.close()
    return result


def _count(result: FetchResult, state: State, before: Counter[ItemState], began: float) -> None:
    """Count what ended in this run, which began at a time with counts before."""
    after = state.counts()
    result.got = sum(after[one] - before[one] for one in (ItemState.DONE, ItemState.ABSENT))
    result.failed, result.failed_before = after[ItemState.FAILED] - before[ItemState.FAILED], before[ItemState.FAILED]
    if after[ItemState.FAILED]:
        ((_, _, result.failure),) = state.failures(1)
    if result.failed and not result.got:
        state.retry_failed(began)


@contextmanager
def locked(folder: str) -> Iterator[None]:
    """Hold a fetch folder against another run, and wait until no worker of an earlier one is left.

    Raises:
        OutputError: another run holds it.
    """
    with (
        open(open_lock(os.path.join(folder, ".lock")), "wb", buffering=0) as lock,
        open(open_lock(os.path.join(folder, WORKERS_LOCK)), "wb", buffering=0) as others,
    ):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"Another run collects into {folder}. Wait until it ends, or choose another --out."
            ) from error
        deadline = time.monotonic() + _ORPHANS_S
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(others, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise OutputError(f"Workers of an earlier run still use {folder}. End them, and run this again.")
            time.sleep(_TICK_S)
        fcntl.flock(others, fcntl.LOCK_UN)
        yield


class _Run:
    def __init__(self, plan: FetchPlan, state: State, workers: int) -> None:
        self._plan = plan
        self._state = state
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event()
        self._wanted = workers
        self._processes: list[_Process] = []
        self._deaths = 0
        self._result = FetchResult()

    def run(self, watch: Callable[[State], None], interrupted: Callable[[], None]) -> FetchResult:
        self._processes = [self._start(number) for number in range(1, self._wanted + 1)]
        try:
            while self._processes:
                try:
                    self._look()
                    watch(self._state)
                    time.sleep(_TICK_S)
                except KeyboardInterrupt:
                    if self._result.interrupted:
                        raise
                    self._result.interrupted = True
                    self._stop.set()
                    interrupted()
        finally:
            for running in self._processes:
                running.process.kill()
                running.process.join()
        return self._result

    def _start(self, number: int) -> _Process:
        receiver, sender = self._context.Pipe(duplex=False)
        process = self._context.Process(
            target=work, args=(self._plan, number, self._stop, sender), name=f"blift-fetch-{number}"
        )
        process.start()
        sender.close()
        return _Process(number, process, receiver)

    def _look(self) -> None:
        """Take the reports of workers that have ended; one that died is replaced."""
        for running in list(self._processes):
            if running.process.is_alive():
                continue
            self._processes.remove(running)
            ended = _received(running.report)
            if isinstance(ended, Ended):
                self._note(ended)
            elif isinstance(ended, str):
                raise FetchError(ended)
            elif not self._stop.is_set():
                self._replace(running)

    def _note(self, ended: Ended) -> None:
        self._result.troubles += [trouble for trouble in ended.troubles if trouble not in self._result.troubles]
        self._result.budget_spent |= ended.budget_spent

    def _replace(self, dead: _Process) -> None:
        self._state.died(dead.number)
        self._deaths += 1
        if self._deaths > _DEATHS:
            raise FetchError(
                f"{self._deaths} workers died, the last with exit code {dead.process.exitcode}. Look at memory and at "
                "what else this machine does, then run this again: what is collected is kept."
            )
        self._processes.append(self._start(dead.number))


def _received(report: Connection) -> Ended | str | None:
    """What a worker said when it ended; None where it could not."""
    with suppress(EOFError, OSError):
        if report.poll():
            ended: Ended | str = report.recv()
            return ended
    return None
