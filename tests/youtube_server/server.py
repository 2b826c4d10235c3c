"""The HTTP side: each request is noted, and answered by what a site knows."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlsplit


class Request(NamedTuple):
    """A request: the host that it was meant for, its path, the fields of its query, its body as JSON, and its range."""

    host: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    range: str = ""


class Answer(NamedTuple):
    """An answer: text or JSON, or bytes of a file; ``breaks_off`` is how much of it comes."""

    body: str | bytes | dict[str, Any]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    breaks_off: int | None = None


Site = Callable[[Request], Answer | None]


class YoutubeServer:
    """Runs in a thread of this process; ``with YoutubeServer(site) as server`` starts and stops it."""

    def __init__(self, site: Site, port: int = 0, latency_s: float = 0.0) -> None:
        self.site = site
        self.latency_s = latency_s
        self.asked: list[Request] = []
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.youtube = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    @property
    def address(self) -> str:
        """What stands in the place of YouTube's hosts."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    youtube: YoutubeServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one segment, or the kernel waits for an acknowledgement between them
    server: _Server

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(json.loads(data) if data else {})

    def _answer(self, body: dict[str, Any]) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        request = Request(
            self.headers.get("X-Forwarded-Host", ""), address.path, query, body, self.headers.get("Range", "")
        )
        self.server.youtube.asked.append(request)
        time.sleep(self.server.youtube.latency_s)
        answer = self.server.youtube.site(request) or Answer("", 404)
        content = answer.body
        if isinstance(content, dict):
            content = json.dumps(content)
        data = content.encode() if isinstance(content, str) else content
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json" if isinstance(answer.body, dict) else "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: answer.breaks_off])
        self.close_connection = answer.breaks_off is not None

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""
