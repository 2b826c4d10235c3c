"""Which posts are to be observed again: those that have passed an age of a schedule since they were last read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from blift.connectors.fetch.items import FetchedKind

_DAY_S = 86_400
_RECORD = msgspec.json.Decoder(dict[str, Any])


def is_due(posted_at: float, read_at: float, ages_days: Sequence[float], now: float) -> bool:
    """Whether a post has passed one of the ages since it was last read.

    Args:
        posted_at: when it was posted; ``read_at``: when it was last read; ``now``: all in seconds since 1970.
        ages_days: ages of the post at which it is to be observed.
    """
    return any(read_at < posted_at + age * _DAY_S <= now for age in ages_days)


def posted_at(kind: FetchedKind, data: bytes) -> float | None:
    """When the post of a record was posted, seconds since 1970; None where the record does not say it.

    A video of which only the day is known counts as posted when the day began, UTC.
    """
    try:
        record = _RECORD.decode(data)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    stated = record.get("created_utc" if kind is FetchedKind.SUBMISSION else "timestamp")
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        return float(stated)
    day = record.get("upload_date")
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp() if isinstance(day, str) else None
    except ValueError:
        return None
