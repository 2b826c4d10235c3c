"""Input that cannot be read: what is wrong with it, the reject that says so, and JSON that only looks broken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from blift.schemas.arrow import from_rows
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS

#: The most of a malformed record that its reject keeps.
PAYLOAD_BYTES = 64 << 10

_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """A record, or a part of it, that is not what it should be."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def loads(data: bytes) -> Any:
    """JSON as Python reads it, for what a stricter decoder refuses.

    A lone surrogate, which no UTF-8 can hold, becomes U+FFFD; NaN and infinities stay.

    Raises:
        Malformed: not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return _without_surrogates(json.loads(data.decode()))
    except UnicodeDecodeError as error:
        raise Malformed(Reason.NOT_UTF8, f"{error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise Malformed(Reason.NOT_JSON, str(error) if data.strip() else "it is empty") from error
    except RecursionError as error:
        raise Malformed(Reason.NOT_JSON, "nested too deeply") from error
    except ValueError as error:  # an integer of more than 4,300 digits
        raise Malformed(Reason.NOT_JSON, str(error)) from error


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(item) for name, item in value.items()}
    return value


def reject(
    problem: Malformed, table: str, record_id: str | None, source: str, line: int | None, payload: bytes
) -> dict[str, Any]:
    """A row of the reject table for a record of ``table`` that could not be read."""
    return {
        "stage": "collect",
        "rule": "read",
        "reason": problem.reason.value,
        "record_table": table,
        "record_id": record_id,
        "detail": problem.detail,
        "source": source,
        "line": line,
        "payload": payload[:PAYLOAD_BYTES].decode(errors="replace") or None,
    }


def reject_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The reject table of such rows."""
    return from_rows(rows, SCHEMAS["reject"])
