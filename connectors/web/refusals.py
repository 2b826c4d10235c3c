"""Why a server's answer is not what was asked for: for good, or for now."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from blift.schemas.reasons import Absent

#: Standards know whole seconds; some servers send parts.
_SECONDS = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")


class Refused(Exception):
    """It is not to be had: asking again would not help."""

    def __init__(self, reason: Absent, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class NotNow(Exception):
    """Something went wrong that may pass.

    Attributes:
        wait_s: how long the server asks to wait; None where it does not say.
        counts: whether it counts as an attempt. A server that is merely busy does not.
    """

    def __init__(self, error: str, wait_s: float | None = None, *, counts: bool = True) -> None:
        super().__init__(error)
        self.wait_s = wait_s
        self.counts = counts


def retry_after_s(header: str | None) -> float | None:
    """Seconds that a `Retry-After` asks for, given as seconds or as a date; None for anything else."""
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (OverflowError, TypeError, ValueError):
        return None
