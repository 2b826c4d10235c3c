"""The HTTP side: each request is noted, and answered by what a site knows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.loopback import Handler, Loopback


class Request(NamedTuple):
    """A request: the host that it was meant for, its path, the fields of its query, its body as JSON, and its range."""

    host: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    range: str = ""


class Answer(NamedTuple):
    """An answer: text or JSON, or bytes of a file.

    Attributes:
        breaks_off: how much of it comes; None for all.
        says_length: whether its head says how long it is.
        times: how often the body is sent, one after another, in one answer whose length is not said.
        pause_s: seconds between those.
    """

    body: str | bytes | dict[str, Any]
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    breaks_off: int | None = None
    says_length: bool = True
    times: int = 1
    pause_s: float = 0.0


Site = Callable[[Request], Answer | None]


class YoutubeServer(Loopback):
    """Runs in a thread of this process; ``with YoutubeServer(site) as server`` starts and stops it."""

    def __init__(self, site: Site, port: int = 0, latency_s: float = 0.0) -> None:
        self.site = site
        self.latency_s = latency_s
        self.asked: list[Request] = []
        super().__init__(_Handler, port)


class _Handler(Handler):
    wbufsize = 1 << 16  # head and body in one segment, or the kernel waits for an acknowledgement between them

    def serve(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(json.loads(data) if data else {})

    def _answer(self, body: dict[str, Any]) -> None:
        address = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        request = Request(
            self.headers.get("X-Forwarded-Host", ""), address.path, query, body, self.headers.get("Range", "")
        )
        youtube: YoutubeServer = self.server.site
        youtube.asked.append(request)
        time.sleep(youtube.latency_s)
        answer = youtube.site(request) or Answer("", 404)
        content = answer.body
        if isinstance(content, dict):
            content = json.dumps(content)
        data = content.encode() if isinstance(content, str) else content
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json" if isinstance(answer.body, dict) else "text/html")
        whole = answer.says_length and answer.times == 1
        if whole:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for _ in range(answer.times):
            self.wfile.write(data[: answer.breaks_off])
            self.wfile.flush()
            time.sleep(answer.pause_s)
        self.close_connection = answer.breaks_off is not None or not whole
