"""A Hub on loopback for tests and benchmarks: datasets, commits, tags, pull requests and LFS, strict, with faults."""

from tests.hub_server.faults import Fault
from tests.hub_server.server import HubServer
from tests.hub_server.state import READER, TOKEN, HubState

__all__ = ["READER", "TOKEN", "Fault", "HubServer", "HubState"]
