"""Requests to an endpoint: bounded in time and size, tried again when it is busy, with a key that never shows."""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3

from blift.connectors.models.allowance import Allowance
from blift.connectors.models.prompt import snippet
from blift.connectors.web.refusals import retry_after_s
from blift.schemas.errors import InputError, RecipeError

#: An answer is cut off here; what is left of it is no JSON.
_MAX_ANSWER_BYTES = 1 << 20
_PIECE_BYTES = 64 << 10
_CONNECT_S = 10.0
#: The longest that one request waits for its next try, and the longest Retry-After that is worth waiting for.
_MAX_WAIT_S = 120.0

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_BUSY = frozenset({408, 425, 429})
_MISCONFIGURED = frozenset({401, 404})


class Spent(Exception):
    """The share of the run's limits is used up."""


class Failed(Exception):
    """No answer could be had.

    Attributes:
        status: the last HTTP status; None where there was none.
    """

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


@dataclass(frozen=True)
class Address:
    """Where an endpoint is and how to ask it.

    Attributes:
        url: of an OpenAI-compatible server, up to and with the version: `http://localhost:8000/v1`.
        key_env: name of the environment variable that holds the key; None where the server wants none.
        timeout_s: seconds that one try may take.
        attempts: how often a request is sent at most.
        backoff_s: seconds, about, before the second try; each further one waits twice as long.
    """

    url: str
    key_env: str | None = None
    timeout_s: float = 60.0
    attempts: int = 4
    backoff_s: float = 1.0

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            raise RecipeError(
                "The `url` of an endpoint is no web address. Write such as http://host:8000/v1."
            ) from None
        if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
            raise RecipeError(
                "The `url` of an endpoint holds more than an address (a name, a key or a query). Leave that out, and "
                "name the environment variable that holds the key as `key_env`."
            )
        if not usable:
            raise RecipeError(f"The `url` of an endpoint, {self.url}, is no http or https address.")
        if self.key_env is not None and not _VARIABLE.fullmatch(self.key_env):  # it may be a key: it is not shown
            raise RecipeError(
                "The `key_env` of an endpoint is no name of an environment variable (A-Z, 0-9, _). Put the key itself "
                "into the environment, never into a recipe."
            )

    def key(self) -> str | None:
        """The key, from the environment of this process.

        Raises:
            RecipeError: the variable is not set, or holds what no header can.
        """
        if self.key_env is None:
            return None
        key = os.environ.get(self.key_env, "").strip()
        if not key:
            raise RecipeError(f"The environment variable {self.key_env}, which `key_env` names, is not set. Set it.")
        if not key.isascii() or not key.isprintable() or " " in key:
            raise RecipeError(f"The environment variable {self.key_env} holds something that is no key. Set it anew.")
        return key


@dataclass(frozen=True)
class _Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class _Gate:
    """Holds all threads back until the server wants to be asked again."""

    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, seconds: float) -> None:
        with self.lock:
            self.until = max(self.until, time.monotonic() + seconds)

    def wait(self) -> None:
        while (left := self.until - time.monotonic()) > 0:
            time.sleep(left)


class Client:
    """Sends questions to one endpoint. Threads may use it together.

    Redirects are not followed: they could carry the key elsewhere.
    """

    def __init__(self, address: Address, connections: int) -> None:
        self._address = address
        self._key = address.key()
        self._gate = _Gate()
        self._pool = urllib3.PoolManager(maxsize=connections, retries=False)
        self._url = f"{address.url.rstrip('/')}/chat/completions"

    def __repr__(self) -> str:
        return f"Client({self._address})"

    def post(self, body: bytes, allowance: Allowance) -> bytes:
        """The body of the answer to a JSON body. The request that brings it stays to be settled by the caller.

        Raises:
            Spent: the allowance has no request left.
            Failed: every try failed, also those that the allowance had left, or the server refuses this very request.
            RecipeError: the server knows neither the key nor the model, or is elsewhere.
        """
        problem, status = "", None
        for attempt in range(self._address.attempts):
            self._gate.wait()
            if not allowance.take():
                if problem:
                    raise Failed(f"{problem} ({attempt} tries, and the recipe's limits allow no more)", status)
                raise Spent
            try:
                response = self._send(body)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                allowance.free()
                problem, status, asked_wait = self._cause(error), None, None
            else:
                if response.status == HTTPStatus.OK:
                    return response.body
                allowance.free()
                status = response.status
                problem = f"HTTP {status}: {snippet(response.body)}"
                self._raise_if_hopeless(status, problem)
                asked_wait = retry_after_s(response.headers.get("Retry-After"))
            self._pause(attempt, asked_wait, problem, status)
        raise Failed(f"{problem} ({self._address.attempts} tries)", status)

    def _send(self, body: bytes) -> _Response:
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        limit = self._address.timeout_s
        deadline = time.monotonic() + limit
        response = self._pool.request(
            "POST",
            self._url,
            body=body,
            headers=headers,
            redirect=False,
            preload_content=False,
            decode_content=False,
            timeout=urllib3.Timeout(connect=min(_CONNECT_S, limit), read=limit),
        )
        content = bytearray()
        with response:  # closing a connection whose answer was read to its end leaves it to the pool
            while len(content) <= _MAX_ANSWER_BYTES and (piece := response.read1(_PIECE_BYTES)):
                content += piece
                if time.monotonic() > deadline:
                    raise TimeoutError
        return _Response(response.status, response.headers, self._without_key(bytes(content)))

    def _without_key(self, content: bytes) -> bytes:
        """An answer that repeats the key, as error messages do, without it."""
        return content.replace(self._key.encode(), b"***") if self._key else content

    def _cause(self, error: Exception) -> str:
        refused = isinstance(error, urllib3.exceptions.NewConnectionError)  # which is a TimeoutError to urllib3
        if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError) and not refused:
            return f"no answer within {self._address.timeout_s:g} s"
        return f"the connection failed ({type(error).__name__})"

    def _raise_if_hopeless(self, status: int, problem: str) -> None:
        """Raise what another try would not change."""
        url = self._address.url
        if status in _MISCONFIGURED:
            raise RecipeError(f"{url} answers {problem}. Check `url`, `model` and the key that `key_env` names.")
        if status in range(300, 400):
            raise RecipeError(f"{url} sends elsewhere (HTTP {status}). Name the address that it sends to as `url`.")
        if status in range(400, 500) and status not in _BUSY:
            raise Failed(problem, status)

    def _pause(self, attempt: int, asked_wait: float | None, problem: str, status: int | None) -> None:
        """Wait before the next try: as long as the server asks, else longer each time and never in step."""
        if asked_wait is not None:
            if asked_wait > _MAX_WAIT_S:
                raise Failed(f"{problem} (asks to wait {asked_wait:.0f} s)", status)
            self._gate.hold(asked_wait)
        elif attempt + 1 < self._address.attempts:
            longest = min(_MAX_WAIT_S, self._address.backoff_s * 2**attempt)
            time.sleep(longest * random.uniform(0.5, 1.0))


def unanswered(url: str, failures: int, detail: str) -> InputError:
    """The error of an endpoint that answers nothing any more."""
    return InputError(
        f"{url} left {failures} pictures in a row without a usable answer, the last with: {detail}. Mend the "
        "endpoint and run again; answers so far are kept."
    )
