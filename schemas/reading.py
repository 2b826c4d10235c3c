"""Which Arrow types hold every value of which others: whether data of one schema can be read with another."""

from __future__ import annotations

import re

_INTEGER = re.compile(r"(u?)int(8|16|32|64)")
_DECIMAL = re.compile(r"decimal(?:128|256)\((\d+), (-?\d+)\)")
_TIMESTAMP = re.compile(r"timestamp\[(s|ms|us|ns)(, tz=[^\]]+)?\]")
_LIST = re.compile(r"(?:large_)?list<(.+)>")

#: Digits of a float's significand, in bits: it holds every integer of so many.
_SIGNIFICANDS = {"halffloat": 11, "float": 24, "double": 53}
#: Decimal digits that every double holds.
_DOUBLE_DIGITS = 15
_FLOATS = tuple(_SIGNIFICANDS)
_TEXTS = ("string", "large_string")
_BYTES = ("binary", "large_binary")
#: Decimal digits of the largest number of an integer type, by its bits.
_DIGITS = {8: 3, 16: 5, 32: 10, 64: 20}

#: Types of time that Arrow keeps as an integer, and reads as one and from one.
_AS_INTEGER = {
    "date32[day]": "int32",
    "date64[ms]": "int64",
    "time32[s]": "int32",
    "time32[ms]": "int32",
    "time64[us]": "int64",
    "time64[ns]": "int64",
    **{f"duration[{unit}]": "int64" for unit in ("s", "ms", "us", "ns")},
}
_DATES = ("date32[day]", "date64[ms]")
_OF_DATES = ("timestamp[s", "timestamp[ms", "timestamp[us")
#: Units of time that hold those of others from the year 1 to the year 9999; nanoseconds span 584 years.
_FINER = {"s": ("s", "ms", "us"), "ms": ("ms", "us"), "us": ("us",), "ns": ("ns",)}


def reads(old: str, new: str) -> bool:
    """Whether a reader who expects the type ``new`` gets every value of ``old``, unchanged, by Arrow's own cast.

    Only what holds for every value counts: `int64` is no `double`, whose significand has 53 bits. Dates and timestamps
    are those of the years 1 to 9999. Types are named as definitions name them; members of structs are compared on
    their own.
    """
    if old == new:
        return True
    old_list, new_list = _LIST.fullmatch(old), _LIST.fullmatch(new)
    if old_list and new_list:
        return _reads_items(old_list[1], new_list[1])
    return _reads_number(old, new) or _reads_bytes(old, new) or _reads_time(old, new)


def _reads_items(old: str, new: str) -> bool:
    before, after = old.removesuffix(" or null"), new.removesuffix(" or null")
    return (before == old or after != new) and reads(before, after)


def _reads_number(old: str, new: str) -> bool:
    bits = _integer_bits(old)
    if new in _TEXTS:
        return bits is not None or old in ("bool", *_FLOATS) or _DECIMAL.fullmatch(old) is not None
    if old in _FLOATS:
        return new in _FLOATS[_FLOATS.index(old) :]
    if bits is None:
        return _reads_decimal(old, new)
    return _holds_integer(new, bits, signed=not old.startswith("u") and old != "bool")


def _integer_bits(name: str) -> int | None:
    """The bits of an integer type without its sign; 1 of a boolean."""
    if name == "bool":
        return 1
    found = _INTEGER.fullmatch(name)
    return None if found is None else int(found[2]) - (not found[1])


def _holds_integer(new: str, bits: int, *, signed: bool) -> bool:
    if (own := _integer_bits(new)) is not None:
        return own >= bits and own > 1 and not (signed and new.startswith("u"))
    if new in _SIGNIFICANDS:
        return _SIGNIFICANDS[new] >= bits and (bits > 1 or new != "halffloat")
    found = _DECIMAL.fullmatch(new)
    return found is not None and bits > 1 and int(found[1]) - int(found[2]) >= _DIGITS[bits + bits % 2]


def _reads_decimal(old: str, new: str) -> bool:
    before, after = _DECIMAL.fullmatch(old), _DECIMAL.fullmatch(new)
    if before is not None and new == "double":
        return int(before[1]) <= _DOUBLE_DIGITS
    if before is None or after is None:
        return False
    (digits, scale), (more_digits, more_scale) = ((int(part[1]), int(part[2])) for part in (before, after))
    return more_scale >= scale and more_digits - more_scale >= digits - scale


def _reads_bytes(old: str, new: str) -> bool:
    return (old in _TEXTS and new in (*_TEXTS, *_BYTES)) or (old in _BYTES and new in _BYTES)


def _reads_time(old: str, new: str) -> bool:
    before, after = _TIMESTAMP.fullmatch(old), _TIMESTAMP.fullmatch(new)
    if before and after:
        return after[1] in _FINER[before[1]]
    if before and new in _TEXTS:
        return before[2] in (None, ", tz=UTC")
    if old in _DATES:
        return new in (*_DATES, *_TEXTS, _AS_INTEGER[old]) or new.startswith(_OF_DATES)
    if old == "time32[s]" and new in ("time32[ms]", "time64[us]", "time64[ns]"):
        return True
    if before or after:
        return (new if before else old) == "int64"
    return _AS_INTEGER.get(old) == new or _AS_INTEGER.get(new) == old
