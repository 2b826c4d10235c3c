"""yt-dlp's requests: each at our pace, to an address that was checked, and so after each redirect."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.util import make_headers
from yt_dlp.networking import Request, RequestHandler, Response
from yt_dlp.networking.common import Features
from yt_dlp.networking.exceptions import HTTPError, ProxyError, RequestError, SSLError, TransportError

from blift.connectors.web.addresses import Gate, checked_url
from blift.connectors.web.gated import let_in
from blift.connectors.web.manners import BudgetSpent, Stopped
from blift.connectors.web.refusals import NotNow, Refused

_REDIRECTS = 10
#: What yt-dlp may say of a request besides its address.
_EXTENSIONS = ("cookiejar", "timeout", "legacy_ssl", "keep_header_casing")


class Halted(BaseException):
    """The way out through yt-dlp, which catches every ``Exception`` and goes on."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class GatedRH(RequestHandler):  # yt-dlp wants its name to end so
    """A client for yt-dlp, whose connections a gate opens.

    A proxy is asked as the recipe names it; which address a host has is then known to the proxy alone, so only
    addresses that are written as numbers are checked.

    Args:
        gate: opens connections.
        turn: waits until a request may be made.
        options: as yt-dlp makes its handlers.
    """

    _SUPPORTED_URL_SCHEMES = ("http", "https")
    _SUPPORTED_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
    _SUPPORTED_FEATURES = (Features.NO_PROXY, Features.ALL_PROXY)

    def __init__(self, gate: Gate, turn: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._session = requests.Session()
        self._session.headers = CaseInsensitiveDict()
        self._session.trust_env = False  # yt-dlp hands over the proxies
        self._session.max_redirects = _REDIRECTS
        self._session.adapters.clear()
        self._session.mount("", _Checked(gate, turn, self._make_sslcontext()))  # whatever the scheme

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        super()._check_extensions(extensions)
        for name in _EXTENSIONS:
            extensions.pop(name, None)

    def _prepare_headers(self, _: Request, headers: Any) -> None:
        headers.setdefault("Accept-Encoding", make_headers(accept_encoding=True)["accept-encoding"])

    def _send(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except (BudgetSpent, Refused, Stopped) as end:
            raise Halted(end) from None
        except requests.exceptions.SSLError as error:
            raise SSLError(cause=error) from error
        except requests.exceptions.ProxyError as error:
            raise ProxyError(cause=error) from error
        except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError, NotNow) as error:
            raise TransportError(str(error), cause=error) from error
        except requests.RequestException as error:
            raise RequestError(cause=error) from error

    def _answer(self, request: Request) -> Response:
        self._session.cookies = self._get_cookiejar(request)
        loop = False
        try:
            answer = self._session.request(
                method=request.method,
                url=request.url,
                data=request.data,
                headers=self._get_headers(request),
                timeout=self._calculate_timeout(request),
                proxies=self._get_proxies(request),
                stream=True,
            )
        except requests.TooManyRedirects as error:
            loop, answer = True, error.response  # type: ignore[assignment]  # the last of them
        response = _Answer(answer)
        if not answer.ok or loop:
            raise HTTPError(response, redirect_loop=loop)
        return response


class _Answer(Response):
    """An answer of `requests` as yt-dlp reads it: unpacked."""

    def __init__(self, answer: requests.Response) -> None:
        super().__init__(answer.raw, answer.url, answer.headers, answer.status_code, answer.reason)

    def read(self, amt: int | None = None) -> bytes:
        """So many bytes at most, unpacked; all of them where no number is given.

        Raises:
            TransportError: the answer broke off.
        """
        try:
            data: bytes = self.fp.read(amt, decode_content=True)
        except urllib3.exceptions.HTTPError as error:
            raise TransportError(cause=error) from error
        if self.fp.closed:
            self.close()
        return data


class _Checked(HTTPAdapter):
    """Sends what may be sent, at its turn."""

    def __init__(self, gate: Gate, turn: Callable[[], None], context: ssl.SSLContext) -> None:
        self._gate = gate
        self._turn = turn
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections, which the gate opens."""
        super().init_poolmanager(*args, ssl_context=self._context, **options)
        let_in(self.poolmanager, self._gate)

    def proxy_manager_for(self, proxy: str, **options: Any) -> urllib3.ProxyManager:
        """The pools of connections through a proxy."""
        pools: urllib3.ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **options)
        return pools

    def cert_verify(self, *_: Any) -> None:
        """Leave certificates to yt-dlp's context."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """The answer.

        Raises:
            Refused: the address is not one that may be asked.
            BudgetSpent: of the run.
            Stopped: of the run.
        """
        url = checked_url(request.url or "")
        self._gate.check_number(str(url.host), int(url.port or 0))
        self._turn()
        return super().send(request, *args, **options)
