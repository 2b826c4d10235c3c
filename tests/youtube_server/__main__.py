"""Run the server by itself: ``python -m tests.youtube_server --videos 1000 --port 8124``.

Prints the address for BLIFT_YOUTUBE_ADDRESS, and serves until SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys

from tests.youtube_server.made_up import site_of
from tests.youtube_server.server import YoutubeServer


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.youtube_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--videos", type=int, default=1_000)
    parser.add_argument("--comments", type=int, default=7, help="video number N has N modulo this comments")
    parser.add_argument("--latency-s", type=float, default=0.0)
    asked = parser.parse_args()
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before there are threads, any of which could take them
    site = site_of(asked.videos, lambda number: number % asked.comments)
    with YoutubeServer(site, port=asked.port, latency_s=asked.latency_s) as server:
        sys.stdout.write(f"{server.address}\n")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
