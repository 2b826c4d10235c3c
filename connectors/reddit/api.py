"""Reddit's API through PRAW: read-only, at the pace that all workers share, answers as Reddit gave them."""

from __future__ import annotations

import configparser
import math
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import praw
import requests
from praw.exceptions import MissingRequiredAttributeException
from prawcore import Requestor
from prawcore.const import ACCESS_TOKEN_PATH
from prawcore.exceptions import BadJSON, OAuthException, RequestException

from blift.connectors.reddit.refusals import NotAnswered, Refused
from blift.connectors.web.manners import LONGEST_PAUSE_S, Pace
from blift.connectors.web.refusals import retry_after_s
from blift.schemas.errors import FetchError

_WHERE = (
    "Set praw_client_id, praw_client_secret and praw_user_agent in the environment or in praw.ini; "
    "https://www.reddit.com/prefs/apps gives an application (of the type script) its id and secret."
)
#: PRAW's own rate limiter would sleep by these, where nothing can wake it: it does not get to see them.
_REMAINING, _RESET = "x-ratelimit-remaining", "x-ratelimit-reset"
#: Below this part of what the pace would use until the window ends, somebody else uses the credentials as well.
_SHARE = 0.9
#: Makes the pace of Reddit for so many turns a second.
PaceAt = Callable[[float | None], Pace]
#: First and longest wait after a 429 that does not say how long.
_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 300.0


class RedditApi:
    """Asks Reddit. One object serves one thread.

    Args:
        pace_at: makes Reddit's pace for so many turns a second; every request takes a turn, those for a token too.
        per_s: turns a second; None for no limit but Reddit's own.
        site: section of praw.ini; None for the one that PRAW takes by itself.
        user_agent: who asks; None for the one that PRAW's configuration holds.

    Raises:
        FetchError: the credentials are not there, or praw.ini cannot be used.
    """

    def __init__(
        self, pace_at: PaceAt, per_s: float | None, site: str | None = None, user_agent: str | None = None
    ) -> None:
        self._site = site
        self._user_agent = user_agent
        self._options = {"pace_at": pace_at, "per_s": per_s}
        self._http = requests.Session()
        self._reddit = self._session()

    def get(self, path: str, **params: str | int) -> Any:
        """The answer to a question, as JSON without entities in its strings (PRAW asks for ``raw_json``).

        Raises:
            Refused: Reddit does not give it.
            NotAnswered: there is no answer that can be read.
            FetchError: Reddit does not accept the credentials.
            BudgetSpent, Stopped: of ``blift.connectors.web.manners``.
        """
        return self._ask(method="GET", path=path, params=params)

    def post(self, path: str, **data: str | int) -> Any:
        """As ``get``, for questions that are too long for an address."""
        return self._ask(method="POST", path=path, data=data)

    def close(self) -> None:
        """Let go of connections."""
        self._http.close()

    def _ask(self, **question: Any) -> Any:
        try:
            return self._once(question)
        except _TokenExpired:  # a new session gets a new one
            self._reddit = self._session()
        try:
            return self._once(question)
        except _TokenExpired:
            raise FetchError(f"Reddit does not accept the token that it gave. {_WHERE}") from None

    def _once(self, question: dict[str, Any]) -> Any:
        # PRAW's errors hold the request with its secret: none may stay the cause of another.
        try:
            return self._reddit.request(**question)
        except OAuthException as error:
            raise FetchError(f"Reddit does not accept the credentials ({error.error}). {_WHERE}") from None
        except (BadJSON, RecursionError):
            raise NotAnswered("Reddit's answer is no JSON.") from None

    def _session(self) -> praw.Reddit:
        settings: dict[str, Any] = {"check_for_updates": False, "check_for_async": False}
        if self._user_agent is not None:
            settings["user_agent"] = self._user_agent
        try:
            reddit = praw.Reddit(
                self._site,
                requestor_class=PacedRequestor,
                requestor_kwargs={**self._options, "session": self._http},
                **settings,
            )
        except MissingRequiredAttributeException:
            raise FetchError(f"There are no credentials for Reddit. {_WHERE}") from None
        except configparser.NoSectionError as error:
            raise FetchError(f"praw.ini has no section {error.section!r}. Add it, or name another site.") from None
        except (configparser.Error, ValueError):  # whose texts repeat lines of the file
            raise FetchError("praw.ini is no INI file, or a number in it is none. Mend it.") from None
        reddit.read_only = True
        return reddit


class _TokenExpired(Exception):
    """Reddit does not know the token any more."""


class PacedRequestor(Requestor):
    """Takes a turn before every request, and tells the pace what Reddit says of its limit.

    What is no answer to the question is raised here, past PRAW's own retries, which sleep where nothing wakes them.
    """

    def __init__(self, *, pace_at: PaceAt, per_s: float | None, **options: Any) -> None:
        self._pace_at = pace_at
        self._pace = pace_at(per_s)
        self._per_s = per_s
        self._refusals = 0
        super().__init__(**options)

    def request(self, *args: Any, timeout: float | None = None, **kwargs: Any) -> Any:
        """One request, one answer; see ``RedditApi.get`` for what it raises."""
        self._pace.turn()
        try:
            response = super().request(*args, timeout=timeout, **{**kwargs, "allow_redirects": False})
        except RequestException as error:
            cause = type(error.original_exception).__name__
            if isinstance(error.original_exception, ValueError):  # no header, no address
                raise FetchError(
                    f"PRAW's configuration makes no request ({cause}). Look at the user agent, the id and secret, "
                    "the addresses and the proxy that it names."
                ) from None
            raise NotAnswered(f"Reddit cannot be reached ({cause}).") from None
        self._pace.receive(len(response.content))
        self._check_busy(response)
        self._keep_to_limit(response.headers)
        _check_welcome(response)
        if urlsplit(str(args[1])).path == ACCESS_TOKEN_PATH:
            _check_token(response)
        else:
            _check_given(response)
        for name in (_REMAINING, _RESET):
            response.headers.pop(name, None)
        return response

    def _check_busy(self, response: Any) -> None:
        status = response.status_code
        wait_s = retry_after_s(response.headers.get("retry-after"))
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            if wait_s is None:
                wait_s = _number(response.headers.get(_RESET)) or self._growing_wait()
            self._refusals += 1
        elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            if wait_s is None:
                raise NotAnswered(f"Reddit answered {status}.")
        else:
            self._refusals = 0
            return
        wait_s = min(wait_s, LONGEST_PAUSE_S)
        self._pace.pause(wait_s)
        raise NotAnswered(f"Reddit answered {status} and asks to wait {wait_s:.0f} s.", wait_s, counts=False)

    def _growing_wait(self) -> float:
        return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0**self._refusals) * random.uniform(0.5, 1.0)

    def _keep_to_limit(self, headers: Mapping[str, str]) -> None:
        """Spread what is left of Reddit's window over its rest, where the pace would use it up before.

        Turns are shared by name, so each process may have its own idea of how far they are apart.
        """
        remaining, reset_s = _number(headers.get(_REMAINING)), _number(headers.get(_RESET))
        if remaining is None or reset_s is None:
            return
        if remaining < 1:
            self._pace.pause(max(1.0, reset_s))
        is_short = self._per_s is None or remaining < _SHARE * self._per_s * reset_s
        self._pace = self._pace_at(max(1.0, remaining) / max(1.0, reset_s) if is_short else self._per_s)


def _check_welcome(response: Any) -> None:
    if response.status_code == HTTPStatus.FORBIDDEN and _object(response) is None:
        raise FetchError(
            "Reddit refuses this machine or application (403, with a page in place of data). Look whether "
            "praw_user_agent says who asks, and whether the application is still allowed."
        )


def _check_given(response: Any) -> None:
    status = response.status_code
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status == HTTPStatus.UNAUTHORIZED:
        raise _TokenExpired
    reason = (_object(response) or {}).get("reason")
    location = response.headers.get("location")
    raise Refused(status, reason if isinstance(reason, str) else None, urlsplit(location).path if location else None)


def _check_token(response: Any) -> None:
    status = response.status_code
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise FetchError(f"Reddit does not accept the credentials ({status}). {_WHERE}")
    said = _object(response) or {}
    forms = {"access_token": str, "expires_in": int, "scope": str}
    if status != HTTPStatus.OK or not (
        "error" in said or all(isinstance(said.get(name), form) for name, form in forms.items())
    ):
        raise NotAnswered(f"Reddit answered {status} without a token.")


def _object(response: Any) -> dict[str, Any] | None:
    """The JSON object of an answer; None where it is none."""
    with suppress(ValueError, RecursionError):
        said = response.json()
        if isinstance(said, dict):
            return said
    return None


def _number(told: str | None) -> float | None:
    """A number of zero or more; None for whatever is none."""
    with suppress(ValueError, TypeError):
        number = float(told)  # type: ignore[arg-type]  # None has its exception
        if math.isfinite(number) and number >= 0:
            return number
    return None
