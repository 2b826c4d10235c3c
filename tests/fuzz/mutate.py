"""Seeded changes: of bytes, and of values that are written as JSON."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

_LONGEST = 200_000

#: Values as JSON has them, or nearly: what numbers, texts and nesting may do to whoever reads them.
HOSTILE = (
    "null", "true", "false", "0", "-1", "1", "2", "-0", "0.1", "1.5", "12.0", "1e3", "1e15", "253402300800", "1e308",
    "1e309", "-1e309", "1e-400", "NaN", "Infinity", "-Infinity", "2147483648", "9223372036854775807",
    "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1" + "0" * 400, "1" + "0" * 5_000, "01",
    "1.", "+1", ".5", "0x10", '""', '" "', '"0"', '"12"', '"-1"', '"1e400"', '"NaN"', '"nan"', '"inf"', '"Infinity"',
    '"true"', '"null"', '"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\u001b[31m"', '"\\u202e"',
    '"\\u2028"', '"[deleted]"', '"[removed]"', '"../../x"', '"/etc/passwd"', '"reddit:abc"', '"t3_abc"', '"https://"',
    '"https://i.redd.it/abc.jpg"', '"http://[::1"', '"9999-12-31T23:59:59Z"', '"20240230"', '"0001-01-01"', "[]", "{}",
    "[[]]", "[null]", "[{}]", '[""]', "[1,2,3]", '{"a":{}}', '{"":null}', '{"a":1,"a":2}', "[" * 40 + "]" * 40,
    "[" * 1_200 + "]" * 1_200, '{"a":' * 300 + "1" + "}" * 300, '"' + "x" * 70_000 + '"', "undefined", "'x'", "",
)  # fmt: skip

#: Pieces that mean something in some format.
TOKENS = (
    b"\n", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
    b"\\ud800", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"NaN", b"1e999", b"-", b"9" * 30, b"../", b"\x1b[31m",
    b"\xe2\x80\xae", b"null", b"{}", b"[]", b'""', b"\x7f\xff\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00",
    b"\x80\x00\x00\x00",
)  # fmt: skip


def mutated(data: bytes, chance: random.Random, tokens: Sequence[bytes] = TOKENS, head: int | None = None) -> bytes:
    """The bytes with one to eight changes; ``head``: within so many of the first alone."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5, 8))):
        changed = bytearray(data)
        chance.choice(_CHANGES)(changed, chance, tokens, min(len(data), head or len(data)))
        data = bytes(changed)
    return data[:_LONGEST]


def _flip(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    if end:
        data[chance.randrange(end)] ^= 1 << chance.randrange(8)


def _set(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    if end:
        data[chance.randrange(end)] = chance.choice((0, 1, 0x20, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))


def _insert(data: bytearray, chance: random.Random, tokens: Sequence[bytes], end: int) -> None:
    place = chance.randint(0, end)
    data[place:place] = chance.choice(tokens)


def _overwrite(data: bytearray, chance: random.Random, tokens: Sequence[bytes], end: int) -> None:
    place, token = chance.randint(0, end), chance.choice(tokens)
    data[place : place + len(token)] = token


def _delete(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    place = chance.randint(0, end)
    del data[place : place + chance.choice((1, 2, 4, 16, 256))]


def _repeat(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    place, size = chance.randint(0, end), chance.choice((1, 4, 32, 200))
    data[place:place] = data[place : place + size] * chance.choice((1, 2, 30))


def _move(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    source, target, size = chance.randint(0, end), chance.randint(0, end), chance.choice((2, 8, 60))
    piece = bytes(data[source : source + size])
    data[target : target + len(piece)] = piece


def _cut(data: bytearray, chance: random.Random, _: Sequence[bytes], end: int) -> None:
    del data[chance.randint(0, end) :]


_CHANGES: tuple[Callable[[bytearray, random.Random, Sequence[bytes], int], None], ...] = (
    _flip,
    _flip,
    _set,
    _insert,
    _insert,
    _overwrite,
    _delete,
    _repeat,
    _move,
    _cut,
)


#: Begins a text that stands in JSON as it is.
_RAW = "\ue000"
_WRITTEN_RAW = re.compile(r'"\\ue000((?:[^"\\]|\\.)*)"')


def raw(text: str) -> str:
    """A text that stands in JSON as it is."""
    return _RAW + text


def as_json(value: Any) -> str:
    """A value as JSON, in which `raw` texts stand as they are."""
    text = json.dumps(value, separators=(",", ":"))
    return _WRITTEN_RAW.sub(lambda found: str(json.loads(f'"{found[1]}"')), text)


def spoiled(value: Any, chance: random.Random, hostile: Sequence[Any] = tuple(map(raw, HOSTILE))) -> Any:
    """A copy of a value of objects and lists in which one to four members are others, gone or added."""
    changed = _copy(value)
    for _ in range(chance.choice((1, 1, 2, 4))):
        places: list[tuple[Any, Any]] = []
        _gather(changed, places)
        if not places:
            return _copy(chance.choice(hostile))
        holder, name = chance.choice(places)
        match chance.randrange(8):
            case 0:
                del holder[name]
            case 1 if isinstance(holder, dict):
                holder[chance.choice(["", "x", str(name).upper(), f"{name} "])] = _copy(holder[name])
            case 2 if isinstance(holder, list):
                holder += [_copy(holder[name])] * chance.choice((1, 3))
            case 3:
                other, there = chance.choice(places)
                holder[name] = _copy(_at(other, there))
            case _:
                holder[name] = _copy(chance.choice(hostile))
    return changed


def _copy(value: Any) -> Any:
    match value:
        case dict():
            return {name: _copy(item) for name, item in value.items()}
        case list():
            return [_copy(item) for item in value]
        case _:
            return value


def _at(holder: Any, name: Any) -> Any:
    present = name in holder if isinstance(holder, dict) else name < len(holder)
    return holder[name] if present else None


def _gather(value: Any, places: list[tuple[Any, Any]]) -> None:
    """Add every object or list with each of its keys or indices."""
    if isinstance(value, dict):
        for name, item in value.items():
            places.append((value, name))
            _gather(item, places)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            places.append((value, place))
            _gather(item, places)
