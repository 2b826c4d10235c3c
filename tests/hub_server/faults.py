"""Faults that the server can be asked for: a status, or a connection that breaks before or after the work is done."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field


@dataclass
class Fault:
    """What goes wrong, on which requests, and how often.

    Attributes:
        method: HTTP method.
        path: searched for in the path of a request.
        times: how many matching requests are struck.
        status: answer with this status instead of the work; None breaks the connection.
        after: do the work first, and lose the answer.
        headers: of the answer, such as `RateLimit` or `Retry-After`.
        skip: matching requests that pass first.
    """

    method: str
    path: str
    times: int = 1
    status: int | None = None
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    skip: int = 0
    struck: int = 0

    def matches(self, method: str, path: str) -> bool:
        return self.method == method and re.search(self.path, path) is not None


class Faults:
    """The faults still to come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.planned: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        with self._lock:
            self.planned += faults

    def next_for(self, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, which then counts as spent; None where there is none."""
        with self._lock:
            for fault in self.planned:
                if fault.struck < fault.times and fault.matches(method, path):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.struck += 1
                    return fault
        return None
