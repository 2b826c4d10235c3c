"""The HTTP side of the Hub on loopback: what a request asks for, and how the real one answers."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_server import repo_api, storage_api, xet_api
from tests.hub_server.faults import Fault, Faults
from tests.hub_server.state import HubState, Refused
from tests.hub_server.xet_api import XetStorage
from tests.loopback import Handler, Loopback

_DECLARED: list[tuple[str, str, Callable[..., None]]] = [*repo_api.ROUTES, *storage_api.ROUTES, *xet_api.ROUTES]
_ROUTES = [(method, re.compile(path), do) for method, path, do in _DECLARED]
_BLOCK = 1 << 16


class HubServer(Loopback):
    """A Hub that runs in a thread of this process; `with HubServer(folder) as hub` starts and stops it.

    Args:
        folder: where contents lie.
        xet: have Xet's storage beside LFS; without it, its addresses are not there.
    """

    def __init__(self, folder: Path, *, xet: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.state = HubState(folder, XetStorage(folder) if xet else None)
        self.faults = Faults()
        super().__init__(_Handler)

    @property
    def endpoint(self) -> str:
        """What a client of the Hub's takes for its address."""
        return self.address

    def fail(self, *faults: Fault) -> None:
        """Let requests go wrong."""
        self.faults.add(*faults)

    def counted(self) -> dict[str, int]:
        """How often what was done since the last call of `forget_counts`."""
        with self.state.lock:
            return dict(self.state.counts)

    def forget_counts(self) -> None:
        with self.state.lock:
            self.state.counts.clear()


class BrokenUpload(Exception):
    """The client went away in the middle of a body."""


class _Handler(Handler):
    """One connection."""

    # What the routes use.

    @property
    def hub(self) -> HubState:
        state: HubState = self.server.site.state
        return state

    @property
    def endpoint(self) -> str:
        return str(self.server.site.endpoint)

    @property
    def token(self) -> str | None:
        given = self.headers.get("Authorization")
        return given.removeprefix("Bearer ") if given else None

    @property
    def query(self) -> dict[str, str]:
        return {key: values[-1] for key, values in parse_qs(urlsplit(self.path).query).items()}

    def pieces(self) -> Iterator[bytes]:
        """The body of the request, as it comes."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
                yield self._exactly(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            left = int(self.headers.get("Content-Length") or 0)
            while left:
                piece = self._exactly(min(left, _BLOCK))
                left -= len(piece)
                yield piece
        self._body_read = True

    def _exactly(self, size: int) -> bytes:
        piece = self.rfile.read(size)
        with self.hub.lock:
            if self.command == "PUT" or self.path.startswith("/cas/v1/xorbs/"):
                self.hub.counts["bytes_put"] += len(piece)
        if len(piece) < size:
            raise BrokenUpload
        return piece

    def body(self) -> bytes:
        return b"".join(self.pieces())

    def json_body(self) -> Any:
        try:
            return json.loads(self.body())
        except ValueError as error:
            raise Refused(400, "The body is not JSON") from error

    def form_values(self, name: str) -> list[str]:
        """The values of one field of a form."""
        return parse_qs(self.body().decode()).get(name, [])

    def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        """Send an answer; without its content for HEAD."""
        if not self._body_read:
            self.close_connection = True  # what is left of the body would be taken for the next request
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def answer_json(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        if self._lost:
            return
        self.answer(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})

    # How a request is served.

    def serve(self) -> None:
        self._body_read = self.headers.get("Content-Length") in (None, "0") and "Transfer-Encoding" not in self.headers
        self._lost = False
        path = unquote(urlsplit(self.path).path)
        time.sleep(self.hub.answer_s)
        fault = self.server.site.faults.next_for(self.command, path)
        try:
            if fault and not fault.after:
                self._strike(fault)
                return
            self._lost = fault is not None
            self._route(path)
            if fault:
                self._break()
        except Refused as refused:
            headers = {"X-Error-Message": refused.message}
            if refused.code:
                headers["X-Error-Code"] = refused.code
            self.answer_json({"error": refused.message}, refused.status, headers)
        except (BrokenUpload, ConnectionError):
            self.close_connection = True

    def _strike(self, fault: Fault) -> None:
        if fault.status is None:
            self._break()
        else:
            if not self._body_read:
                self.body()  # or the client sees a broken pipe in place of the answer
            self.answer_json({"error": "a fault on purpose"}, fault.status, fault.headers)

    def _break(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _route(self, path: str) -> None:
        for method, pattern, do in _ROUTES:
            found = pattern.fullmatch(path)
            if found and method == self.command:
                with self.hub.lock:
                    self.hub.counts["requests"] += 1
                    self.hub.counts[do.__name__] += 1
                do(self, **found.groupdict())
                return
        raise Refused(404, f"Not found: {self.command} {path}")
