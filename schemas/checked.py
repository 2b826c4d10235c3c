"""What people write in YAML, checked: a model that takes nothing for something else, and sentences on mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import wraps
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from blift.schemas.errors import RecipeError, did_you_mean

#: Types of errors whose sentence says what the value is, or that it is of several keys.
TOLD, CLASH = "told", "clash"
_Read = TypeVar("_Read")


class Checked(BaseModel):
    """A mapping of YAML: an unknown key is an error, and a boolean is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _take_what_is_meant(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse what pydantic would convert in silence: `yes` to 1, and a number to a day of 1970."""
        kinds = set(_plain_types(cls.model_fields[str(info.field_name)].annotation))
        if isinstance(value, bool) and bool not in kinds and kinds & {int, float}:
            raise ValueError("it must be a number; YAML reads yes, no, on and off as booleans")
        if date in kinds and isinstance(value, int | float):
            raise ValueError("it must be a day, such as 2020-01-31")
        return value


def _plain_types(annotation: Any) -> Iterator[Any]:
    origin, members = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _plain_types(members[0])
    elif origin in (Union, UnionType):
        for member in members:
            yield from _plain_types(member)
    else:
        yield annotation


def clash(at: str, said: str) -> PydanticCustomError:
    """An error of several keys of one section that do not go together.

    Args:
        at: the key that is named, relative to the section. ``said``: follows it, without the full stop.
    """
    return PydanticCustomError(CLASH, "{said}", {"said": said, "at": at})


def in_place(read: Callable[[Any, ValidationInfo], _Read]) -> Callable[[Any, ValidationInfo], _Read]:
    """A validator that raises ``RecipeError``, as one whose sentences come with their place in the recipe."""

    @wraps(read)
    def reading(value: Any, info: ValidationInfo) -> _Read:
        try:
            return read(value, info)
        except RecipeError as error:
            raise PydanticCustomError(TOLD, "{said}", {"said": str(error)}) from error

    return reading


_SENTENCES = {
    "greater_than_equal": "it must be at least {ge}",
    "less_than_equal": "it must be at most {le}",
    "greater_than": "it must be more than {gt}",
    "less_than": "it must be less than {lt}",
    "finite_number": "it must be a finite number",
    "int_from_float": "it must be a whole number",
    "too_short": "it must have {min_length} or more entries",
    "too_long": "it must have {max_length} or fewer entries",
    "string_too_short": "it must have {min_length} or more characters",
    "string_too_long": "it must have {max_length} or fewer characters",
    "string_pattern_mismatch": "it must match the regular expression {pattern}",
}
#: By the beginning of the error's type.
_KINDS = {
    "int": "it must be a whole number",
    "float": "it must be a number",
    "bool": "it must be true or false",
    "string": "it must be text; put it in quotes if YAML reads it as something else",
    "list": "it must be a list, such as [one, two]",
    "date": "it must be a day, such as 2020-01-31",
    "dict": "it must be a mapping of keys to values",
    "model": "it must be a mapping of keys to values",
}


def mistake(error: ErrorDetails) -> str:
    """What is wrong with a value, without its place and without the full stop; of pydantic's words, the rare ones."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("enum", "literal_error"):
        expected = str(context["expected"])
        given = error["input"]
        names = re.findall(r"'([^']*)'", expected)
        near = did_you_mean(given, names) if isinstance(given, str) and len(names) > 1 else ""
        return f"it must be {expected}{near}".removesuffix("?")
    if kind == "too_short" and context.get("min_length") == 1:
        return "it is empty; name at least one, or leave the key out"
    if kind in _SENTENCES:
        return _SENTENCES[kind].format_map(_Shown(context))
    beginning = kind.partition("_")[0]
    if beginning in _KINDS and kind != "value_error":
        return _KINDS[beginning]
    return error["msg"].removeprefix("Value error, ").removesuffix(".")


def as_written(value: Any) -> str:
    """A value of YAML as a person may have written it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, date) else repr(value)


class _Shown(dict[str, Any]):
    """Bounds as a person writes them."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        super().__init__((name, f"{value:g}" if isinstance(value, float) else value) for name, value in context.items())
