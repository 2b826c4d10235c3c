"""Input that cannot be read: what is wrong with it, the reject that says so, and JSON that only looks broken."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from blift.schemas.arrow import from_rows
from blift.schemas.reasons import Reason
from blift.schemas.registry import SCHEMAS

#: The most of a malformed record that its reject keeps.
PAYLOAD_BYTES = 64 << 10
#: Rejects of a file are listed until they take so many times its size in memory, and this much more; a reject takes its
#: payload, and this. Of an archive of records that people wrote, that is all of them.
_LISTED_RATIO, _LISTED_FREE_BYTES, _REJECT_BYTES = 8, 1 << 20, 1 << 10

_SURROGATE = re.compile("[\ud800-\udfff]")
#: Digits of an integer that Python reads whatever limit is set.
_MOST_DIGITS = sys.int_info.str_digits_check_threshold


class Malformed(ValueError):
    """A record, or a part of it, that is not what it should be."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def _integer(digits: str) -> float:
    return int(digits) if len(digits) <= _MOST_DIGITS else float(digits)


#: JSON as Python reads it. An integer of thousands of digits is infinite, as `1e999` is: Python's own would refuse the
#: whole text, in whatever field it stands.
DECODER = json.JSONDecoder(parse_int=_integer)


def loads(data: bytes) -> Any:
    """JSON as Python reads it (``DECODER``), for what a stricter decoder refuses.

    A lone surrogate, which no UTF-8 can hold, becomes U+FFFD; NaN and infinities stay.

    Raises:
        Malformed: not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return _without_surrogates(DECODER.decode(data.decode()))
    except UnicodeDecodeError as error:
        raise Malformed(Reason.NOT_UTF8, f"{error.reason} at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise Malformed(Reason.NOT_JSON, str(error) if data.strip() else "it is empty") from error
    except RecursionError as error:
        raise Malformed(Reason.NOT_JSON, "nested too deeply") from error


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
        "stage": "ingest",
        "rule": "read",
        "reason": problem.reason.value,
        "record_table": table,
        "record_id": record_id,
        "detail": problem.detail,
        "source": source,
        "line": line,
        "payload": payload[:PAYLOAD_BYTES].decode(errors="replace") or None,
    }


class RejectList:
    """Rejects of one file: as many as its size allows are listed as rows, and the others are counted.

    A file of a few kilobytes can unpack to millions of lines, none of which is a record.

    Attributes:
        rows: of the reject table.
        unlisted: the others, by reason.
    """

    def __init__(self, size_bytes: int) -> None:
        self.rows: list[dict[str, Any]] = []
        self.unlisted: Counter[Reason] = Counter()
        self._room = _LISTED_FREE_BYTES + _LISTED_RATIO * size_bytes

    def add(
        self, problem: Malformed, table: str, record_id: str | None, source: str, line: int | None, payload: bytes
    ) -> None:
        """List or count a record of ``table`` that could not be read."""
        self._room -= _REJECT_BYTES + min(len(payload), PAYLOAD_BYTES)
        if self._room < 0:
            self.unlisted[problem.reason] += 1
        else:
            self.rows.append(reject(problem, table, record_id, source, line, payload))

    def take(self) -> tuple[pa.Table, Mapping[Reason, int]]:
        """What came since the last time: the reject table, and how many more there are, by reason."""
        rows, unlisted = self.rows, self.unlisted
        self.rows, self.unlisted = [], Counter()
        return reject_table(rows), unlisted


def reject_table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """The reject table of such rows."""
    return from_rows(rows, SCHEMAS["reject"])
