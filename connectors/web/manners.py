"""At whose pace, and how much in all: turns and budgets that the worker processes of a machine share through files."""

from __future__ import annotations

import fcntl
import hashlib
import math
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from blift.connectors.inside import open_own, private_folder
from blift.schemas.errors import FetchError

#: A server that asks for a longer wait is asked again on another day, by another run.
LONGEST_PAUSE_S = 86_400.0

_TURNS = struct.Struct("<dd")  # when the next turn begins; until when nobody may ask. Seconds since 1970
_SPENT = struct.Struct("<qq")  # requests, bytes


class BudgetSpent(Exception):
    """The run has asked for as much as it may. It ends, and goes on with the next run."""


class Stopped(Exception):
    """The run was told to end while it waited."""


@dataclass(frozen=True)
class Budget:
    """What one run may use; None for no limit.

    Attributes:
        requests: requests to all services together.
        received: bytes of files and answers.
        ends_at: seconds since 1970 after which nothing more is asked for.
    """

    requests: int | None = None
    received: int | None = None
    ends_at: float | None = None


class Manners:
    """What the workers of a run share: a pace for each service, one budget, and the wish to end.

    Args:
        folder: on this machine; the files of all workers.
        budget: of the run. What is spent is counted from the last ``begin``.
        stop: set when the run is to end.
        clock: tells the time, in seconds since 1970.
        wait: waits so many seconds, and says whether the run was told to end meanwhile; None to wait for ``stop``.
    """

    def __init__(
        self,
        folder: str,
        budget: Budget | None = None,
        stop: threading.Event | None = None,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._folder = folder
        self._budget = budget or Budget()
        self._stop = stop or threading.Event()
        self._wait = wait or self._stop.wait
        self.clock = clock
        private_folder(folder)

    def begin(self) -> None:
        """A run begins: nothing is spent yet. Pauses that servers asked for before go on."""
        with _shared(self._file("spent"), _SPENT) as record:
            record.put(0, 0)

    def pace(self, name: str, per_s: float | None, burst: int = 1) -> Pace:
        """The pace of a service, or of a host.

        Args:
            name: equal names share their turns, in whatever process.
            per_s: turns a second; None for as many as there are.
            burst: turns that may be taken at once after a rest.
        """
        digest = hashlib.sha256(name.encode()).hexdigest()[:24]
        return Pace(self, self._file(f"pace-{digest}"), 0.0 if per_s is None else 1.0 / per_s, burst)

    def check(self) -> None:
        """Whether to go on.

        Raises:
            BudgetSpent: the budget is spent.
            Stopped: the run is to end.
        """
        if self._stop.is_set():
            raise Stopped
        requests, received = self.spent()
        budget = self._budget
        over = (budget.requests is not None and requests >= budget.requests) or (
            budget.received is not None and received >= budget.received
        )
        if over or (budget.ends_at is not None and self.clock() >= budget.ends_at):
            raise BudgetSpent

    def spent(self) -> tuple[int, int]:
        """Requests and bytes of this run so far."""
        with _shared(self._file("spent"), _SPENT) as record:
            requests, received = record.get()
        return int(requests), int(received)

    def receive(self, size_bytes: int) -> None:
        """Count bytes that came."""
        with _shared(self._file("spent"), _SPENT) as record:
            requests, received = record.get()
            record.put(requests, received + size_bytes)

    def ask(self) -> None:
        """Count one request.

        Raises:
            BudgetSpent: as ``check``.
            Stopped: as ``check``.
        """
        self.check()
        limit = self._budget.requests
        with _shared(self._file("spent"), _SPENT) as record:
            requests, received = record.get()
            if limit is not None and requests >= limit:
                raise BudgetSpent
            record.put(requests + 1, received)

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the run goes on.

        Raises:
            BudgetSpent: the time of the run ends before.
            Stopped: the run was told to end.
        """
        ends_at = self._budget.ends_at
        if ends_at is not None and self.clock() + seconds >= ends_at:
            self._wait(max(0.0, ends_at - self.clock()))
            raise BudgetSpent
        if self._wait(seconds):
            raise Stopped

    def _file(self, name: str) -> str:
        return os.path.join(self._folder, name)


class Pace:
    """Turns of one service, one after another at equal distances (the generic cell rate algorithm)."""

    def __init__(self, manners: Manners, path: str, interval_s: float, burst: int) -> None:
        self._manners = manners
        self._path = path
        self._interval_s = interval_s
        self._burst = burst

    def turn(self) -> None:
        """Wait for a turn to make one request, and count it.

        Raises:
            BudgetSpent: the budget is spent, or its time ends before the turn comes.
            Stopped: the run was told to end.
        """
        self._manners.check()
        while (wait_s := self._reserve() - self._manners.clock()) > 0:
            self._manners.sleep(wait_s)
            if self._paused_until() <= self._manners.clock():
                break
        self._manners.ask()

    def pause(self, seconds: float) -> None:
        """Nobody asks for so long: what the server said in its answer.

        Args:
            seconds: what is no number, or below zero, counts as none; at most ``LONGEST_PAUSE_S``.
        """
        if not math.isfinite(seconds) or seconds <= 0:
            return
        until = self._manners.clock() + min(seconds, LONGEST_PAUSE_S)
        with _shared(self._path, _TURNS) as record:
            begins, paused = record.get()
            record.put(max(begins, until), max(paused, until))

    def receive(self, size_bytes: int) -> None:
        """Count bytes that came."""
        self._manners.receive(size_bytes)

    def _reserve(self) -> float:
        with _shared(self._path, _TURNS) as record:
            begins, paused = record.get()
            now = self._manners.clock()
            latest = now + 2 * LONGEST_PAUSE_S
            if not (begins <= latest and paused <= latest):  # the clock was set back, or these are no times
                begins, paused = now, 0.0
            turn = max(begins, paused, now - self._burst * self._interval_s + self._interval_s)
            record.put(turn + self._interval_s, paused)
        return float(turn)

    def _paused_until(self) -> float:
        with _shared(self._path, _TURNS) as record:
            return float(record.get()[1])


class _Record:
    def __init__(self, number: int, form: struct.Struct) -> None:
        self._number = number
        self._form = form

    def get(self) -> tuple[float, float]:
        data = os.pread(self._number, self._form.size, 0)
        return self._form.unpack(data) if len(data) == self._form.size else (0, 0)

    def put(self, first: float, second: float) -> None:
        os.pwrite(self._number, self._form.pack(first, second), 0)


@contextmanager
def _shared(path: str, form: struct.Struct) -> Iterator[_Record]:
    """A small record in a file that nobody else reads or writes meanwhile."""
    try:
        number = open_own(path, os.O_RDWR)
    except OSError as error:
        raise FetchError(f"Cannot write {path}: {error.strerror}. Check the folder of the fetch folder.") from error
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield _Record(number, form)
    finally:
        os.close(number)
