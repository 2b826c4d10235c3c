"""What rendering one turn may cost, and what it may show."""

from __future__ import annotations

import math
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

#: Units of one turn; one is some ten nanoseconds.
MOST_UNITS = 100_000_000
UNITS_PER_STEP = 16
UNITS_PER_CHARACTER = 2
#: Reading a string, as to compare it, is faster than making one.
_CHARACTERS_READ_PER_UNIT = 4

#: Going into lists within lists, one by one.
_UNITS_PER_ITEM_READ = 48

#: Where the context holds the budget: no template can write this name.
BUDGET = " budget"

_MOST = 2**63


class TurnError(Exception):
    """A turn of a template is refused. Its text says why, as a part of a sentence.

    Attributes:
        line: of the turn, 1 first; None where it is not known.
    """

    def __init__(self, why: str, line: int | None = None) -> None:
        super().__init__(why)
        self.line = line


class Budget:
    """What one turn may still cost.

    Attributes:
        left: units.
    """

    def __init__(self) -> None:
        self.left = MOST_UNITS

    def spend(self, units: int) -> None:
        """Count what is about to be done.

        Raises:
            TurnError: the turn costs too much.
        """
        self.left -= units
        if self.left < 0:
            raise TurnError(
                "it takes too long or makes too much text: loops, lists and strings of one turn are limited to about "
                f"{MOST_UNITS // UNITS_PER_STEP:,} steps and {MOST_UNITS // UNITS_PER_CHARACTER:,} characters"
            )

    def spend_items(self, count: int, units: int = UNITS_PER_STEP) -> None:
        """Count items of a list that is about to be made or gone through."""
        self.spend(count * units)

    def spend_characters(self, count: int) -> None:
        """Count characters of a string that is about to be made."""
        self.spend(count * UNITS_PER_CHARACTER)

    def read(self, value: Any, times: int = 1) -> None:
        """Count a value that is about to be looked at as a whole, with all that is in it, so many times."""
        left = [value]
        while left:
            item = left.pop()
            if isinstance(item, str):
                self.spend(times * (1 + len(item) // _CHARACTERS_READ_PER_UNIT))
            elif isinstance(item, list | tuple | dict):
                self.spend_items(1 + len(item), times * _UNITS_PER_ITEM_READ)
                left.extend(item.values() if isinstance(item, dict) else item)
            else:
                self.spend(times)


@pass_context
def shown(context: Context, value: Any) -> str:
    """A value as a turn shows it, counted.

    Raises:
        TurnError: it is no string or number, or the turn shows too much.
    """
    text = text_of(value)
    context[BUDGET].spend_characters(len(text))
    return text


def text_of(value: Any) -> str:
    """A string or number as text.

    Raises:
        UndefinedError: it is not defined.
        TurnError: it is a list, a mapping, or an object of Python.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, int | float | Undefined):
        return str(value)
    if isinstance(value, list | tuple | dict):
        raise TurnError("it shows a list or mapping; join the list, or show its parts")
    raise TurnError("it shows an object that is neither string nor number")


def add_up(value: Any) -> Any:
    """A number that was computed.

    Raises:
        TurnError: it is out of range.
    """
    if (isinstance(value, int) and not -_MOST <= value < _MOST) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise TurnError("a number in it is out of range (64 bits)")
    return value
