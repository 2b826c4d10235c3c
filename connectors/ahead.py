"""Work that other threads do ahead of its turn: results come in order, and few are held at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

#: One stream is unpacked at about the speed at which a thread looks through lines, so more threads would wait.
_MOST_THREADS = 3


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spare_threads() -> int:
    """How many threads can work beside the one that asks."""
    return min(cores() - 1, _MOST_THREADS)


def ahead(
    items: Iterator[Item], work: Callable[[Item], Result], threads: int, stop: Callable[[], None] = lambda: None
) -> Iterator[Result]:
    """What ``work`` makes of items, in their order.

    One thread takes the items and others work on them, which helps where both let other threads run: unpacking does,
    and compiled code can. As many results as threads wait to be taken, and two more. All threads have ended when this
    has.

    Args:
        items: taken by another thread.
        work: is called by several threads at a time.
        threads: that work; with 0, everything is done by the caller.
        stop: is called where the caller takes no more, so that work under way ends soon.

    Raises:
        Exception: what ``items`` or ``work`` raises, in its turn.
    """
    if threads < 1:
        yield from map(work, items)
        return
    results: Queue[Future[Result] | None] = Queue(threads + 1)
    stopped = threading.Event()
    with ThreadPoolExecutor(threads) as pool:
        feeder = threading.Thread(target=_feed, args=(items, work, pool, results, stopped), daemon=True)
        feeder.start()
        ended = False
        try:
            while not ended:
                result = results.get()
                if result is None:
                    ended = True
                else:
                    yield result.result()
        finally:
            stopped.set()
            if not ended:
                pool.shutdown(wait=False, cancel_futures=True)
                stop()
            while not ended:
                ended = results.get() is None
            feeder.join()


def _feed(
    items: Iterator[Item],
    work: Callable[[Item], Result],
    pool: ThreadPoolExecutor,
    results: Queue[Future[Result] | None],
    stopped: threading.Event,
) -> None:
    """Hand every item to the pool; at the end, None is put."""
    try:
        for item in items:
            if stopped.is_set():
                break
            results.put(pool.submit(work, item))
    except BaseException as error:  # noqa: BLE001 - it is raised where the results are taken
        failed: Future[Result] = Future()
        failed.set_exception(error)
        results.put(failed)
    finally:
        if isinstance(items, Generator):
            items.close()
        results.put(None)
