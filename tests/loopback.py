"""What every server of the tests is: threads that answer on loopback, from `with` to its end."""

from __future__ import annotations

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class Listener(ThreadingHTTPServer):
    """Listens; its handlers reach whom they serve as ``self.server.site``."""

    daemon_threads = True
    request_queue_size = 128
    site: Any

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no news: what is tested is killed here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Keeps connections open, sends at once, and prints nothing. Whatever the method, ``serve`` answers."""

    protocol_version = "HTTP/1.1"
    server: Listener

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the standard library
        """Say nothing."""

    def do_GET(self) -> None:
        self.serve()

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - as the standard library calls them

    def serve(self) -> None:
        """Answer the request."""
        raise NotImplementedError


class Loopback:
    """Runs in a thread of this process; ``with`` starts and stops it.

    Args:
        handler: answers requests.
        port: 0 for any.
    """

    def __init__(self, handler: type[Handler], port: int = 0) -> None:
        self._listener = Listener(("127.0.0.1", port), handler)
        self._listener.site = self
        serve = self._listener.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join(timeout=5)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.server_address[1])

    @property
    def address(self) -> str:
        """Its address, without a path."""
        return f"http://127.0.0.1:{self.port}"
