"""Files from a host on loopback, by runs of a fetch folder: how many a second, and how well a limit is kept and used.

`python -m benchmarks.downloads speed` and `python -m benchmarks.downloads limit`.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection

from blift.connectors.fetch.items import FILE, MEDIA, Item
from blift.connectors.fetching import ServicePlan
from blift.connectors.web.client import WebConfig
from blift.connectors.web.download import FilesConfig, FilesFetcher
from blift.connectors.web.manners import Budget
from blift.pipelines.stages.fetch.plan import FetchPlan
from blift.pipelines.stages.fetch.run import fetch
from tests.web_server import Reply, WebServer, picture

_LATENCY_S = 0.05
_THREADS = 16


class _Limited:
    """A host that allows so many requests in any second, and says how long to wait."""

    def __init__(self, per_s: float | None, size: int) -> None:
        self._per_s = per_s
        self._size = size
        self._came: list[float] = []

    def __call__(self, path: str) -> Reply:
        now = time.time()
        if self._per_s is not None:
            self._came = [at for at in self._came if at > now - 1.0]
            if len(self._came) >= self._per_s + 1:
                return Reply(status=429, headers={"Retry-After": "1"})
            self._came.append(now)
        return Reply(picture(path, self._size))


def _serve(per_s: float | None, size: int, channel: Connection) -> None:
    with WebServer(otherwise=_Limited(per_s, size), latency_s=_LATENCY_S) as server:
        channel.send(server.allowed)
        channel.recv()
        channel.send([asked.at for asked in server.asked if asked.path != "/robots.txt"])


@contextmanager
def _host(per_s: float | None, size: int) -> Iterator[Connection]:
    """A server in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(per_s, size, theirs))
    process.start()
    yield ours
    process.join()


def _run(allowed: str, files: int, workers: int, per_s: float | None, seconds: float | None) -> None:
    with tempfile.TemporaryDirectory(prefix="blift-bench-") as folder:
        web = WebConfig(per_host_per_s=per_s, allowed=(allowed,))
        config = FilesConfig(folder, os.path.join(folder, ".partial"), web)
        service = ServicePlan(_THREADS, partial(FilesFetcher, config))
        items = [Item(FILE, f"http://{allowed}/{number}.jpg") for number in range(files)]
        budget = Budget(ends_at=None if seconds is None else time.time() + seconds)
        plan = FetchPlan(folder, items, {MEDIA: service}, {}, budget)
        fetch(plan, lambda _: None, lambda _: None, lambda: None, workers)


def _speed(size: int) -> None:
    print(f"\nFiles of {size:,} bytes, {_LATENCY_S * 1000:.0f} ms latency, {_THREADS} threads a worker, no limit:\n")
    print("| workers | files a second in all | a worker |\n|--:|--:|--:|")
    for workers in (1, 2):
        with _host(None, size) as channel:
            _run(channel.recv(), 2_000, workers, None, None)
            channel.send(None)
            came = sorted(channel.recv())
        per_s = (len(came) - 1) / (came[-1] - came[0])
        print(f"| {workers} | {per_s:.0f} | {per_s / workers:.0f} |", flush=True)


def _limit() -> None:
    print("\nA host that answers 429 and `Retry-After: 1` to more than so many requests in any second:\n")
    print("| allowed a second | workers | made a second | % of the limit | most in any second | refused |")
    print("|--:|--:|--:|--:|--:|--:|")
    for per_s in (10.0, 50.0):
        for workers in (1, 4):
            with _host(per_s, 2_000) as channel:
                _run(channel.recv(), 100_000, workers, per_s, 20.0)
                channel.send(None)
                came = sorted(channel.recv())
            rate = (len(came) - 1) / (came[-1] - came[0])
            most = max(sum(start <= at < start + 1.0 for at in came) for start in came)
            refused = max(0, most - round(per_s) - 1)
            print(
                f"| {per_s:.0f} | {workers} | {rate:.1f} | {100 * rate / per_s:.0f} | {most} | {refused} |", flush=True
            )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["speed", "limit"])
    parser.add_argument("--size", type=int, default=60_000, help="bytes of a file")
    args = parser.parse_args()
    if args.what == "speed":
        _speed(args.size)
    else:
        _limit()


if __name__ == "__main__":
    main()
