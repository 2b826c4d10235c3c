"""The server of `blift explore`: on this machine alone, for whoever has its address, and for reading alone.

The address holds a secret, so that other users and the pages of other sites cannot ask. What is asked for under another
host name is refused, so that a name that a stranger lets point to this machine (DNS rebinding) is of no use either.
"""

from __future__ import annotations

import errno
import hmac
import json
import os
import re
import secrets
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, BinaryIO
from urllib.parse import parse_qs, unquote, urlsplit

from blift.connectors.filesystem import open_to_read
from blift.pipelines.explore.api import Explorer, Parameters
from blift.pipelines.explore.kept_media import KeptMedia
from blift.schemas.errors import BliftError, InputError

ADDRESS = "127.0.0.1"
_MOST_PORT = 65_535
#: Seconds after which a connection that asks for nothing is closed, and bytes of a file that are sent at once.
_IDLE_S, _PIECE_BYTES = 30.0, 1 << 16
#: The page is of this server alone: no other host is asked, nothing of others runs, and no other page may hold it.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PAGE = {
    "": ("explore.html", "text/html; charset=utf-8"),
    "explore.js": ("explore.js", "text/javascript; charset=utf-8"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "explore.css": ("explore.css", "text/css; charset=utf-8"),
}
_RANGE = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


class ExploreServer(ThreadingHTTPServer):
    """Serves one dataset on this machine, until it is shut down.

    Args:
        explorer: answers the page.
        media: the files of media that are shown; None where there are none.
        port: 0 for one that is free.

    Raises:
        InputError: the port is in use, or may not be used.
    """

    daemon_threads = True

    def __init__(self, explorer: Explorer, media: KeptMedia | None = None, port: int = 0) -> None:
        if not 0 <= port <= _MOST_PORT:
            raise InputError(f"--port is {port}; it must be 0 to {_MOST_PORT:,}, where 0 is any free one.")
        self.media = media
        self.token = secrets.token_urlsafe(24)
        self.answers: dict[str, Callable[[Parameters], dict[str, Any]]] = {
            "tables": explorer.tables,
            "rows": explorer.rows,
            "row": explorer.row,
            "id": explorer.by_id,
        }
        try:
            super().__init__((ADDRESS, port), _Requests)
        except OSError as error:
            why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise InputError(
                f"Port {port} of {ADDRESS} {why}. Choose another --port, or 0 for any free one."
            ) from error
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}

    @property
    def url(self) -> str:
        """The address to open: whoever has it can read the dataset."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"


class _Requests(BaseHTTPRequestHandler):
    """One connection."""

    server: ExploreServer
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def do_GET(self) -> None:
        try:
            self._answer()
        except (BrokenPipeError, ConnectionResetError):  # the page went on without the answer
            self.close_connection = True

    def do_HEAD(self) -> None:
        self.do_GET()

    def _answer(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            return self._say(HTTPStatus.MISDIRECTED_REQUEST, "This server answers under its own address alone.")
        address = urlsplit(self.path)
        token, _, place = address.path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self.server.token.encode()):
            return self._say(HTTPStatus.FORBIDDEN, "Open the address that `blift explore` printed: it holds a secret.")
        room, _, name = place.partition("/")
        if place in _PAGE:
            return self._page(place)
        if room == "api" and (answer := self.server.answers.get(name)):
            return self._json(answer, parse_qs(address.query, max_num_fields=200))
        if room == "media" and self.server.media:
            return self._media(self.server.media, unquote(name))
        return self._say(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _page(self, place: str) -> None:
        name, kind = _PAGE[place]
        self._send(HTTPStatus.OK, kind, files("blift.pipelines.explore").joinpath("page", name).read_bytes())

    def _json(self, answer: Callable[[Parameters], dict[str, Any]], parameters: Parameters) -> None:
        try:
            found, status = answer(parameters), HTTPStatus.OK
        except BliftError as error:
            found, status = {"error": str(error)}, HTTPStatus.BAD_REQUEST
        self._send(status, "application/json", json.dumps(found).encode())

    def _media(self, media: KeptMedia, name: str) -> None:
        try:
            path, kind = media.path(name)
            stream = open_to_read(path)
        except (BliftError, OSError):
            return self._say(HTTPStatus.NOT_FOUND, "There is no such file of media.")
        with stream:
            return self._file(stream, kind)

    def _file(self, stream: BinaryIO, kind: str) -> None:
        """A file, or the part of it that a player asks for."""
        size = os.fstat(stream.fileno()).st_size
        asked = self.headers.get("Range")
        part = _part(asked, size) if asked else (0, size)
        if part is None:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        first, stop = part
        self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{stop - 1}/{size}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(stop - first))
        self.end_headers()
        if self.command == "HEAD":
            return
        stream.seek(first)
        while first < stop and (piece := stream.read(min(_PIECE_BYTES, stop - first))):
            self.wfile.write(piece)
            first += len(piece)

    def _say(self, status: HTTPStatus, sentence: str) -> None:
        self._send(status, "text/plain; charset=utf-8", f"{sentence}\n".encode())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        return "blift"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server calls it
        """Nothing: what a page asks for is no news."""


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """First byte of a range of a file, and the one after its last; None where there are none such."""
    found = _RANGE.fullmatch(asked)
    if found is None or not (found["first"] or found["last"]):
        return None
    if not found["first"]:
        return (max(0, size - int(found["last"])), size) if int(found["last"]) and size else None
    first = int(found["first"])
    stop = min(int(found["last"]) + 1, size) if found["last"] else size
    return (first, stop) if first < stop else None
