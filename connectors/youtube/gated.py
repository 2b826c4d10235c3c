"""yt-dlp's requests: each at our pace, to an address that was checked, and so after each redirect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from yt_dlp.networking import Request, Response
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.networking.exceptions import TransportError

from blift.connectors.web.addresses import Gate, checked_url
from blift.connectors.web.gated import let_in
from blift.connectors.web.manners import BudgetSpent, Stopped
from blift.connectors.web.refusals import NotNow, Refused

_REDIRECTS = 10


class Halted(BaseException):
    """The way out through yt-dlp, which catches every ``Exception`` and goes on."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(reason)
        self.reason = reason


class GatedRH(RequestsRH):  # yt-dlp wants its name to end so
    """yt-dlp's client by `requests`, whose connections a gate opens.

    A proxy is asked as the recipe names it; which address a host has is then known to the proxy alone, so only
    addresses that are written as numbers are checked.

    Args:
        gate: opens connections.
        turn: waits until a request may be made.
        options: as yt-dlp makes its handlers.
    """

    def __init__(self, gate: Gate, turn: Callable[[], None], **options: Any) -> None:
        self._gate = gate
        self._turn = turn
        super().__init__(**options)

    def _create_instance(self, **options: Any) -> requests.Session:
        session: requests.Session = super()._create_instance(**options)
        inner = session.get_adapter("https://")
        assert isinstance(inner, HTTPAdapter)
        let_in(inner.poolmanager, self._gate)
        session.adapters.clear()
        session.mount("", _Checked(inner, self._gate, self._turn))  # whatever the scheme
        session.max_redirects = _REDIRECTS
        return session

    def _send(self, request: Request) -> Response:
        try:
            return super()._send(request)
        except (BudgetSpent, Refused, Stopped) as end:
            raise Halted(end) from None
        except NotNow as problem:
            raise TransportError(str(problem), cause=problem) from problem


class _Checked(BaseAdapter):
    """Sends what may be sent, at its turn."""

    def __init__(self, inner: BaseAdapter, gate: Gate, turn: Callable[[], None]) -> None:
        super().__init__()
        self._inner = inner
        self._gate = gate
        self._turn = turn

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
        return self._inner.send(request, *args, **options)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()
