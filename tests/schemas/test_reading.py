"""Which types hold every value of which others: Arrow's own casts, over every pair of types, decide."""

import itertools
from datetime import date, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from blift.schemas.reading import reads

#: The first and the last second of the years 1 to 9999, and those about 1970; nanoseconds span fewer.
YEARS = [-62135596800, 0, 1, 253402300799]
SPANNED_BY_NS = [-9 * 10**9, 0, 1, 9 * 10**9]
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
LARGE = [-(2**62), 0, 1, 2**62]
VALUES: dict[pa.DataType, list[Any]] = {
    pa.bool_(): [True, False],
    **{kind: [-(2 ** (bits - 1)), 0, 1, 2 ** (bits - 1) - 1] for kind, bits in
       ((pa.int8(), 8), (pa.int16(), 16), (pa.int32(), 32), (pa.int64(), 64))},
    **{kind: [0, 1, 2**bits - 1] for kind, bits in
       ((pa.uint8(), 8), (pa.uint16(), 16), (pa.uint32(), 32), (pa.uint64(), 64))},
    pa.float16(): [np.float16(value) for value in (-1.5, 0.1, 65504, float("inf"))],
    pa.float32(): [-1.5, 0.1, 3e38, float("inf")],
    pa.float64(): [-1.5, 0.1, 1e300, float("inf")],
    pa.string(): ["", "a", "é", "1"],
    pa.large_string(): ["", "a", "é", "1"],
    pa.binary(): [b"", b"\xff"],
    pa.large_binary(): [b"", b"\xff"],
    pa.date32(): [date(1, 1, 1), date(9999, 12, 31)],
    pa.date64(): [date(1, 1, 1), date(9999, 12, 31)],
    **{pa.timestamp(unit): YEARS for unit in ("s", "ms", "us", "ns")},
    pa.timestamp("s", "UTC"): YEARS,
    pa.timestamp("us", "UTC"): YEARS,
    pa.timestamp("us", "Europe/Paris"): YEARS,
    pa.time32("s"): [time(23, 59, 1)],
    pa.time64("us"): [time(23, 59, 1, 1)],
    pa.duration("us"): LARGE,
    pa.duration("ms"): LARGE,
    pa.decimal128(10, 2): [Decimal("12345678.12")],
    pa.decimal128(12, 2): [Decimal("1234567812.12")],
    pa.decimal128(38, 9): [Decimal("12345678901234567890123456789.123456789")],
}  # fmt: skip


def array(kind: pa.DataType) -> pa.Array:
    values = VALUES[kind]
    if values is YEARS:
        seconds = SPANNED_BY_NS if kind.unit == "ns" else YEARS
        # One more than a whole second, where the unit has less than one: nothing coarser holds it.
        return pa.array([each * PER_SECOND[kind.unit] + (kind.unit != "s") for each in seconds], pa.int64()).cast(kind)
    return pa.array(values, pa.int64()).cast(kind) if values is LARGE else pa.array(values, kind)


def content(values: pa.Array) -> str:
    """Values to compare: times beyond Python's as the integers that they are."""
    kind = values.type
    as_integer = pa.types.is_timestamp(kind) or pa.types.is_duration(kind)
    return repr((values.cast(pa.int64()) if as_integer else values).to_pylist())


def keeps(old: pa.DataType, new: pa.DataType) -> bool:
    """Whether Arrow casts every value to the new type, and back to what it was."""
    values = array(old)
    try:
        return content(values.cast(new).cast(old)) == content(values)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError, OverflowError):
        return False


@pytest.mark.parametrize("old", VALUES, ids=str)
def test_a_type_is_read_as_another_where_arrow_keeps_its_values(old: pa.DataType) -> None:
    assert [str(new) for new in VALUES if reads(str(old), str(new))] == [
        str(new) for new in VALUES if old == new or keeps(old, new)
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("list<int32>", "list<int64>", True),
        ("list<int64>", "list<int32>", False),
        ("list<string>", "list<string or null>", True),
        ("list<string or null>", "list<string>", False),
        ("list<list<int32> or null>", "large_list<list<int64> or null>", True),
        ("list<string>", "string", False),
        ("string", "list<string>", False),
        ("struct", "string", False),
        ("list<struct>", "list<struct or null>", True),
        ("map<string, int32>", "map<string, int64>", False),
    ],
)
def test_lists_are_read_as_their_items_are(old: str, new: str, *, expected: bool) -> None:
    assert reads(old, new) is expected


def test_every_pair_was_asked() -> None:
    assert len(list(itertools.permutations(VALUES, 2))) > 700
