"""A Reddit on loopback: OAuth, listings, threads, limits and faults, strict, over made-up or recorded objects."""

from tests.reddit_server.made_up import made_up
from tests.reddit_server.recorded import recorded
from tests.reddit_server.server import CLIENT, Fault, Limit, RedditServer
from tests.reddit_server.site import Site

__all__ = ["CLIENT", "Fault", "Limit", "RedditServer", "Site", "made_up", "recorded"]
