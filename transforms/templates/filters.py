"""The filters and tests that templates have: those of Jinja that are reproducible, each counted before it runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jinja2 import Undefined, pass_context
from jinja2.filters import FILTERS as JINJAS_FILTERS
from jinja2.runtime import Context

from blift.schemas.errors import cut
from blift.transforms.templates.budget import BUDGET, UNITS_PER_STEP, Budget, TurnError, add_up, text_of

#: A filter that grammar puts in, or that stands for Jinja's own: no template can write a name with a blank.
CONCAT, COPY, LOOP, READ = " concat", " copy", " loop", " read"
#: Tests that ask what a value is, and all of them.
KINDS = frozenset(
    {"defined", "undefined", "none", "true", "false", "boolean", "integer", "float", "number", "string", "mapping"}
    | {"sequence", "iterable", "odd", "even"}
)
TESTS = KINDS | {
    *("divisibleby", "in", "==", "eq", "equalto", "!=", "ne", ">", "gt", "greaterthan", ">=", "ge"),
    *("<", "lt", "lessthan", "<=", "le"),
}
#: Methods of strings that can be called, and the filters that do the same.
METHODS = {name: name for name in ("lower", "upper", "title", "capitalize", "replace", "split")} | {
    "strip": "trim",
    "startswith": "startswith",
    "endswith": "endswith",
}

_MOST_DIGITS, _MOST_INDENT = 15, 40
_MARK = re.compile(r"%(?:\(\w+\))?[-+ 0#]*\d{0,2}(?:\.\d{0,2})?[sdifeEgGxXo%]")
#: Characters of a number, at most: a float of 309 digits and those after the point.
_MOST_PRINTED = 420

Filter = Callable[..., Any]
Arguments = Sequence[Any]


@pass_context
def bounded_range(context: Context, *bounds: int) -> list[int]:
    """Whole numbers, as Python's `range` gives them."""
    numbers = range(*bounds)
    context[BUDGET].spend_items(len(numbers))
    return list(numbers)


@pass_context
def joined(context: Context, value: Any, separator: str = "", attribute: str | int | None = None) -> str:
    """Texts in one."""
    if attribute is not None:
        value = context.environment.call_filter("map", value, kwargs={"attribute": attribute}, context=context)
    check_iterable(value)
    context[BUDGET].spend_items(len(value))
    texts, between = [text_of(item) for item in value], text_of(separator)
    context[BUDGET].spend_characters(sum(map(len, texts)) + len(between) * len(texts))
    return between.join(texts)


@pass_context
def printed(context: Context, value: str, *values: Any, **named: Any) -> str:
    """Values in a text, as C's printf writes them; widths and digits are two figures at most."""
    marks = _marks(value)
    longest = 0
    for item in (*values, *named.values()):
        longest = max(longest, len(text_of(item)))
    context[BUDGET].spend_characters(len(value) + marks * (_MOST_PRINTED + longest))
    return value % (named or values)


def _marks(text: str) -> int:
    """How many values a text for printf shows."""
    marks = at = 0
    while (at := text.find("%", at)) >= 0:
        found = _MARK.match(text, at)
        if found is None:
            raise TurnError(
                f"the format {cut(text)!r} has a `%` that is none of %s %d %i %f %e %g %x %o %%, or a width of more "
                "than two digits"
            )
        marks, at = marks + 1, found.end()
    return marks


@pass_context
def _loop(context: Context, value: Any, units: int) -> Any:
    """What a loop goes through: counted as a whole, before it begins."""
    check_iterable(value)
    context[BUDGET].spend_items(len(value), units)
    return value


@pass_context
def _read(context: Context, value: Any) -> Any:
    """What is about to be compared."""
    context[BUDGET].read(value)
    return value


@pass_context
def _copy(context: Context, value: Any) -> Any:
    """What a slice is about to be taken of."""
    if isinstance(value, str):
        context[BUDGET].spend_characters(len(value))
    else:
        context[BUDGET].spend_items(_count(value))
    return value


def check_iterable(value: Any) -> None:
    """Refuse to go through the items of what has none.

    Raises:
        UndefinedError: it is not defined.
        TurnError: it is no string, list or mapping.
    """
    if isinstance(value, Undefined):
        str(value)  # says what is not defined
    if not isinstance(value, str | list | tuple | dict):
        raise TurnError("it goes through the items of what is no list")


def _count(value: Any) -> int:
    return len(value) if isinstance(value, list | tuple | dict | str) else 1


def _own(name: str, prepare: Callable[[Budget, Any, Arguments], Any] | None = None) -> Filter:
    """Jinja's filter of that name, counted; ``prepare`` looks at the value and the arguments before."""

    @pass_context
    def counted(context: Context, value: Any, *args: Any, **named: Any) -> Any:
        budget: Budget = context[BUDGET]
        arguments = [*args, *named.values()]
        budget.read(arguments)
        taken = prepare(budget, value, arguments) if prepare else value
        found = context.environment.call_filter(f" {name}", taken, args, named, context=context)
        if isinstance(found, Iterator):
            budget.spend_items(_count(value))
            return list(found)
        if isinstance(found, str):
            budget.spend_characters(len(found))
        return add_up(found)

    return counted


def _scalar(budget: Budget, value: Any, arguments: Arguments) -> Any:  # noqa: ARG001 - as all that prepare
    budget.read(value)
    return value


def _text(budget: Budget, value: Any, arguments: Arguments) -> str:  # noqa: ARG001
    text = text_of(value)
    budget.read(text)
    return text


def _words(budget: Budget, value: Any, arguments: Arguments) -> str:
    """Jinja makes a list of the words."""
    text = _text(budget, value, arguments)
    budget.spend_items(len(text))
    return text


def _items(budget: Budget, value: Any, arguments: Arguments) -> Any:
    """A list, of which each item is looked at with each argument, copied and sorted at worst."""
    check_iterable(value)
    rounds = len(value).bit_length()
    budget.spend_items(len(value), UNITS_PER_STEP * rounds)
    budget.spend_characters(sum(len(item) for item in value if isinstance(item, str)))
    for _ in range(rounds):
        budget.read(value)
    for argument in arguments:
        # A path such as `a.b` to a part of an item is gone along for every item.
        parts = 1 + sum(map(argument.count, ".,")) if isinstance(argument, str) else 1
        budget.spend_items(len(value), UNITS_PER_STEP * parts)
        budget.read(argument, times=len(value))
    return value


def _applied(budget: Budget, value: Any, arguments: Arguments) -> Any:
    """The same, with a filter or test that is named: one that a template can write."""
    if any(isinstance(argument, str) and f" {argument.strip()}" == argument for argument in arguments):
        raise TurnError("there is no such filter or test in templates")
    return _items(budget, value, arguments)


def _indented(budget: Budget, value: Any, arguments: Arguments) -> str:
    for width in arguments:
        if isinstance(width, str) or (isinstance(width, int) and width > _MOST_INDENT):
            raise TurnError(f"`indent` takes a width of {_MOST_INDENT} at most")
    text = _words(budget, value, arguments)
    budget.spend_characters(len(text.splitlines()) * _MOST_INDENT)
    return text


def _rounded(budget: Budget, value: Any, arguments: Arguments) -> Any:  # noqa: ARG001
    if not isinstance(value, int | float) or any(
        isinstance(digits, int | float) and abs(digits) > _MOST_DIGITS for digits in arguments
    ):
        raise TurnError(f"`round` takes a number, and {_MOST_DIGITS} digits at most")
    return value


@pass_context
def _string(context: Context, value: Any) -> str:
    text = text_of(value)
    context[BUDGET].spend_characters(len(text))
    return text


@pass_context
def _replace(context: Context, value: Any, old: str, new: str, count: int = -1) -> str:
    text = text_of(value)
    context[BUDGET].spend_characters(len(text) + text.count(old) * len(new))
    return text.replace(old, new, count)


@pass_context
def _split(context: Context, value: Any, separator: str | None = None, most: int = -1) -> list[str]:
    text = text_of(value)
    context[BUDGET].spend_items(len(text))
    return text.split(separator, most)


@pass_context
def _startswith(context: Context, value: Any, start: str) -> bool:
    context[BUDGET].read(start)
    return text_of(value).startswith(start)


@pass_context
def _endswith(context: Context, value: Any, end: str) -> bool:
    context[BUDGET].read(end)
    return text_of(value).endswith(end)


@pass_context
def _sum(context: Context, value: Any, attribute: str | int | None = None, start: float = 0) -> Any:
    if attribute is not None:
        value = context.environment.call_filter("map", value, kwargs={"attribute": attribute}, context=context)
    check_iterable(value)
    context[BUDGET].spend_items(len(value))
    if not all(isinstance(item, int | float) for item in [start, *value]):
        raise TurnError("`sum` takes numbers")
    return add_up(sum(value, start))


@pass_context
def _json(context: Context, value: Any) -> str:
    context[BUDGET].read(value)
    text = json.dumps(value, ensure_ascii=False)
    context[BUDGET].spend_characters(len(text))
    return text


_JINJAS: dict[str, Callable[[Budget, Any, Arguments], Any] | None] = {
    **dict.fromkeys(("length", "count", "first", "last", "default", "d")),
    **dict.fromkeys(("abs", "int", "float"), _scalar),
    **dict.fromkeys(("upper", "lower", "capitalize", "trim", "truncate"), _text),
    **dict.fromkeys(("title", "wordcount"), _words),
    **dict.fromkeys(("list", "reverse", "sort", "unique", "min", "max"), _items),
    **dict.fromkeys(("map", "select", "reject", "selectattr", "rejectattr"), _applied),
    "indent": _indented,
    "round": _rounded,
}
_OURS: dict[str, Filter] = {
    "join": joined,
    "format": printed,
    "string": _string,
    "replace": _replace,
    "split": _split,
    "startswith": _startswith,
    "endswith": _endswith,
    "sum": _sum,
    "tojson": _json,
}
#: What a template can write.
OFFERED = frozenset(_JINJAS) | frozenset(_OURS)
FILTERS: dict[str, Filter] = {
    **{name: _own(name, prepare) for name, prepare in _JINJAS.items()},
    **{f" {name}": JINJAS_FILTERS[name] for name in _JINJAS},
    **_OURS,
    CONCAT: joined,
    LOOP: _loop,
    COPY: _copy,
    READ: _read,
}
