"""Questions to an endpoint through openai's client: bounded in time and size, asked again when it is busy."""

from __future__ import annotations

import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import openai

from blift.connectors.models.address import Address
from blift.connectors.models.allowance import Allowance
from blift.connectors.models.prompt import snippet
from blift.connectors.web.refusals import retry_after_s
from blift.schemas.errors import InputError, RecipeError

#: An answer is cut off here; what is left of it is no JSON.
_MAX_ANSWER_BYTES = 1 << 20
_CONNECT_S = 10.0
#: The longest that one request waits for its next try, and the longest Retry-After that is worth waiting for.
_MAX_WAIT_S = 120.0
#: Headers that a request needs. openai's client adds others, out of the environment too, that are nobody's business.
_HEADERS = frozenset({"host", "content-type", "content-length", "connection", "user-agent"})

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


class _Transport(httpx2.HTTPTransport):
    """Adds the key, which nothing above knows, and reads an answer within bounds."""

    def __init__(self, key: str | None, timeout_s: float, connections: int) -> None:
        super().__init__(trust_env=False, limits=httpx2.Limits(max_connections=connections))
        self._key = key
        self._timeout_s = timeout_s

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        deadline = time.monotonic() + self._timeout_s
        headers = {name: value for name, value in request.headers.items() if name in _HEADERS}
        headers |= {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        response = super().handle_request(
            httpx2.Request(
                request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
            )
        )
        response.headers.pop("content-encoding", None)  # none was asked for, and few bytes may unpack to many
        response.stream = _Bounded(response.stream, deadline)
        return response


class _Bounded(httpx2.SyncByteStream):
    """The bytes of an answer: so many, and until then."""

    def __init__(self, stream: Any, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        left = _MAX_ANSWER_BYTES
        for piece in self._stream:
            yield piece
            left -= len(piece)
            if left < 0:
                return
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("")

    def close(self) -> None:
        """Let the connection go."""
        self._stream.close()


@dataclass
class _Gate:
    """Holds all threads back until the server wants to be asked again."""

    clock: Callable[[], float]
    sleep: Callable[[float], object]
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hold(self, seconds: float) -> None:
        with self.lock:
            self.until = max(self.until, self.clock() + seconds)

    def wait(self) -> None:
        while (left := self.until - self.clock()) > 0:
            self.sleep(left)


class Client:
    """Sends questions to one endpoint. Threads may use it together.

    Redirects are not followed: they could carry the key elsewhere.

    Args:
        address: the endpoint.
        connections: how many are kept open at most.
        clock: tells a time that is never set back, in seconds.
        sleep: waits for so many seconds.
    """

    def __init__(
        self,
        address: Address,
        connections: int,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._address = address
        self._key = address.key()
        self._gate = _Gate(clock, sleep)
        self._sleep = sleep
        limit = address.timeout_s
        connection = httpx2.Client(
            transport=_Transport(self._key, limit, connections), trust_env=False, follow_redirects=False
        )
        weakref.finalize(self, connection.close)
        self._api = openai.OpenAI(
            api_key="-",  # the transport has the key, where there is one
            base_url=address.url,
            max_retries=0,  # each try counts
            timeout=httpx2.Timeout(limit, connect=min(_CONNECT_S, limit)),
            http_client=connection,
        )

    def __repr__(self) -> str:
        return f"Client({self._address})"

    def post(self, question: Mapping[str, Any], allowance: Allowance) -> bytes:
        """The body of the answer to a question. The request that brings it stays to be settled by the caller.

        Args:
            question: the arguments of a chat completion.
            allowance: what a try is taken from.

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
                answer = self._api.chat.completions.with_raw_response.create(**question)
                return self._without_key(answer.content)
            except openai.APIStatusError as error:
                allowance.free()
                status = error.status_code
                problem = f"HTTP {status}: {snippet(self._without_key(error.response.content))}"
                self._raise_if_hopeless(status, problem)
                asked_wait = retry_after_s(error.response.headers.get("Retry-After"))
            except openai.APIConnectionError as error:
                allowance.free()
                problem, status, asked_wait = self._cause(error), None, None
            self._pause(attempt, asked_wait, problem, status)
        raise Failed(f"{problem} ({self._address.attempts} tries)", status)

    def _without_key(self, content: bytes) -> bytes:
        """An answer that repeats the key, as error messages do, without it."""
        return content.replace(self._key.encode(), b"***") if self._key else content

    def _cause(self, error: openai.APIConnectionError) -> str:
        if isinstance(error, openai.APITimeoutError):
            return f"no answer within {self._address.timeout_s:g} s"
        return f"the connection failed ({type(error.__cause__).__name__})"

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
            self._sleep(longest * random.uniform(0.5, 1.0))


def unanswered(url: str, failures: int, detail: str) -> InputError:
    """The error of an endpoint that answers nothing any more."""
    return InputError(
        f"{url} left {failures} pictures in a row without a usable answer, the last with: {detail}. Mend the "
        "endpoint and run again; answers so far are kept."
    )
