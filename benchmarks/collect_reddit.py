"""Collecting from a Reddit on loopback: requests against its limit, and what one process manages without one.

`python -m benchmarks.collect_reddit limit|speed`
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.queues import Queue
from pathlib import Path
from threading import Barrier

from blift.connectors.fetch.items import Done, Failed, GoesOn, Item
from blift.connectors.reddit.config import CommentsWanted, RedditConfig
from blift.connectors.reddit.kinds import RedditItem
from blift.connectors.reddit.live import RedditFetcher
from blift.connectors.web.manners import Budget, BudgetSpent, Manners
from tests.reddit_server.made_up import post_id

_POSTS = 2_000
_BATCH = 100


@contextmanager
def _server(folder: Path, *options: str) -> Iterator[None]:
    """A server in a process of its own, to which PRAW is led."""
    command = [sys.executable, "-m", "tests.reddit_server", "--ini-folder", str(folder), "--posts", str(_POSTS)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.environ["XDG_CONFIG_HOME"] = str(folder)
        try:
            yield
        finally:
            process.terminate()


def _ask(folder: str, per_minute: float | None, seconds: float, begin: Barrier, counts: Queue[Counter[str]]) -> None:
    """One worker: the same hundred posts until the time is over."""
    begin.wait()
    manners = Manners(folder, Budget(ends_at=time.time() + seconds))
    fetcher = RedditFetcher(RedditConfig(requests_per_minute=per_minute), manners)
    items = [Item(RedditItem.SUBMISSION, post_id(number)) for number in range(_BATCH)]
    came: Counter[str] = Counter()
    try:
        while True:
            outcomes = [outcome for _, outcome in fetcher.fetch(items)]
            came["refused"] += isinstance(outcomes[0], Failed)
            came["records"] += sum(isinstance(outcome, Done) for outcome in outcomes)
            assert not any(isinstance(outcome, Failed) and outcome.counts for outcome in outcomes), outcomes[0]
    except BudgetSpent:
        counts.put(came)


def _workers(folder: Path, workers: int, per_minute: float | None, seconds: float) -> Counter[str]:
    context = multiprocessing.get_context("spawn")
    begin, counts = context.Barrier(workers), context.Queue()
    asking = (str(folder / "manners"), per_minute, seconds, begin, counts)
    made = [context.Process(target=_ask, args=asking) for _ in range(workers)]
    for process in made:
        process.start()
    came = sum((counts.get() for _ in made), Counter[str]())
    for process in made:
        process.join()
    came["requests"], _ = Manners(str(folder / "manners")).spent()
    return came


def limit(seconds: float) -> None:
    """Requests that the limit allows, those that were made, and those that the server refused."""
    print("| allowed | told to the workers | latency ms | workers | made | of what is allowed % | refused |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for allowed, window_s in ((100, 60.0), (600, 60.0)):
        for told in (float(allowed), None):
            for workers in (1, 4):
                with (
                    tempfile.TemporaryDirectory() as folder,
                    _server(Path(folder), "--limit", str(allowed), "--window-s", str(window_s), "--latency-s", "0.05"),
                ):
                    came = _workers(Path(folder), workers, told, seconds)
                share = 100 * came["requests"] / (allowed / window_s * seconds)
                print(
                    f"| {allowed} a minute | {'pace' if told else 'nothing'} | 50 | {workers} | {came['requests']} | "
                    f"{share:.0f} | {came['refused']} |",
                    flush=True,
                )


def speed(seconds: float) -> None:
    """Records a second of one worker that nothing holds back."""
    with tempfile.TemporaryDirectory() as folder, _server(Path(folder)):
        came = _workers(Path(folder), 1, None, seconds)
        print(
            f"submissions by id: {came['records'] / seconds:,.0f} a second, {came['requests'] / seconds:.0f} requests"
        )
        fetcher = RedditFetcher(
            RedditConfig(comments=CommentsWanted(), requests_per_minute=None), Manners(f"{folder}/others")
        )
        began, records = time.perf_counter(), 0
        for number in range(_POSTS // 4):
            item = Item(RedditItem.COMMENTS, post_id(number))
            ((_, outcome),) = fetcher.fetch([item])
            assert isinstance(outcome, Done | GoesOn)
            records += len(outcome.records)
        spent = time.perf_counter() - began
        fetcher.close()
        print(f"threads: {_POSTS // 4 / spent:,.0f} a second with {records / spent:,.0f} comments")


def main() -> None:
    """Run what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["limit", "speed"])
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    {"limit": limit, "speed": speed}[asked.what](asked.seconds)


if __name__ == "__main__":
    main()
