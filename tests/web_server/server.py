"""A server whose every path has a reply of its own; requests are noted with their time."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.loopback import Handler, Loopback


def picture(name: str, size: int = 40_000) -> bytes:
    """Bytes that begin as a JPEG does, another one for each name."""
    filler = hashlib.sha256(name.encode()).digest()
    return (b"\xff\xd8\xff\xe0" + filler * (size // len(filler) + 1))[:size]


class Asked(NamedTuple):
    """A request: when it came, its path, the `Host` and the range that it named."""

    at: float
    path: str
    host: str
    range: str


@dataclass
class Reply:
    """What a path answers.

    Attributes:
        body: whole, or piece by piece without an end that is known.
        status: of the answer.
        headers: besides the length.
        length: what `Content-Length` says; None for the truth, and below zero for no such header.
        cut: the connection is closed after so many bytes of the body.
        pause_s: before each piece.
        ranges: whether a part may be asked for.
    """

    body: bytes | Callable[[], Iterator[bytes]] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    cut: int | None = None
    pause_s: float = 0.0
    ranges: bool = False


class WebServer(Loopback):
    """Runs in a thread of this process; ``with WebServer(replies) as server`` starts and stops it.

    Args:
        replies: by path; a list gives one after another, the last for ever. A path that is in none is answered by
            ``otherwise``, and with 404 where that is None.
        otherwise: makes a reply out of a path.
        latency_s: how long an answer takes.
    """

    def __init__(
        self,
        replies: dict[str, Reply | list[Reply]] | None = None,
        *,
        otherwise: Callable[[str], Reply] | None = None,
        latency_s: float = 0.0,
    ) -> None:
        self.replies = replies or {}
        self.otherwise = otherwise
        self.latency_s = latency_s
        self.asked: list[Asked] = []
        self._lock = threading.Lock()
        super().__init__(_Handler)

    @property
    def allowed(self) -> str:
        """What lets it be asked."""
        return f"127.0.0.1:{self.port}"

    def at(self, path: str) -> str:
        """The address of a path."""
        return f"{self.address}{path}"

    def counts(self) -> Counter[str]:
        """Requests by path, without those for robots.txt."""
        return Counter(asked.path for asked in self.asked if asked.path != "/robots.txt")

    def reply(self, asked: Asked) -> Reply:
        """The next reply of a path."""
        with self._lock:
            self.asked.append(asked)
            found = self.replies.get(asked.path)
            if isinstance(found, list):
                return found.pop(0) if len(found) > 1 else found[0]
        if found is None and self.otherwise and asked.path != "/robots.txt":
            return self.otherwise(asked.path)
        return found or Reply(status=404)


class _Handler(Handler):
    def serve(self) -> None:
        web = self.server.site
        reply = web.reply(Asked(time.time(), self.path, self.headers["Host"], self.headers.get("Range", "")))
        time.sleep(web.latency_s)
        first = self._first(reply)
        self.send_response(206 if first else reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        whole = reply.body if isinstance(reply.body, bytes) else None
        if first and whole is not None:
            self.send_header("Content-Range", f"bytes {first}-{len(whole) - 1}/{len(whole)}")
        length = reply.length if reply.length is not None else len(whole or b"") - first
        if length >= 0 and (whole is not None or reply.length is not None):
            self.send_header("Content-Length", str(length))
        else:
            self.close_connection = True
        self.end_headers()
        self._send(reply, first)

    def _first(self, reply: Reply) -> int:
        """Where the part that is asked for begins, where parts may be asked for and the version is the same."""
        asked, version = self.headers.get("Range", ""), self.headers.get("If-Range")
        if not reply.ranges or not asked.startswith("bytes=") or version != reply.headers.get("ETag"):
            return 0
        return int(asked.removeprefix("bytes=").partition("-")[0])

    def _send(self, reply: Reply, first: int) -> None:
        pieces = [reply.body[first:]] if isinstance(reply.body, bytes) else reply.body()
        sent = 0
        for piece in pieces:
            time.sleep(reply.pause_s)
            part = piece if reply.cut is None else piece[: max(0, reply.cut - sent)]
            self.wfile.write(part)
            self.wfile.flush()
            sent += len(part)
            if reply.cut is not None and sent >= reply.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
