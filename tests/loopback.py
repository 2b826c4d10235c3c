"""What every server of the tests is: threads that answer on loopback, from `with` to its end."""

from __future__ import annotations

import re
import socket
import subprocess
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
        self.server.site.hold.pass_through(self.command, self.path)
        self.serve()

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET  # noqa: N815 - as the standard library calls them

    def serve(self) -> None:
        """Answer the request."""
        raise NotImplementedError


class Hold:
    """Lets requests wait, so that a test kills who asks at a request that it counted, however fast the machine is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: int | None = None
        self._pattern = ""
        self._held, self._released = threading.Event(), threading.Event()

    def at(self, request: int, pattern: str = "") -> None:
        """From now on, let the n-th request wait whose method and path match, and all such that follow."""
        with self._lock:
            self._left, self._pattern = request, pattern
            self._held, self._released = threading.Event(), threading.Event()

    def pass_through(self, method: str, path: str) -> None:
        """Wait where this request is to wait."""
        with self._lock:
            if self._left is None or not re.search(self._pattern, f"{method} {path}"):
                return
            self._left -= 1
            if self._left > 0:
                return
            self._held.set()
            released = self._released
        released.wait()

    def reached(self, process: subprocess.Popen[Any]) -> bool:
        """Wait until a request waits; false where the process ended before."""
        while not self._held.wait(0.02):
            if process.poll() is not None:
                return self._held.is_set()
        return True

    def release(self) -> None:
        """Answer those that wait, and all others."""
        with self._lock:
            self._left = None
            self._released.set()


class Loopback:
    """Runs in a thread of this process; ``with`` starts and stops it.

    Args:
        handler: answers requests.
        port: 0 for any.
    """

    def __init__(self, handler: type[Handler], port: int = 0) -> None:
        self._listener = Listener(("127.0.0.1", port), handler)
        self._listener.site = self
        self.hold = Hold()
        serve = self._listener.serve_forever
        self._thread = threading.Thread(target=serve, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hold.release()
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
