"""Pools of connections that the gate opens, and nothing else."""

from __future__ import annotations

from socket import socket

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from blift.connectors.web.addresses import Gate


def let_in(pools: urllib3.PoolManager, gate: Gate) -> None:
    """From now on every connection of the pools is opened by the gate.

    A request then raises what ``Gate.connect`` does, besides urllib3's own errors.
    """

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket:
            return gate.connect(self.host, self.port, _seconds(self.timeout))

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket:
            return gate.connect(self.host, self.port, _seconds(self.timeout))

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    pools.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _seconds(timeout: object) -> float | None:
    return float(timeout) if isinstance(timeout, int | float) else None
