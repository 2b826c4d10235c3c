"""A client for servers of strangers: every address is checked, every answer bounded in bytes and time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError

from blift.connectors.web.addresses import Gate, checked_url
from blift.connectors.web.flow import Flow
from blift.connectors.web.gated import let_in
from blift.connectors.web.manners import Manners, Pace
from blift.connectors.web.refusals import NotNow, Refused, retry_after_s
from blift.schemas.reasons import Absent

_REDIRECTS = 10
_MOVED = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({429, 503})
_GONE = {
    404: Absent.NOT_FOUND,
    410: Absent.NOT_FOUND,
    401: Absent.PRIVATE,
    403: Absent.PRIVATE,
    451: Absent.REGION_BLOCKED,
}
_SERVER_ERROR = 500
_PIECE = 256 << 10
#: A body that unpacks to more than so many times what came is made to do harm; a small one may be just repetitive.
_RATIO, _RATIO_FROM = 100, 1 << 20
#: No media are packed so much more densely; what is, and is too large as well, is no accident.
_DENSE = 10
#: Connections to one host that are kept open.
_KEPT = 32


@dataclass(frozen=True)
class WebConfig:
    """How servers are asked.

    Attributes:
        contact: mail or web address, told to all of them.
        per_host_per_s: requests a second to one host, of all workers together; None for no limit.
        max_bytes: of one answer, as it comes and unpacked.
        max_s: seconds that one answer may take.
        timeout_s: seconds that a connection, and a server that says nothing, may take.
        allowed: `host:port` of servers that may be asked although they are not on the open net.
        mirror: address of a server that is asked in place of all others, and told by `Host` whom it stands for.
    """

    contact: str | None = None
    per_host_per_s: float | None = 5.0
    max_bytes: int = 200 << 20
    max_s: float = 600.0
    timeout_s: float = 30.0
    allowed: tuple[str, ...] = ()
    mirror: str | None = None


def user_agent(contact: str | None) -> str:
    """What every server is told of who asks."""
    return f"blift/{version('blift')} ({f'+{contact}' if contact else 'research dataset builder'})"


class Answer:
    """A server's answer, whose body is yet to come."""

    def __init__(self, response: urllib3.BaseHTTPResponse, url: str, config: WebConfig, pace: Pace) -> None:
        self._response = response
        self._config = config
        self._pace = pace
        self.url = url
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers

    def pieces(self) -> Iterator[bytes]:
        """The body, unpacked, as it comes.

        Raises:
            Refused: it is too large, or unpacks to far more than it holds.
            NotNow: it ends too early, comes too slowly, or is packed in a way that was not asked for.
        """
        unpack, received, given = self._unpacker(), 0, 0
        flow = Flow(self._config.max_s)
        for piece in self._received():
            received += len(piece)
            self._pace.receive(len(piece))
            if received > self._config.max_bytes:
                raise Refused(Absent.TOO_MANY_BYTES, f"it has more than {self._config.max_bytes:,} bytes")
            flow.take(len(piece))
            for part in unpack(piece):
                given += len(part)
                if given > _RATIO_FROM and given > _RATIO * received:
                    raise Refused(Absent.BOMB, f"{received:,} bytes unpack to more than {_RATIO} times as many")
                if given > self._config.max_bytes:
                    reason = Absent.BOMB if given > _DENSE * received else Absent.TOO_MANY_BYTES
                    raise Refused(reason, f"{received:,} bytes unpack to more than {self._config.max_bytes:,}")
                yield part

    def text(self, max_bytes: int) -> str:
        """The body as text; what is no UTF-8 is replaced, and what comes after ``max_bytes`` is left.

        Raises:
            Refused: as ``pieces``.
            NotNow: as ``pieces``.
        """
        found = b""
        for piece in self.pieces():
            found += piece
            if len(found) >= max_bytes:
                break
        return found[:max_bytes].decode("utf-8", errors="replace")

    def _received(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(_PIECE, decode_content=False):
                yield piece
        except (HTTPError, OSError) as error:
            raise NotNow(f"the answer broke off: {_words(error)}") from error

    def _unpacker(self) -> _Unpacker:
        name = self.headers.get("content-encoding", "identity").strip().lower()
        if name in ("", "identity"):
            return _Unpacker(None)
        if name in ("gzip", "x-gzip", "deflate"):
            return _Unpacker(zlib.decompressobj(wbits=47))
        raise NotNow(f"it is packed as {name[:40]}, which was not asked for")


class _Unpacker:
    """Pieces as they came to pieces of what they hold, each of bounded size."""

    def __init__(self, stream: zlib._Decompress | None) -> None:
        self._stream = stream

    def __call__(self, piece: bytes) -> Iterator[bytes]:
        if self._stream is None:
            yield piece
            return
        try:
            while piece:
                part = self._stream.decompress(piece, _PIECE)
                piece = self._stream.unconsumed_tail
                if part:
                    yield part
        except zlib.error as error:
            raise NotNow(f"it cannot be unpacked: {error}") from error


class Web:
    """Asks servers for files. One object serves one thread, and keeps its connections open.

    Args:
        manners: of the run.
        config: how to ask.
        gate: opens connections; None for one that allows what the configuration does.
    """

    def __init__(self, manners: Manners, config: WebConfig, gate: Gate | None = None) -> None:
        self._manners = manners
        self._config = config
        self._pools = _pools(gate or Gate(config.allowed))
        self._paces: dict[str, Pace] = {}

    @contextmanager
    def get(self, address: str, headers: Mapping[str, str] | None = None) -> Iterator[Answer]:
        """The answer to a request, redirects followed. Its status is 200, or 206 or 416 where a range was asked for.

        Raises:
            Refused: it may not be asked for, or is not there.
            NotNow: the server is busy, fails, or does not answer.
            BudgetSpent: of the run.
            Stopped: of the run.
        """
        seen = address
        for _ in range(_REDIRECTS + 1):
            response, pace = self._asked(seen, headers or {})
            try:
                if response.status in _MOVED and "location" in response.headers:
                    seen = urljoin(seen, response.headers["location"])
                    continue
                self._judge(response, pace)
                yield Answer(response, seen, self._config, pace)
                return
            finally:
                _let_go(response)
        raise Refused(Absent.TOO_MANY_REDIRECTS, f"more than {_REDIRECTS} redirects")

    def close(self) -> None:
        """Close the connections."""
        self._pools.clear()

    def _asked(self, address: str, headers: Mapping[str, str]) -> tuple[urllib3.BaseHTTPResponse, Pace]:
        url = checked_url(address)
        pace = self._pace(f"{url.host}:{url.port}")
        pace.turn()
        timeout_s = min(self._config.timeout_s, self._config.max_s)
        sent = {"User-Agent": user_agent(self._config.contact), "Accept-Encoding": "identity", **headers}
        if self._config.mirror:
            mirror = checked_url(self._config.mirror)
            sent["Host"] = str(url.host)
            url = url._replace(scheme=mirror.scheme, host=mirror.host, port=mirror.port)
        try:
            response = self._pools.request(
                "GET",
                url.url,
                headers=sent,
                redirect=False,
                retries=False,
                preload_content=False,
                timeout=urllib3.Timeout(connect=timeout_s, read=timeout_s),
            )
        except (HTTPError, OSError, ValueError) as error:
            raise NotNow(f"{url.host} does not answer: {_words(error)}") from error
        return response, pace

    def _pace(self, host: str) -> Pace:
        if host not in self._paces:
            self._paces[host] = self._manners.pace(f"host {host}", self._config.per_host_per_s)
        return self._paces[host]

    def _judge(self, response: urllib3.BaseHTTPResponse, pace: Pace) -> None:
        status, wait_s = response.status, retry_after_s(response.headers.get("retry-after"))
        if status in _BUSY:
            pace.pause(wait_s or 0.0)
            raise NotNow(f"HTTP {status}", wait_s, counts=wait_s is None)
        if status in _GONE:
            raise Refused(_GONE[status], f"HTTP {status}")
        if status >= _SERVER_ERROR:
            raise NotNow(f"HTTP {status}", wait_s)
        if status not in (200, 206, 416):
            raise Refused(Absent.UNAVAILABLE, f"HTTP {status}")
        length = response.headers.get("content-length", "")
        if length.isascii() and length.isdigit() and int(length) > self._config.max_bytes:
            raise Refused(
                Absent.TOO_MANY_BYTES, f"it has {int(length):,} bytes, and {self._config.max_bytes:,} are allowed"
            )


def _let_go(response: urllib3.BaseHTTPResponse) -> None:
    """Give the connection back where nothing of the body is left, else close it."""
    if isinstance(response, urllib3.HTTPResponse) and response.length_remaining == 0:
        response.drain_conn()  # a body of no bytes has an end, too
    else:
        response.close()
    response.release_conn()


def _words(error: Exception) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def _pools(gate: Gate) -> urllib3.PoolManager:
    pools = urllib3.PoolManager(num_pools=64, maxsize=_KEPT, cert_reqs="CERT_REQUIRED")
    let_in(pools, gate)
    return pools
