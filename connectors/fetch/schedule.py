"""Which posts are to be observed again: those that have passed an age of a schedule since they were last read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from blift.connectors.fetch.kinds import RecordKind

_DAY_S = 86_400
_RECORD = msgspec.json.Decoder(dict[str, Any])


def is_due(posted_at: float, read_at: float, ages_days: Sequence[float], now: float) -> bool:
    """Whether a post has passed one of the ages since it was last read.

    Args:
        posted_at: when it was posted; ``read_at``: when it was last read; ``now``: all in seconds since 1970.
        ages_days: ages of the post at which it is to be observed.
    """
    return any(read_at < posted_at + age * _DAY_S <= now for age in ages_days)


def posted_at(kind: RecordKind, data: bytes) -> float | None:
    """When the post of a record was posted, seconds since 1970; None where the record does not say it."""
    try:
        record = _RECORD.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return kind.posted_at(record) if kind.posted_at else None


def stated_time(value: Any) -> float | None:
    """A time that a record states, as seconds since 1970; None if the value is not a number."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
