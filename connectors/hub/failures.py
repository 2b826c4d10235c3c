"""What goes wrong between here and the Hub: what passes by itself, how long to wait, and a sentence for the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus as codes  # noqa: N813 - as HTTP clients call them

import httpx2
from huggingface_hub import get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalTokenNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.utils import parse_ratelimit_headers

from blift.connectors.web.refusals import retry_after_s
from blift.schemas.errors import PublishError


class Kind(StrEnum):
    """What a repository of the Hub is."""

    DATASET = "dataset"
    SPACE = "space"


_NAMES = {Kind.DATASET: "dataset", Kind.SPACE: "Space"}
_OPTIONS = {Kind.DATASET: "--repo", Kind.SPACE: "--space"}


_PASSING = (429, 500, 502, 503, 504)
_NETWORK: tuple[type[Exception], ...] = (httpx2.NetworkError, httpx2.TimeoutException, httpx2.ProtocolError)


def passes(error: BaseException) -> bool:
    """Whether the same call may succeed later: too many requests, a fault of the server, a broken connection."""
    return any(
        isinstance(cause, (*_NETWORK, json.JSONDecodeError))
        or (isinstance(cause, HfHubHTTPError) and cause.response.status_code in _PASSING)
        for cause in _causes(error)
    )


def is_stale(error: BaseException) -> bool:
    """Whether the Hub refused a commit because its parent is no longer the head."""
    return any(
        isinstance(cause, HfHubHTTPError) and cause.response.status_code == codes.PRECONDITION_FAILED
        for cause in _causes(error)
    )


def is_unreachable(error: BaseException) -> bool:
    """Whether no connection was made at all."""
    return any(isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout)) for cause in _causes(error))


def hinted_wait_s(error: BaseException) -> float | None:
    """Seconds that the server asks to wait, by its `RateLimit` or `Retry-After` header; None where it does not."""
    for cause in _causes(error):
        if isinstance(cause, HfHubHTTPError):
            limit = parse_ratelimit_headers(cause.response.headers)
            if limit is not None and limit.remaining == 0:
                return float(limit.reset_in_seconds)
            return retry_after_s(cause.response.headers.get("Retry-After"))
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def sentence(error: BaseException, repo: str, endpoint: str, kind: Kind = Kind.DATASET) -> PublishError:
    """One sentence on an error of the Hub's client: what is wrong, and what to do. The token is not in it."""
    causes = list(_causes(error))
    text = next((found for cause in causes if (found := _known(cause, repo, endpoint, kind))), None)
    return PublishError(without_token(text or _unknown(causes[-1])))


def _unknown(error: BaseException) -> str:
    """The sentence for any other error. Those of Xet's client, which has tried for minutes, are of these two kinds."""
    if isinstance(error, (OSError, RuntimeError)):
        return (
            f"Contents did not travel ({_first_line(error)}). Run the same command again: it goes on where this one "
            "stopped. Where that does not help, set HF_HUB_DISABLE_XET=1: whole files travel then, without Xet."
        )
    return f"The Hub did not do it ({_first_line(error)}). Try again later."


def _known(error: BaseException, repo: str, endpoint: str, kind: Kind) -> str | None:
    """The sentence for an error of the client that says by its kind what is wrong."""
    page = f"{endpoint}/{kind}s/{repo}"
    for type_, text in (
        (LocalTokenNotFoundError, NO_TOKEN),
        (OfflineModeIsEnabled, f"HF_HUB_OFFLINE is set, so {endpoint} was not asked. Unset it to reach the Hub."),
        (_NETWORK, f"Cannot reach the Hub at {endpoint} ({error}). Check the network and HF_ENDPOINT, and try again."),
        (
            GatedRepoError,
            f"{repo} is gated and not open to you. Ask for access at {page}, and use a token of that account.",
        ),
        (RevisionNotFoundError, f"{repo} has no such branch, tag or commit. Its tags are listed at {page}/tree/main."),
    ):
        if isinstance(error, type_):
            return text
    if isinstance(error, HfHubHTTPError):
        return _by_status(error.response.status_code, error, repo, endpoint, kind)
    return None


def _by_status(status: int, error: BaseException, repo: str, endpoint: str, kind: Kind) -> str:
    again = "Run the same command later: it goes on where this one stopped."
    if status == codes.UNAUTHORIZED:
        return _refused_token(endpoint) if get_token() else NO_TOKEN
    if isinstance(error, RepositoryNotFoundError):
        return f"There is no {_NAMES[kind]} {repo} at {endpoint}, or the token may not see it. Check the name."
    if status in _PASSING:
        said = "that there were too many requests" if status == codes.TOO_MANY_REQUESTS else str(status)
        return f"The Hub still answers {said}. {again}"
    if status == codes.FORBIDDEN:
        return (
            f"The token may not write to {repo}. Use a token with write access of an account that may write to "
            f"{repo.split('/', maxsplit=1)[0]} ({endpoint}/settings/tokens), or choose another {_OPTIONS[kind]}."
        )
    return f"The Hub refused it with {status}: {_first_line(error)}."


NO_TOKEN = "There is no token for the Hub. Set HF_TOKEN, or log in with `hf auth login`."  # noqa: S105 - a sentence


def _refused_token(endpoint: str) -> str:
    return f"The Hub does not know the token. Make a new one with write access at {endpoint}/settings/tokens."


def _first_line(error: BaseException) -> str:
    said = getattr(error, "server_message", None) or str(error)
    return str(said).strip().partition("\n")[0].rstrip(".") or type(error).__name__


def without_token(text: str) -> str:
    """The text without the token, wherever it might have come from."""
    token = get_token()
    return text.replace(token, "<token>") if token else text
