"""The language of templates: a part of Jinja in which every turn is reproducible and bounded in time and memory.

A turn that a stranger wrote renders to the same text everywhere: no name or filter gives random values, and only
strings and numbers are shown, never an object with its address. It ends soon: loops go over lists, nothing calls
itself, and whatever takes time or memory is counted against a budget before it is done. No clock is read, so that a
turn that is refused is refused on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined
from jinja2 import Template as Compiled
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from blift.schemas.errors import cut, did_you_mean
from blift.transforms.templates.budget import BUDGET, Budget, TurnError, add_up, shown
from blift.transforms.templates.filters import FILTERS, TESTS, bounded_range, joined, printed
from blift.transforms.templates.grammar import checked

_LOOP = frozenset(
    {"index", "index0", "revindex", "revindex0", "first", "last", "length", "depth", "depth0", "previtem", "nextitem"}
)


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without attributes of Python's, and with its operators counted."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, LoopContext) and (attribute in _LOOP or attribute == "cycle"):
            return getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        place = isinstance(argument, int) and isinstance(obj, str | list | tuple)
        if place or (isinstance(obj, dict) and isinstance(argument, str | int | float | None)):
            try:
                return obj[argument]
            except LookupError:
                pass
        if isinstance(obj, dict) and isinstance(argument, str):
            hint = did_you_mean(argument, map(str, obj)) or "."
            known = ", ".join(sorted(map(str, obj)))
            return self.undefined(f"there is no `{cut(argument)}` in that{hint} There are: {cut(known, 200)}")
        return self.undefined(obj=obj, name=argument)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return joined(context, [left, right])
        if operator == "+" and isinstance(left, list) and isinstance(right, list):
            context[BUDGET].spend_items(len(left) + len(right))
            return left + right
        if operator == "%" and isinstance(left, str):
            return printed(context, left, *(right if isinstance(right, tuple) else (right,)))
        for value in (left, right):
            if isinstance(value, Undefined):
                str(value)  # says what is not defined
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise TurnError(f"`{operator}` takes numbers, not {_kind(left)} and {_kind(right)}")
        return add_up(super().call_binop(context, operator, left, right))


def _kind(value: Any) -> str:
    names = {str: "a string", list: "a list", dict: "a mapping", type(None): "none"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else "an object")


_ENVIRONMENT = _Environment(
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    autoescape=False,
    optimized=False,  # it would compute what is constant before anything is counted
    finalize=shown,
)
_ENVIRONMENT.filters = dict(FILTERS)
_ENVIRONMENT.tests = {name: test for name, test in _ENVIRONMENT.tests.items() if name in TESTS}
_ENVIRONMENT.globals = {"range": bounded_range}


@cache
def compiled(source: str) -> Compiled:
    """The Jinja template of one turn.

    Raises:
        TurnError: it is not of this language; says the line.
    """
    try:
        return _ENVIRONMENT.from_string(checked(_ENVIRONMENT, source))
    except TurnError:
        raise
    except TemplateSyntaxError as error:
        said = cut(error.message or "it is not valid", 300).removesuffix(".")
        raise TurnError(f"{said}. Its syntax is Jinja's", error.lineno) from error
    except Exception as error:  # whatever the compiler trips over is the template's mistake
        raise TurnError(_said(error)) from error


def render(source: str, names: Mapping[str, Any]) -> str:
    """The text of one turn.

    Args:
        source: of the turn.
        names: what it can use, as `context_of` gives it.

    Raises:
        TurnError: it cannot be rendered with these names, or costs too much.
    """
    template = compiled(source)
    try:
        return template.render({**names, BUDGET: Budget()})
    except TurnError:
        raise
    except Exception as error:  # whatever a turn raises is the template's mistake
        raise TurnError(_said(error)) from error


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return "it is nested too deeply, or needs too much memory"
    return cut(" ".join(str(error).split()).removesuffix(".") or type(error).__name__, 300)
