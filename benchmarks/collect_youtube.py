"""Collecting from a YouTube on loopback, by yt-dlp: requests against the limit, and videos a second without one.

`python -m benchmarks.collect_youtube limit|speed`
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from contextlib import closing
from multiprocessing.queues import Queue

from blift.connectors.fetch.items import Done, Item
from blift.connectors.web.manners import Budget, BudgetSpent, Manners
from blift.connectors.youtube.config import YoutubeConfig
from blift.connectors.youtube.kinds import YoutubeItem
from blift.connectors.youtube.live import YoutubeFetcher
from tests.youtube_server.made_up import MadeUp, Video
from tests.youtube_server.server import Answer, Request, YoutubeServer

_LATENCY_S = 0.05
_VIDEOS = [Video(f"madeup{number:05d}", captions=["en"], heat=[0.0, 1.0, 0.5] * 30) for number in range(50)]


class _Timed:
    """A site that notes when it was asked."""

    def __init__(self) -> None:
        self._site = MadeUp(_VIDEOS)
        self.at: list[float] = []

    def __call__(self, request: Request) -> Answer | None:
        self.at.append(time.monotonic())
        return self._site(request)

    def busiest_second(self) -> int:
        """Requests in the second that had most."""
        return max(sum(begin <= at < begin + 1 for at in self.at) for begin in self.at)


def _ask(config: YoutubeConfig, folder: str, ends_at: float, done: Queue[int]) -> None:
    """One worker: the same videos until the time is over."""
    ended = 0
    with closing(YoutubeFetcher(config, Manners(folder, Budget(ends_at=ends_at)))) as fetcher:
        try:
            while True:
                for _, outcome in fetcher.fetch([Item(YoutubeItem.VIDEO, video.video_id) for video in _VIDEOS]):
                    assert isinstance(outcome, Done), outcome
                    ended += 1
        except BudgetSpent:
            done.put(ended)


def _workers(workers: int, per_minute: float | None, seconds: float) -> tuple[int, _Timed]:
    """Videos that were done, and the site as it was asked."""
    context, site = multiprocessing.get_context("spawn"), _Timed()
    with tempfile.TemporaryDirectory() as folder, YoutubeServer(site, latency_s=_LATENCY_S) as server:
        config = YoutubeConfig(comments=0, requests_per_minute=per_minute, base_address=server.address)
        done: Queue[int] = context.Queue()
        asking = (config, folder, time.time() + seconds, done)
        made = [context.Process(target=_ask, args=asking) for _ in range(workers)]
        for process in made:
            process.start()
        ended = sum(done.get() for _ in made)
        for process in made:
            process.join()
    return ended, site


def limit(seconds: float) -> None:
    """Requests that the recipe allows, and those that came."""
    print("| allowed a second | workers | made a second | of what is allowed % | most in any second |")
    print("|--:|--:|--:|--:|--:|")
    for allowed in (1, 10):
        for workers in (1, 4):
            _, site = _workers(workers, 60.0 * allowed, seconds)
            rate = (len(site.at) - 1) / (site.at[-1] - site.at[0])
            print(
                f"| {allowed} | {workers} | {rate:.2f} | {100 * rate / allowed:.0f} | {site.busiest_second()} |",
                flush=True,
            )


def speed(seconds: float) -> None:
    """Videos a second that nothing holds back, each of three requests of 50 ms."""
    for workers in (1, 4):
        ended, site = _workers(workers, None, seconds)
        span = site.at[-1] - site.at[0]
        print(f"{workers} workers: {ended / span:.1f} videos a second, {len(site.at) / span:.0f} requests", flush=True)


def main() -> None:
    """Run what is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["limit", "speed"])
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    {"limit": limit, "speed": speed}[asked.what](asked.seconds)


if __name__ == "__main__":
    main()
