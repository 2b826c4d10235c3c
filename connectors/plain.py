"""Lines in plain form: records that a decoder surely takes, told without decoding them, and one string of each.

A record that is left out for one of its fields need not be built. But it must be counted as it would be if it were: a
line that is no record is a reject, whatever its field says. So a line is plain if it is a JSON object in which every
field that the decoder knows has a value of its type in the usual form, stands once, and has a name without escapes.
What is unusual in any way is not plain, and is for the decoder to judge.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from msgspec import inspect
from numpy.typing import NDArray

try:
    from blift.connectors import _plain as compiled
except ImportError:  # installed where there is no C compiler
    compiled = None  # type: ignore[assignment]

#: What a value may be; connectors/_plain.c has the same numbers.
_NOTHING, _TEXT, _BOOLEAN, _INTEGER, _NUMBER, _ANY, _OBJECT = (1 << bit for bit in range(7))
#: A plain number has at most 15 digits before the point.
_MOST = 10**15 - 1


class PlainLines(NamedTuple):
    """What was found in lines.

    Attributes:
        is_plain: of shape (lines,), whether each is in plain form.
        ends: of shape (lines,), where each ends in the data.
        values: of the field that was asked for, a string per line; empty for lines that are not plain.
    """

    is_plain: NDArray[np.bool_]
    ends: NDArray[np.int32]
    values: pl.Series


class PlainForm:
    """The plain form of the records of a type.

    Args:
        kind: of the records, all of whose fields are told by their types.
        field: whose string is asked for; a record in plain form has it.
        without: those of its fields that a record in plain form does not have.
    """

    def __init__(self, kind: type[msgspec.Struct], field: str, without: Collection[str] = ()) -> None:
        self._fields = compiled.fields(tuple(_rows(kind, field, without))) if compiled else None

    def find(self, data: bytes, count: int) -> PlainLines | None:
        """The lines of ``data``, of which there are ``count``; None where nothing is compiled. Lets other threads run.

        Raises:
            ValueError: there are more lines, or fewer.
        """
        if compiled is None:
            return None
        is_plain, ends, offsets, values = compiled.plain(self._fields, data, count)
        texts = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(values))
        series = pl.Series(texts, dtype=pl.String)
        return PlainLines(np.frombuffer(is_plain, np.bool_), np.frombuffer(ends, np.int32), series)


def _rows(kind: type[msgspec.Struct], asked: str, without: Collection[str]) -> Iterator[tuple[Any, ...]]:
    """The fields of a type as the compiled part takes them."""
    for field in msgspec.structs.fields(kind):
        name, described = field.encode_name, inspect.type_info(field.type)
        types = described.types if isinstance(described, inspect.UnionType) else (described,)
        known = [_form_of(one) for one in types]
        forms = 0 if name in without or None in known else sum(form or 0 for form in known)
        inner = next((tuple(_rows(one.cls, "", ())) for one in types if isinstance(one, inspect.StructType)), None)
        yield name, forms, *_bounds(types), field.required or name == asked, name == asked, inner


def _form_of(described: inspect.Type) -> int | None:
    """What a value of a type may be; None for a type that is not known here, such as a string of some pattern."""
    form = None
    match described:
        case inspect.NoneType():
            form = _NOTHING
        case inspect.StrType(min_length=None, max_length=None, pattern=None):
            form = _TEXT
        case inspect.BoolType():
            form = _BOOLEAN
        case inspect.IntType(multiple_of=None):
            form = _INTEGER
        case inspect.FloatType(multiple_of=None):
            form = _NUMBER
        case inspect.RawType():
            form = _ANY
        case inspect.StructType(tag=None, array_like=False, forbid_unknown_fields=False):
            form = _OBJECT
    return form


def _bounds(types: Collection[inspect.Type]) -> tuple[int, int]:
    """The least and the largest whole part of a number of these types."""
    least, most = [-_MOST], [_MOST]
    for one in types:
        if isinstance(one, (inspect.IntType, inspect.FloatType)):
            least += [math.ceil(bound) + more for bound, more in ((one.ge, 0), (one.gt, 1)) if bound is not None]
            most += [math.floor(bound) - less for bound, less in ((one.le, 0), (one.lt, 1)) if bound is not None]
    return max(least), min(most)
