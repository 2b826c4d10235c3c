"""What JSON says of a value, against what a table holds of it."""

from __future__ import annotations

import json
import math
import re
from typing import Any

_MOST_DIGITS = 4_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def _integer(digits: str) -> float:
    return int(digits) if len(digits) < _MOST_DIGITS else math.inf


DECODER = json.JSONDecoder(parse_int=_integer)


def loads(data: bytes) -> Any:
    """JSON as Python reads it. None where it is none.

    Bytes that are no UTF-8 and integers of thousands of digits may stand in fields that nobody reads here.
    """
    try:
        return DECODER.decode(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None


def differs(held: Any, said: Any) -> bool:
    """Whether a table holds something else than a record says; null says nothing, and may be held for any value."""
    if held is None:
        return False
    if isinstance(said, str) and isinstance(held, str):
        return held != _SURROGATE.sub("\ufffd", said)
    if isinstance(said, str) and not isinstance(held, bool) and isinstance(held, int | float):
        return _number(said) != held  # some archives write numbers as text
    if isinstance(held, bool) or isinstance(said, bool):
        return _boolean(said) is not _boolean(held)
    if isinstance(held, float) and not math.isfinite(held):
        return True
    return bool(held != said)


def _number(text: str) -> float | int | None:
    try:
        return int(text) if re.fullmatch(r"-?[0-9]{1,30}", text) else float(text)
    except ValueError:
        return None


def _boolean(value: Any) -> bool | None:
    """True or false, also as the text or number that a lenient reader takes for it."""
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(str(value).lower())
