"""From the bytes of a JSON file to checked values: what cannot be read says why, as a reason and a detail."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec

from blift.connectors.malformed import Malformed, loads
from blift.schemas.reasons import Reason

_RAW_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ANY_VALUE = msgspec.json.Decoder()

#: Larger files are looked at for how many values they hold: one of two bytes takes 30 times as much in memory. A record
#: of 250,000 comments has some 4 million values in 300,000 objects.
_ANY_BYTES, _MAX_CONTAINERS, _MAX_VALUES = 8 << 20, 1_000_000, 8_000_000

#: What JSON calls a value, for people.
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
}

#: Whole numbers are below this, and not below its negative.
INT64 = 2**63
#: No picture is as wide or as high.
_MAX_PIXELS = 2**31
#: Of a second.
MICROSECONDS = 1_000_000
#: 10000-01-01, the first second that neither Python nor Arrow's readers can show.
END_OF_TIME_S = 253_402_300_800

#: Thirty years: longer than any stream, and far from where floats lose their milliseconds.
LONGEST_S = 1e9

Fields = Mapping[str, Any]


def decode(data: bytes, wanted: frozenset[str]) -> dict[str, Any]:
    """Those of the ``wanted`` fields that the JSON object in ``data`` has.

    Other fields are skipped and not built: most of an info.json are the formats and caption addresses that
    nobody reads here. What the fast decoder refuses (lone surrogates, NaN, numbers out of range) goes
    through Python's own; a lone surrogate, which no UTF-8 can hold, becomes U+FFFD.

    Raises:
        Malformed: not UTF-8, not JSON, JSON that is no object, or more values than can be held.
    """
    data = data.removeprefix(codecs.BOM_UTF8)
    if len(data) > _ANY_BYTES:
        _check_values(data)
    try:
        raw = _RAW_FIELDS.decode(data)
        return {name: _ANY_VALUE.decode(raw[name]) for name in wanted & raw.keys()}
    except (ValueError, RecursionError):  # msgspec's errors and UnicodeDecodeError are ValueErrors
        return _decode_slowly(data, wanted)


def _check_values(data: bytes) -> None:
    """Look for more values than can be held; commas and brackets in strings count too.

    Raises:
        Malformed: there are too many.
    """
    if data.count(b"{") + data.count(b"[") > _MAX_CONTAINERS:
        raise Malformed(Reason.UNREADABLE_FILE, f"it holds more than {_MAX_CONTAINERS:,} objects and lists")
    if data.count(b",") > _MAX_VALUES:
        raise Malformed(Reason.UNREADABLE_FILE, f"it holds more than {_MAX_VALUES:,} values")


def _decode_slowly(data: bytes, wanted: frozenset[str]) -> dict[str, Any]:
    record = loads(data)
    if not isinstance(record, dict):
        raise Malformed(Reason.NOT_AN_OBJECT, f"the file holds {kind(record)}, not an object")
    return {name: record[name] for name in wanted & record.keys()}


def kind(value: object) -> str:
    """What JSON calls the value, with its article, for a message."""
    return "null" if value is None else _KINDS[type(value)]


def is_number(value: object) -> TypeGuard[int | float]:
    """A JSON number; true and false are none, though Python counts them as integers."""
    return type(value) is int or type(value) is float


def _wrong(name: str, value: object, expected: str) -> Malformed:
    found = kind(value) if not is_number(value) else str(value)[:40]
    return Malformed(Reason.WRONG_TYPE, f"{name} is {found}, not {expected}")


def text(fields: Fields, name: str) -> str | None:
    """A text; null where the field is absent, null or blank.

    Raises:
        Malformed: the field is no text.
    """
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is not str:
        raise _wrong(name, value, "a text")
    return value if value.strip() else None


def texts(fields: Fields, name: str) -> list[str]:
    """A list of texts; empty where the field is absent or null.

    Raises:
        Malformed: the field is no list, or holds what is no text.
    """
    values = fields.get(name)
    if values is None:
        return []
    if not isinstance(values, list):
        raise _wrong(name, values, "a list of texts")
    for value in values:
        if type(value) is not str:
            raise _wrong(f"an item of {name}", value, "a text")
    return values


def flag(fields: Fields, name: str) -> bool | None:
    """True or false; null where the field is absent or null.

    Raises:
        Malformed: the field is something else.
    """
    value = fields.get(name)
    if value is None or type(value) is bool:
        return value
    raise _wrong(name, value, "true or false")


def count(fields: Fields, name: str) -> int | None:
    """A whole number of 64 bits; null where the field is absent or null. ``12.0`` is 12.

    Raises:
        Malformed: the field is no number, has a fraction, or does not fit.
    """
    value = fields.get(name)
    if value is None:
        return None
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not -INT64 <= value < INT64:
        raise _wrong(name, value, "a whole number")
    return value


def pixels(fields: Fields, name: str) -> int | None:
    """The width or height of a picture; null where the field is absent or null.

    Raises:
        Malformed: the field is no whole number, or one that no picture has.
    """
    value = count(fields, name)
    if value is not None and not 0 <= value < _MAX_PIXELS:
        raise _wrong(name, value, "a number of pixels")
    return value


def moment(fields: Fields, name: str) -> int | None:
    """Microseconds since 1970, UTC, out of seconds; null where the field is absent or null.

    Raises:
        Malformed: the field is no number, or lies before 1970 or after 9999.
    """
    value = fields.get(name)
    if value is None:
        return None
    if not is_number(value) or not 0 <= value < END_OF_TIME_S:
        raise _wrong(name, value, "seconds since 1970")
    return round(value * MICROSECONDS)


def day(fields: Fields, name: str) -> int | None:
    """Microseconds since 1970 of a day's first moment, UTC, out of ``YYYYMMDD``; null where absent or null.

    Raises:
        Malformed: the field is no such day.
    """
    value = text(fields, name)
    if value is None:
        return None
    try:
        if not re.fullmatch(r"[0-9]{8}", value):
            raise ValueError(value)
        start = datetime(int(value[:4]), int(value[4:6]), int(value[6:]), tzinfo=UTC)
    except ValueError as error:
        raise Malformed(Reason.WRONG_TYPE, f"{name} is {value[:40]!r}, not a day as YYYYMMDD") from error
    return round(start.timestamp()) * MICROSECONDS
