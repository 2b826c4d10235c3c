"""What a host does not want collected: robots.txt, and headers that say no to training."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from protego import Protego

from blift.connectors.web.client import Answer, Web
from blift.connectors.web.refusals import NotNow, Refused
from blift.schemas.reasons import Absent

_MAX_BYTES = 512 << 10  # RFC 9309 asks for 500 KiB at least
_KEPT_HOSTS, _KEPT_S = 2_000, 86_400.0
#: Words of `X-Robots-Tag` that say no to use in training; DeviantArt's, which others took up.
_NO_AI = frozenset({"noai", "noimageai"})
AGENT = "blift"


class _Known:
    """The rules that any thread of this process has read, for a day (RFC 9309, 2.4)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: OrderedDict[str, tuple[float, Protego]] = OrderedDict()
        self._reading: dict[str, threading.Lock] = {}

    def of(self, host: str, read: Callable[[], Protego]) -> Protego:
        """The rules of a host. One thread reads them; others wait for it."""
        with self._lock:
            reading = self._reading.setdefault(host, threading.Lock())
        with reading:
            read_at, rules = self._rules.get(host, (0.0, None))
            if rules is None or time.monotonic() - read_at > _KEPT_S:
                rules = read()
                self._keep(host, rules)
        return rules

    def _keep(self, host: str, rules: Protego) -> None:
        with self._lock:
            self._rules[host] = (time.monotonic(), rules)
            if len(self._rules) > _KEPT_HOSTS:
                forgotten, _ = self._rules.popitem(last=False)
                self._reading.pop(forgotten, None)


_KNOWN = _Known()


class Robots:
    """The rules of hosts for robots (RFC 9309), read once a host by a process.

    A host without rules, or whose rules cannot be had for a reason of its own (4xx), allows all. One that fails
    (5xx) is not asked for anything until it answers.
    """

    def __init__(self, web: Web) -> None:
        self._web = web

    def check(self, address: str) -> None:
        """Whether a file may be asked for.

        Raises:
            Refused: the rules of its host forbid it.
            NotNow: the rules cannot be read at the moment.
        """
        parts = urlsplit(address)
        host = f"{parts.scheme}://{parts.netloc}"
        rules = _KNOWN.of(host, partial(self._read, f"{host}/robots.txt"))
        if not rules.can_fetch(address, AGENT):
            raise Refused(Absent.ROBOTS, f"{host}/robots.txt does not allow it")

    def _read(self, address: str) -> Protego:
        try:
            with self._web.get(address) as answer:
                return Protego.parse(answer.text(_MAX_BYTES))
        except Refused as refused:
            if refused.reason is Absent.UNSAFE_ADDRESS:
                raise
            return Protego.parse("")
        except NotNow as error:
            raise NotNow(f"{address}: {error}", error.wait_s, counts=error.counts) from error


def check_headers(answer: Answer) -> None:
    """Whether the answer may be used.

    Raises:
        Refused: its `X-Robots-Tag` says no to use in training, of all robots or of this one.
    """
    for part in answer.headers.get("x-robots-tag", "").lower().split(","):
        agent, _, rule = part.rpartition(":")
        if rule.strip() in _NO_AI and agent.strip() in ("", AGENT):
            raise Refused(Absent.NO_AI, f"its header X-Robots-Tag says {rule.strip()}")
