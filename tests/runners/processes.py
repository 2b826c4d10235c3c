"""Processes of one run on an engine: started, measured, and ended together, whatever becomes of the run."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

#: In the environment of every process that is started here, and so of all that those start.
_MARK = "BLIFT_RUN"
_SAMPLE_EVERY_S = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a run took: seconds, CPU seconds of all its processes, and the most memory they held at one time."""

    wall_s: float
    cpu_s: float
    peak_mb: float


class Processes:
    """All processes of a run. Leaving the context ends them; what they print lies in files of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mark = f"{_MARK}={uuid.uuid4()}"
        self._children: list[subprocess.Popen[bytes]] = []
        self._ours: dict[tuple[int, str], bool] = {}
        self._cpu: dict[tuple[int, str], float] = {}
        self._peak_mb = 0.0
        self._started = time.monotonic()
        self._stop = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sampler.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._sampler.join()
        for number in (signal.SIGTERM, signal.SIGKILL):
            self._signal_all(number)
            deadline = time.monotonic() + 5
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
        for child in self._children:
            child.wait()

    def start(
        self, name: str, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program in the background; what it prints goes to ``folder/name.log``."""
        with (self.folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self._environment(variables),
            )
        self._children.append(child)
        return child

    def run(
        self, name: str, command: Sequence[str], timeout_s: float, variables: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Run a program to its end; its exit code and what it printed.

        Raises:
            TimeoutExpired: it did not end in time.
        """
        code = self.start(name, command, variables).wait(timeout_s)
        return code, self.log(name)

    def log(self, name: str) -> str:
        """What a program has printed so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def wait_for(self, port: int, process: subprocess.Popen[bytes], timeout_s: float = 60) -> None:
        """Wait until a program listens.

        Raises:
            RuntimeError: it ended, or did not listen in time.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline and process.poll() is None:
            try:
                socket.create_connection(("localhost", port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"Nothing listens at port {port}; the program is {process.args!r}")

    def usage(self) -> Usage:
        """What the run took up to now."""
        self._measure()
        return Usage(time.monotonic() - self._started, sum(self._cpu.values()), self._peak_mb)

    def alive(self) -> list[int]:
        """Process ids of the run."""
        return [pid for pid, _ in self._marked()]

    def command_line(self, pid: int) -> str:
        """How a process was started; empty where it has ended."""
        return _read(f"/proc/{pid}/cmdline").replace("\0", " ")

    def _environment(self, variables: Mapping[str, str] | None) -> dict[str, str]:
        name, _, value = self._mark.partition("=")
        # A worker pool starts bare `python`: it must be the one that blift is installed in.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**os.environ, "PATH": path, name: value, **(variables or {})}

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self.alive():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue

    def _sample(self) -> None:
        while not self._stop.wait(_SAMPLE_EVERY_S):
            self._measure()

    def _measure(self) -> None:
        found = self._marked()
        for process in found:
            self._cpu[process] = max(self._cpu.get(process, 0.0), _cpu_s(process[0]))
        self._peak_mb = max(self._peak_mb, sum(_own_mb(pid) for pid, _ in found))

    def _marked(self) -> list[tuple[int, str]]:
        """Process id and start time of every process that carries the mark and has not ended."""
        found = []
        for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
            fields = _stat(pid)
            if not fields or fields[0] == "Z":
                continue
            process = (pid, fields[19])
            if not self._ours.get(process):
                # Asked again while it says no: a process carries its parent's environment until it has started.
                self._ours[process] = self._mark in _read(f"/proc/{pid}/environ").split("\0")
            if self._ours[process]:
                found.append(process)
        return found


def _read(path: str) -> str:
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of a process from its state on; empty where it has ended."""
    return _read(f"/proc/{pid}/stat").rpartition(") ")[2].split()


def _cpu_s(pid: int) -> float:
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def _own_mb(pid: int) -> float:
    """Memory of a process, pages that it shares with others counted in part."""
    lines = _read(f"/proc/{pid}/smaps_rollup").splitlines()
    return next((int(line.split()[1]) / 1e3 for line in lines if line.startswith("Pss:")), 0.0)


def free_port() -> int:
    """A port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
