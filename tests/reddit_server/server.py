"""The HTTP side of Reddit on loopback: who may ask, how much, and how the real one answers."""

from __future__ import annotations

import base64
import json
import math
import re
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tests.loopback import Handler, Loopback
from tests.reddit_server.answers import ROUTES, Refusal
from tests.reddit_server.recorded import escaped
from tests.reddit_server.site import Data, Site

#: The id and secret that the server knows.
CLIENT = ("loopback_id", "loopback_secret")
_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105 - a path


class Limit(NamedTuple):
    """Requests that are allowed in a window of so many seconds; windows follow one another."""

    requests: int
    window_s: float


@dataclass
class Fault:
    """What happens to a request in place of its answer.

    Attributes:
        path: expression that the whole path matches.
        status: of the answer; 0 closes the connection without one.
        body: of the answer. ``headers``: of the answer.
        times: how often.
        again_in_s: the answer's Retry-After names the date that is so many seconds away when it is given.
        cut: bytes of the proper answer that are sent; the connection closes then, in the middle of it.
    """

    path: str
    status: int = 0
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    again_in_s: float | None = None
    cut: int | None = None

    def header(self) -> dict[str, str]:
        """The headers of an answer that is given now."""
        if self.again_in_s is None:
            return self.headers
        return self.headers | {"Retry-After": formatdate(time.time() + self.again_in_s, usegmt=True)}


class Asked(NamedTuple):
    """A request that came."""

    at: float
    method: str
    path: str
    fields: dict[str, str]
    status: int


class RedditServer(Loopback):
    """Runs in a thread of this process; ``with RedditServer(site) as server`` starts and stops it.

    Args:
        site: what it knows.
        limit: requests that it allows; None for any number.
        latency_s: how long an answer takes.
        tokens_hold: whether tokens are good until ``expire_tokens``; otherwise none ever is.
        port: 0 for any.
    """

    def __init__(
        self,
        site: Site,
        *,
        limit: Limit | None = None,
        latency_s: float = 0.0,
        tokens_hold: bool = True,
        port: int = 0,
    ) -> None:
        self.site, self.limit, self.latency_s, self.tokens_hold = site, limit, latency_s, tokens_hold
        self.lock = threading.Lock()
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        #: What no client of Reddit's may do.
        self.violations: list[str] = []
        #: Requests over the limit, each of which got a 429.
        self.refused = 0
        self.tokens: dict[str, bool] = {}
        self._window = (0.0, 0)
        super().__init__(_Handler, port)

    def praw_ini(self) -> str:
        """A configuration that leads PRAW here."""
        return (
            f"[DEFAULT]\nclient_id={CLIENT[0]}\nclient_secret={CLIENT[1]}\nuser_agent=blift tests on loopback\n"
            f"oauth_url={self.address}\nreddit_url={self.address}\n"
        )

    def counts(self) -> Counter[str]:
        """Requests by path."""
        with self.lock:
            return Counter(asked.path for asked in self.asked)

    def expire_tokens(self) -> None:
        """Accept no token any more that was given so far."""
        with self.lock:
            self.tokens = dict.fromkeys(self.tokens, False)

    def let_in(self) -> tuple[bool, dict[str, str]]:
        """Count a request against the limit: whether it may be answered, and the headers that say what is left."""
        if self.limit is None:
            return True, {}
        with self.lock:
            now = time.monotonic()
            began, used = self._window
            if now - began >= self.limit.window_s:
                began, used = now, 0
            used += 1
            self._window = (began, used)
            is_over = used > self.limit.requests
            self.refused += is_over
        reset = str(math.ceil(began + self.limit.window_s - now))
        left = max(0, self.limit.requests - used)
        headers = {"x-ratelimit-remaining": f"{left:.1f}", "x-ratelimit-used": str(used), "x-ratelimit-reset": reset}
        return not is_over, {**headers, "retry-after": reset} if is_over else headers

    def fault(self, path: str) -> Fault | None:
        """The fault that is due for a path."""
        with self.lock:
            for one in self.faults:
                if one.times > 0 and re.fullmatch(one.path, path):
                    one.times -= 1
                    return one
        return None


class _Handler(Handler):
    def serve(self) -> None:
        reddit = self.server.site
        at = time.time()
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        fields = {name: values[-1] for name, values in parse_qs(f"{urlsplit(self.path).query}&{body}").items()}
        is_let_in, headers = reddit.let_in()
        fault = reddit.fault(path)
        if reddit.latency_s:
            time.sleep(reddit.latency_s)
        if not is_let_in:
            status, content = 429, json.dumps({"message": "Too Many Requests", "error": 429}).encode()
        elif fault and fault.cut is None:
            status, content, headers = fault.status, fault.body, headers | fault.header()
        else:
            status, content, more = self._answer(path, fields)
            headers |= more
        with reddit.lock:
            reddit.asked.append(Asked(at, self.command, path, fields, status))
        self._send(status, content, headers, fault.cut if fault and is_let_in else None)

    def _send(self, status: int, content: bytes, headers: dict[str, str], cut: int | None) -> None:
        if status == 0 or cut is not None:
            self.close_connection = True
        if status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        headers = {"Content-Type": "application/json; charset=UTF-8", "Content-Length": str(len(content))} | headers
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[:cut])

    def _answer(self, path: str, fields: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        reddit = self.server.site
        agent = self.headers.get("User-Agent", "")
        if not agent or agent.startswith(("python-requests", "Python-urllib")):
            return self._violated("no user agent of its own")
        try:
            if path == _TOKEN_PATH:
                answer = self._token(fields)
            else:
                self._check_bearer()
                answer = self._routed(path, fields)
        except Refusal as refusal:
            if refusal.violates:
                with reddit.lock:
                    reddit.violations.append(f"{self.command} {self.path}: {refusal.violates}")
            return refusal.status, json.dumps(refusal.body).encode(), refusal.headers
        return 200, json.dumps(answer if fields.get("raw_json") == "1" else escaped(answer)).encode(), {}

    def _violated(self, what: str) -> tuple[int, bytes, dict[str, str]]:
        with self.server.site.lock:
            self.server.site.violations.append(f"{self.command} {self.path}: {what}")
        return 400, json.dumps({"message": what, "error": 400}).encode(), {}

    def _routed(self, path: str, fields: dict[str, str]) -> Any:
        for methods, pattern, answer in ROUTES:
            found = re.fullmatch(pattern, path)
            if found:
                if self.command not in methods:
                    raise Refusal(405, violates="wrong method")
                return answer(self.server.site.site, fields, **found.groupdict())
        raise Refusal(404, violates="no such path")

    def _check_bearer(self) -> None:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        with self.server.site.lock:
            is_good = self.server.site.tokens.get(token)
        if kind.lower() != "bearer" or is_good is None:
            raise Refusal(401, headers=_EXPIRED, violates="no token of ours")
        if not is_good:
            raise Refusal(401, headers=_EXPIRED)

    def _token(self, fields: dict[str, str]) -> Data:
        reddit = self.server.site
        if self.command != "POST":
            raise Refusal(405, violates="a token is asked for by POST")
        kind, _, given = self.headers.get("Authorization", "").partition(" ")
        if kind != "Basic" or base64.b64decode(given).decode() != ":".join(CLIENT):
            raise Refusal(401)
        if fields.get("grant_type") != "client_credentials":
            return {"error": "unsupported_grant_type"}
        with reddit.lock:
            token = f"token-{len(reddit.tokens)}"
            reddit.tokens[token] = reddit.tokens_hold
        # Reddit says a day; the server may forget earlier.
        return {"access_token": token, "token_type": "bearer", "expires_in": 86_400, "scope": "*"}


_EXPIRED = {"www-authenticate": 'Bearer realm="reddit", error="invalid_token"'}
