"""Any JSON value as text, with the numbers, words and shapes at which readers fail."""

import json
import math
import re
from typing import Any

from hypothesis import strategies as st

#: JSON texts, among them what Python's json reads beyond the standard.
EDGES = [
    "null", "true", "false", "0", "-0", "0.0", "-0.0", "1", "-1", "1.0", "0.5", "1e2", "12.0", "1e-400", "5e-324",
    "NaN", "Infinity", "-Infinity", "1e308", "1e309", "-1e400", "1" + "0" * 400, "1" + "0" * 5_000, "-1" + "0" * 400,
    "9007199254740991", "9007199254740992", "9007199254740993", "9007199254740993.0", "-9007199254740993",
    "2147483647", "2147483648", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-9223372036854775809", "18446744073709551615", "18446744073709551616", "9.3e18", "1e18",
    "253402300799", "253402300800", "253402300799.9999", "1e9", "1000000000.5", "1600000000.123456",
    '""', '" "', '"NaN"', '"nan"', '"Infinity"', '"-inf"', '"1e400"', '"null"', '"true"', '"False"', '"0"', '"1"',
    '"12"', '" 12"', '"12.5"', '"9007199254740993"', '"9223372036854775808"', '"1_000"', '"0x10"', '"20200229"',
    '"20210229"', '"\\ud800"', '"\\u0000"', '"\\u00e9\\ud83d\\udc36"', "[]", "{}", "[null]", "[0]", '["a"]', "[NaN]",
    '{"a": Infinity}', '[{"start_time": 0, "end_time": 1, "value": 1}]', '[{"start_time": NaN}]',
]  # fmt: skip
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)

#: A JSON value, as text.
json_texts = st.sampled_from(EDGES) | _VALUES.map(json.dumps)


def value_of(text: str) -> Any:
    """What Python's json reads, with lone surrogates replaced; a value of its own for integers that it refuses."""
    try:
        found = json.loads(text)
    except ValueError:
        return object()
    return re.sub("[\ud800-\udfff]", "\ufffd", found) if isinstance(found, str) else found


def means_null(value: Any) -> bool:
    """Null, or NaN, which pandas writes for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def same_number(found: float, value: Any, *, as_text: bool = False) -> bool:
    """Whether what was read is the number that JSON holds, exactly; ``as_text``: or that its text spells."""
    if as_text and isinstance(value, str):
        return found == (int(value) if re.fullmatch(r"-?[0-9]+", value) else float(value))
    return type(value) in (int, float) and found == value and type(found) in (int, float)
