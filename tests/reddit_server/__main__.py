"""Run the server by itself: ``python -m tests.reddit_server --posts 1000 --port 8123``.

Prints its address, then a praw.ini that leads PRAW to it, and serves until SIGTERM or Ctrl-C.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from tests.reddit_server.made_up import made_up
from tests.reddit_server.server import Limit, RedditServer


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.reddit_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--posts", type=int, default=1_000)
    parser.add_argument("--comments", type=int, default=7, help="post number N has N modulo this comments")
    parser.add_argument("--media-base", help="address under which pictures lie")
    parser.add_argument("--special", action="store_true", help="galleries, videos, crossposts, posts taken back")
    parser.add_argument("--latency-s", type=float, default=0.0)
    parser.add_argument("--limit", type=int, help="requests in a window")
    parser.add_argument("--window-s", type=float, default=60.0)
    parser.add_argument("--ini-folder", type=Path, help="gets a praw.ini; XDG_CONFIG_HOME names it to PRAW")
    asked = parser.parse_args()
    site = made_up(
        asked.posts,
        comments=lambda number: number % asked.comments,
        media_base=asked.media_base,
        plain=not asked.special,
    )
    ends = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # before there are threads, any of which could take them
    limit = Limit(asked.limit, asked.window_s) if asked.limit else None
    with RedditServer(site, limit=limit, latency_s=asked.latency_s, port=asked.port) as server:
        if asked.ini_folder:
            (asked.ini_folder / "praw.ini").write_text(server.praw_ini())
        sys.stdout.write(f"{server.address}\n{server.praw_ini()}")
        sys.stdout.flush()
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
