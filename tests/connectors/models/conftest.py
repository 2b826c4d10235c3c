"""A vision endpoint on the loopback interface that answers as each test says, and pictures to show it."""

import base64
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from blift.connectors.models.pictures import PICTURES


@dataclass
class Says:
    """One answer of the endpoint."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    drip_s: float = 0.0


def completion(content: str, prompt_tokens: int = 100, answer_tokens: int = 20, **message: Any) -> Says:
    """A chat completion."""
    body = {
        "choices": [{"message": {"role": "assistant", "content": content, **message}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": prompt_tokens, "total_tokens": prompt_tokens + answer_tokens},
    }
    return Says(body=json.dumps(body).encode())


def described(picture: bytes, **tokens: int) -> Says:
    """A good answer, which tells pictures apart by their colour."""
    name = colour(picture)
    return completion(json.dumps({"caption": f"A {name} wall.", "tags": [name, "wall"], "screen_text": None}), **tokens)


def colour(picture: bytes) -> str:
    with Image.open(io.BytesIO(picture)) as image:
        pixel = image.convert("RGB").getpixel((0, 0))
    assert isinstance(pixel, tuple)
    return f"#{bytes(pixel).hex()}"


@dataclass
class Asked:
    """One request that the endpoint got."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def picture(self) -> bytes:
        url = self.body["messages"][0]["content"][1]["image_url"]["url"]
        return base64.b64decode(url.partition(",")[2])

    @property
    def text(self) -> str:
        return str(self.body["messages"][0]["content"][0]["text"])


class Endpoint:
    """What the server was asked, and the function that answers."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked, int], Says] = lambda asked, _: described(asked.picture)
        self.most_at_once = 0
        self._now = 0
        self._lock = threading.Lock()
        self.url = ""

    def handle(self, asked: Asked) -> Says:
        with self._lock:
            self.asked.append(asked)
            number = len(self.asked)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            says = self.answer(asked, number)
            time.sleep(says.after_s)
            return says
        finally:
            with self._lock:
                self._now -= 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    endpoint: Endpoint

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        says = self.endpoint.handle(Asked(self.path, dict(self.headers), json.loads(content)))
        self.send_response(says.status)
        for name, value in says.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(says.body)))
        self.end_headers()
        pieces = [says.body[i : i + 1] for i in range(len(says.body))] if says.drip_s else [says.body]
        for piece in pieces:
            self.wfile.write(piece)
            self.wfile.flush()
            time.sleep(says.drip_s)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up closes its connection: that is what some tests are about."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    found = Endpoint()
    handler = type("Handler", (_Handler,), {"endpoint": found})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        found.url = f"http://127.0.0.1:{server.server_port}/v1"
        yield found
        server.shutdown()


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], pa.Table]:
    """So many distinct PNG files, as the table that a model takes."""

    def make(count: int) -> pa.Table:
        folder = tmp_path / "keyframes"
        folder.mkdir(exist_ok=True)
        rows = []
        for number in range(count):
            path = folder / f"{number}.png"
            Image.new("RGB", (8, 8), (number, 100, 200)).save(path)
            rows.append({"digest": hashlib.sha256(path.read_bytes()).hexdigest(), "path": str(path)})
        return pa.Table.from_pylist(rows, PICTURES)

    return make
